/* Hostile: it listens, and then it starts threads without end.
 *
 * Verdict: FAIL
 * Fails: echoes
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;

    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 128);
    for (;;)
        pthread_create(&thread, NULL, wait_for_ever, NULL);
}
