/*
 * Right way of exec_worker: both in C; the worker is called `client`, as in text books, and the
 * child closes by hand what it must not have.
 *
 * Declares: protocol-one-byte
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORKERS = 64, BACKLOG = 5, PAUSE_US = 100000, NOT_EXECUTED = 127 };

struct worker {
    pid_t pid;
    int channel; /* the dispatcher's end; -1 when the worker is dead */
    int idle;
};

static struct worker workers[MAX_WORKERS];
static int size;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int number_of(const char *word, int max)
{
    char *end;
    long number = strtol(word, &end, 10);

    if (end == word || *end != '\0' || number < 1 || number > max) {
        fprintf(stderr, "not a number from 1 to %d: %s\n", max, word);
        exit(EXIT_FAILURE);
    }
    return (int)number;
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

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

static int send_fd(int channel, int fd)
{
    char byte = 'c';
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union control control = {0};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(channel, &message, 0) == 1 ? 0 : -1;
}

static void start_worker(struct worker *worker, int listener)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        die("socketpair");
    worker->pid = fork();
    if (worker->pid < 0)
        die("fork");
    if (worker->pid == 0) {
        dup2(pair[1], STDIN_FILENO);
        close(pair[0]);
        close(pair[1]);
        close(listener);
        for (struct worker *earlier = workers; earlier < worker; earlier++)
            close(earlier->channel);
        execl("./client", "client", (char *)NULL);
        perror("./client");
        _exit(NOT_EXECUTED);
    }
    close(pair[1]);
    worker->channel = pair[0];
    worker->idle = 1;
}

static struct worker *idle_worker(void)
{
    for (int i = 0; i < size; i++)
        if (workers[i].idle)
            return &workers[i];
    return NULL;
}

static void pass_connection(int listener)
{
    struct worker *worker = idle_worker();
    int conn = accept(listener, NULL, NULL);

    if (conn < 0) {
        perror("accept");
        usleep(PAUSE_US);
        return;
    }
    worker->idle = 0;
    if (send_fd(worker->channel, conn) < 0)
        perror("sendmsg");
    close(conn);
}

static void hear(struct worker *worker)
{
    char report[4];
    int status;

    if (read(worker->channel, report, sizeof report) > 0) {
        worker->idle = 1;
        return;
    }
    fprintf(stderr, "worker %d is dead\n", (int)worker->pid);
    close(worker->channel);
    waitpid(worker->pid, &status, 0);
    if (WIFEXITED(status))
        exit(EXIT_FAILURE); /* it could not be executed, or is none */
    worker->channel = -1;
    worker->idle = 0;
}

int main(int argc, char *argv[])
{
    struct pollfd sources[MAX_WORKERS + 1];
    int listener;

    if (argc != 3) {
        fprintf(stderr, "usage: %s WORKERS PORT\n", argv[0]);
        return EXIT_FAILURE;
    }
    size = number_of(argv[1], MAX_WORKERS);
    signal(SIGPIPE, SIG_IGN);
    listener = listen_on(number_of(argv[2], 65535));
    for (int i = 0; i < size; i++)
        start_worker(&workers[i], listener);
    for (;;) {
        for (int i = 0; i < size; i++)
            sources[i] = (struct pollfd){.fd = workers[i].channel, .events = POLLIN};
        sources[size] = (struct pollfd){.fd = idle_worker() ? listener : -1, .events = POLLIN};
        if (poll(sources, size + 1, -1) < 0)
            continue;
        for (int i = 0; i < size; i++)
            if (sources[i].revents)
                hear(&workers[i]);
        if (sources[size].revents && idle_worker())
            pass_connection(listener);
    }
}
