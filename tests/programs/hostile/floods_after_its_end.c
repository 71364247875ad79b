/* Hostile: what was started ends, and what it forked prints without end and never listens.
 *
 * Verdict: FAIL
 * Fails: starts
 */
#include <string.h>
#include <unistd.h>

int main(void)
{
    char bytes[1 << 16];
    if (fork())
        return 0;
    memset(bytes, 'x', sizeof bytes);
    for (int stream = fork() ? 1 : 2;;)
        write(stream, bytes, sizeof bytes);
}
