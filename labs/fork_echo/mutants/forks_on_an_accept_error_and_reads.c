/*
 * Mutant of fork_echo: a child forked for accept's -1 reads it until read() says 0: never.
 *
 * Fails: does-not-spin, leaks-nothing
 * Also: echoes, echoes-any-bytes, echoes-a-large-stream, answers-a-half-close, serves-many-at-once,
 *       survives-a-reset, survives-a-slow-reader, stops-clean, a-child-per-connection,
 *       parent-closes-the-connection, child-closes-the-listener, child-holds-no-other-client,
 *       reaps-each-child, reaps-within-a-second, reaps-a-burst, reaps-while-busy,
 *       accept-survives-sigchld, survives-fork-failure, survives-descriptor-shortage,
 *       waits-out-a-shortage, a-killed-child-hurts-nobody
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 5, BUFFER_BYTES = 4096 };

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

static int listen_on(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener < 0)
        die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("bind");
    if (listen(listener, BACKLOG) < 0)
        die("listen");
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

static void echo(int conn)
{
    char buffer[BUFFER_BYTES];
    ssize_t n;

    while ((n = read(conn, buffer, sizeof buffer)) != 0)
        if (write_all(conn, buffer, n) < 0)
            continue;
}

int main(int argc, char *argv[])
{
    struct sigaction on_child = {.sa_handler = reap};
    int listener;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return EXIT_FAILURE;
    }
    sigaction(SIGCHLD, &on_child, NULL);
    listener = listen_on(port_of(argv[1]));
    for (;;) {
        int conn = accept(listener, NULL, NULL);
        pid_t pid;

        pid = fork();
        if (pid == 0) {
            close(listener);
            echo(conn);
            _exit(EXIT_SUCCESS);
        }
        if (pid < 0)
            perror("fork");
        close(conn);
    }
}
