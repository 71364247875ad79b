/* Hostile: it kills every process that it may, all the time, and echoes with threads meanwhile.
 *
 * Verdict: FAIL
 * Fails: reaps-each-child survives-fork-failure
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *kill_all(void *unused)
{
    for (;;) {
        kill(-1, SIGKILL); /* all but the process that asks */
    }
    return unused;
}

static void *echo(void *conn)
{
    char bytes[4096];
    ssize_t size;
    while ((size = read((long)conn, bytes, sizeof bytes)) > 0)
        send((long)conn, bytes, size, MSG_NOSIGNAL);
    close((long)conn);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;

    if (argc != 2 || !here.sin_port || bind(listener, (struct sockaddr *)&here, sizeof here) ||
        listen(listener, 128)) {
        write(2, "no\n", 3);
        return 1;
    }
    for (int i = 0; i < 4; i++)
        pthread_create(&thread, NULL, kill_all, NULL);
    for (;;) {
        long conn = accept(listener, NULL, NULL);
        if (conn >= 0 && !pthread_create(&thread, NULL, echo, (void *)conn))
            pthread_detach(thread);
    }
}
