/* The server of a text book, but for its port, which was a constant. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

struct worker {
    int pid;
    int fd;
    int idle;
};

static int write_fd(int fd, void *data, size_t bytes, int sent)
{
    struct msghdr message = {0};
    struct iovec iov[1] = {{.iov_base = data, .iov_len = bytes}};
    union {
        struct cmsghdr header;
        char control[CMSG_SPACE(sizeof(int))];
    } control;
    struct cmsghdr *header;

    message.msg_control = control.control;
    message.msg_controllen = sizeof(control.control);
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    *((int *)CMSG_DATA(header)) = sent;
    message.msg_iov = iov;
    message.msg_iovlen = 1;
    return sendmsg(fd, &message, 0);
}

static void serve(int listener, struct worker *workers, int size)
{
    fd_set ready, all;
    int max = listener;
    int data = 0;
    char byte = 0;
    int i, conn;

    FD_ZERO(&all);
    FD_SET(listener, &all);
    for (i = 0; i < size; i++) {
        FD_SET(workers[i].fd, &all);
        max = workers[i].fd;
        printf("socketpair fd %d\n", max);
    }
    while (1) {
        ready = all;
        printf("select wait\n");
        if (select(max + 1, &ready, NULL, NULL, NULL) < 0)
            continue;
        if (FD_ISSET(listener, &ready)) {
            conn = accept(listener, NULL, NULL);
            for (i = 0; i < size; i++) {
                if (workers[i].idle) {
                    printf("send %d to pid %d\n", conn, workers[i].pid);
                    write_fd(workers[i].fd, &byte, 1, conn);
                    workers[i].idle = 0;
                    break;
                }
            }
            if (i == size)
                fprintf(stderr, "too many clients\n");
            close(conn);
        }
        for (i = 0; i < size; i++) {
            if (FD_ISSET(workers[i].fd, &ready)) {
                read(workers[i].fd, &data, sizeof(data));
                printf("%d: read %d\n", workers[i].fd, data);
                if (data == 0)
                    workers[i].idle = 1;
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr;
    struct worker *workers;
    int size, i, pid, listener;
    int pair[2];

    if (argc != 3) {
        fprintf(stderr, "usage: %s WORKERS PORT\n", argv[0]);
        return 1;
    }
    size = atoi(argv[1]);
    if ((listener = socket(AF_INET, SOCK_STREAM, 0)) < 0) {
        perror("socket");
        return 1;
    }
    memset(&addr, 0, sizeof(addr));
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_ANY);
    addr.sin_port = htons(atoi(argv[2]));
    bind(listener, (struct sockaddr *)&addr, sizeof(addr));
    if (listen(listener, 5) < 0) {
        perror("listen");
        exit(0);
    }
    if (size > 10) {
        fprintf(stderr, "at most 10 workers\n");
        exit(0);
    }
    workers = malloc(sizeof(struct worker) * size);
    memset(workers, 0, sizeof(struct worker) * size);
    for (i = 0; i < size; i++) {
        socketpair(AF_LOCAL, SOCK_STREAM, 0, pair);
        pid = fork();
        if (pid < 0) {
            perror("fork");
            exit(0);
        }
        if (pid == 0) {
            dup2(pair[0], 0);
            close(pair[1]);
            close(pair[0]);
            close(listener);
            execl("./client", "client", NULL);
        } else {
            close(pair[0]);
            workers[i].pid = pid;
            workers[i].fd = pair[1];
            workers[i].idle = 1;
        }
    }
    serve(listener, workers, size);
}
