/* Hostile: it sends to every client without end, whether it was asked or not.
 *
 * Verdict: FAIL
 * Fails: echoes
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    static char bytes[1 << 20];

    memset(bytes, 'x', sizeof bytes);
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (;;) {
        int conn = accept(listener, NULL, NULL);
        if (fork() == 0)
            while (send(conn, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
                ;
        close(conn);
    }
}
