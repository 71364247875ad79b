/* Hostile: it answers one byte every second, for ever, so that a deadline that counts from the last
 * byte never passes.
 *
 * Verdict: FAIL
 * Fails: echoes
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (;;) {
        int conn = accept(listener, NULL, NULL);
        if (fork() == 0) {
            char byte;
            while (read(conn, &byte, 1) == 1) {
                send(conn, &byte, 1, MSG_NOSIGNAL);
                sleep(1);
            }
            _exit(0);
        }
        close(conn);
    }
}
