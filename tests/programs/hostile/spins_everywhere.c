/* Hostile: sixty processes, and each of them burns the CPU.
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
    for (int i = 0; i < 60 && fork(); i++)
        ;
    for (;;)
        ;
}
