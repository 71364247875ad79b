/* Hostile: it connects to itself again and again and reads nothing, so that buffers of the kernel,
 * which no cgroup of the first version counts, fill up.
 *
 * Verdict: FAIL
 * Fails: starts echoes
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    static char bytes[4096];

    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (int i = 0; i < 20 && fork(); i++)
        ;
    for (;;) {
        int conn = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(conn, (struct sockaddr *)&here, sizeof here);
        accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        send(conn, bytes, sizeof bytes, MSG_NOSIGNAL);
    }
}
