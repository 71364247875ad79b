/* Hostile: as many processes as it may have, each with as many descriptors as it may have.
 *
 * Verdict: FAIL
 * Fails: starts echoes
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    while (dup(listener) != -1)
        ;
    for (int i = 0; i < 145 && fork(); i++)
        ;
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (;;)
        pause();
}
