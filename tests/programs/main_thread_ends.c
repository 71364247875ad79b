/* Its first thread ends; another one serves. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *argument) {
    int listener = *(int *)argument;
    for (;;) {
        int conn = accept(listener, NULL, NULL);
        char bytes[4096];
        ssize_t size;
        while ((size = read(conn, bytes, sizeof bytes)) > 0)
            if (write(conn, bytes, size) != size)
                break;
        close(conn);
    }
    return NULL;
}

int main(int argc, char **argv) {
    static int listener;
    struct sockaddr_in address = {.sin_family = AF_INET};
    pthread_t thread;
    if (argc != 2)
        return 2;
    address.sin_port = htons(atoi(argv[1]));
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 5))
        return 1;
    pthread_create(&thread, NULL, serve, &listener);
    pthread_exit(NULL);
}
