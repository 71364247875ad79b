/* Hostile: it includes a file without end.
 *
 * Verdict: FAIL
 * Fails: starts
 */
#include "/dev/zero"
int main(void) { return 0; }
