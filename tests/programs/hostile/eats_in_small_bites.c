/* Hostile: many processes of it, each smaller than the agent, take all memory together; each says
 * that it is not the first to go.
 *
 * Verdict: FAIL
 * Fails: starts
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PROCESSES = 145, BYTES = 8 << 20 };

int main(void)
{
    int adjust = open("/proc/self/oom_score_adj", O_WRONLY);
    write(adjust, "0", 1);
    for (int i = 0; i < PROCESSES && fork(); i++)
        ;
    volatile char *bytes = malloc(BYTES);
    for (;;)
        for (int at = 0; at < BYTES; at += 4096)
            bytes[at]++;
}
