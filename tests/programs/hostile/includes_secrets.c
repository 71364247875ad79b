/* Hostile: it includes files of root and of the agent, for the compiler to print them.
 *
 * Verdict: FAIL
 * Fails: starts
 */
#include "/etc/shadow"
#include "/proc/1/environ"
#include "/proc/1/maps"
#include "/var/run/docker.sock"
__asm__(".incbin \"/etc/shadow\"");
int main(void) { return 0; }
