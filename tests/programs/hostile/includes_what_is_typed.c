/* Hostile: it includes what is typed while it is compiled.
 *
 * Verdict: FAIL
 * Fails: starts
 */
#include "/dev/stdin"
