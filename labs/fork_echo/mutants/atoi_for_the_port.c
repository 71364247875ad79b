/*
 * Mutant of fork_echo: atoi() makes port 0 of a word, and it listens on any free port.
 *
 * Fails: bad-usage
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

enum { BACKLOG = 5, BUFFER_BYTES = 4096, PAUSE_US = 100000 };

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

    while ((n = read(conn, buffer, sizeof buffer)) > 0)
        if (write_all(conn, buffer, n) < 0)
            return;
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
    listener = listen_on(atoi(argv[1]));
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
            echo(conn);
            _exit(EXIT_SUCCESS);
        }
        if (pid < 0)
            perror("fork");
        close(conn);
    }
}
