/*
 * Mutant of echo_store: the writer does not look at what fwrite() and fclose() return.
 *
 * Fails: survives-a-full-disk
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 5, BUFFER_BYTES = PIPE_BUF, PAUSE_US = 100000 };

static const char *const NAME = "echomsg.txt";

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void reap(int signum)
{
    int saved = errno;

    (void)signum;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

static int port_of(const char *word)
{
    char *end;
    long port = strtol(word, &end, 10);

    if (end == word || *end != '\0' || port < 1 || port > 65535) {
        fprintf(stderr, "not a port: %s\n", word);
        exit(EXIT_FAILURE);
    }
    return (int)port;
}

static int bind_to(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener < 0)
        die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("bind");
    return listener;
}

static int write_all(int fd, const char *bytes, size_t left)
{
    while (left > 0) {
        ssize_t written = write(fd, bytes, left);
        if (written < 0)
            return -1;
        bytes += written;
        left -= written;
    }
    return 0;
}

static void write_down(int read_end, FILE *file)
{
    char buffer[BUFFER_BYTES];
    ssize_t n;

    while ((n = read(read_end, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, n, file);
    fclose(file);
}

static int start_writer(int listener)
{
    int ends[2];
    FILE *file = fopen(NAME, "w");

    if (file == NULL)
        die(NAME);
    if (pipe(ends) < 0)
        die("pipe");
    switch (fork()) {
    case -1:
        die("fork");
        break;
    case 0:
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        close(listener);
        close(ends[1]);
        write_down(ends[0], file);
        _exit(EXIT_SUCCESS);
    }
    fclose(file);
    close(ends[0]);
    return ends[1];
}

static void serve(int conn, int store)
{
    char buffer[BUFFER_BYTES];
    ssize_t n;

    signal(SIGPIPE, SIG_IGN);
    while ((n = read(conn, buffer, sizeof buffer)) > 0) {
        if (store >= 0 && write_all(store, buffer, n) < 0) {
            perror("writer");
            store = -1;
        }
        if (write_all(conn, buffer, n) < 0)
            return;
    }
}

int main(int argc, char *argv[])
{
    struct sigaction on_child = {.sa_handler = reap};
    int listener, store;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return EXIT_FAILURE;
    }
    listener = bind_to(port_of(argv[1]));
    store = start_writer(listener);
    sigaction(SIGCHLD, &on_child, NULL);
    if (listen(listener, BACKLOG) < 0)
        die("listen");
    for (;;) {
        int conn = accept(listener, NULL, NULL);
        pid_t pid;

        if (conn < 0) {
            if (errno != EINTR) {
                perror("accept");
                usleep(PAUSE_US);
            }
            continue;
        }
        pid = fork();
        if (pid == 0) {
            close(listener);
            serve(conn, store);
            _exit(EXIT_SUCCESS);
        }
        if (pid < 0)
            perror("fork");
        close(conn);
    }
}
