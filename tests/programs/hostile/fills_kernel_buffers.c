/* Hostile: it fills the buffers of sockets between its processes, which is memory of the kernel, and
 * stays small itself; it says that it is not the first to go.
 *
 * Verdict: FAIL
 * Fails: starts echoes
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    static char bytes[1 << 14];
    int ends[2], adjust = open("/proc/self/oom_score_adj", O_WRONLY);

    write(adjust, "0", 1);
    for (int i = 0; i < 20 && fork(); i++)
        ;
    while (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
        while (send(ends[0], bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
            ;
    for (;;)
        pause();
}
