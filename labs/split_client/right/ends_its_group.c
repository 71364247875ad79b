/*
 * Right way of split_client: at the end a signal to the whole process group, itself included.
 */
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFER_BYTES = 30 };

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *first, *address;
    int sock = -1;
    int error = getaddrinfo(host, port, &hints, &first);

    if (error != 0) {
        fprintf(stderr, "%s, port %s: %s\n", host, port, gai_strerror(error));
        exit(EXIT_FAILURE);
    }
    for (address = first; address != NULL; address = address->ai_next) {
        sock = socket(address->ai_family, address->ai_socktype, 0);
        if (sock < 0)
            continue;
        if (connect(sock, address->ai_addr, address->ai_addrlen) == 0)
            break;
        close(sock);
        sock = -1;
    }
    if (sock < 0)
        die("connect");
    freeaddrinfo(first);
    return sock;
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

static void reap(int signum)
{
    (void)signum;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void send_lines(int sock)
{
    char line[BUFFER_BYTES];

    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "q\n") == 0 || strcmp(line, "Q\n") == 0)
            break;
        if (write_all(sock, line, strlen(line)) < 0)
            return;
    }
    shutdown(sock, SHUT_WR);
}

static void print_replies(int sock)
{
    char reply[BUFFER_BYTES];
    ssize_t n;

    while ((n = read(sock, reply, sizeof reply)) > 0) {
        printf("Message from server: ");
        fwrite(reply, 1, n, stdout);
        fflush(stdout);
    }
}

int main(int argc, char *argv[])
{
    struct sigaction on_child = {.sa_handler = reap, .sa_flags = SA_RESTART};
    int sock;
    pid_t writer;

    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return EXIT_FAILURE;
    }
    sock = connect_to(argv[1], argv[2]);
    sigaction(SIGCHLD, &on_child, NULL);
    writer = fork();
    if (writer < 0)
        die("fork");
    if (writer == 0) {
        send_lines(sock);
        _exit(EXIT_SUCCESS);
    }
    print_replies(sock);
    fflush(stdout);
    kill(0, SIGTERM);
    pause();
    return EXIT_SUCCESS;
}
