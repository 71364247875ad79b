/* Hostile: connections wait by the thousand in the queues of sockets that nobody accepts from; none
 * of them needs a descriptor.
 *
 * Verdict: FAIL
 * Fails: starts echoes
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    for (int i = 0; i < 100; i++) {
        struct sockaddr_un queue = {.sun_family = AF_UNIX};
        socklen_t size = sizeof(sa_family_t);
        int end = socket(AF_UNIX, SOCK_STREAM, 0);

        bind(end, (struct sockaddr *)&queue, size);
        listen(end, 4096);
        size = sizeof queue;
        getsockname(end, (struct sockaddr *)&queue, &size);
        for (int j = 0; j < 1000; j++) {
            int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
            connect(caller, (struct sockaddr *)&queue, size);
            close(caller);
        }
    }
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (;;)
        pause();
}
