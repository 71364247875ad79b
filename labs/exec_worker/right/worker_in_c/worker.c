/*
 * The worker of a dispatcher in Python: its channel is descriptor 0.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNEL = 0, BUFFER_BYTES = 4096 };

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

/* The descriptor; -1 if none came with the byte; -2 at the end of the channel. */
static int receive_fd(int channel)
{
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union control control;
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    struct cmsghdr *header;
    int fd = -1;

    if (recvmsg(channel, &message, 0) <= 0)
        return -2;
    header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static int write_all(int fd, const char *bytes, size_t left)
{
    while (left > 0) {
        ssize_t written = send(fd, bytes, left, MSG_NOSIGNAL);
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

int main(void)
{
    int conn;

    while ((conn = receive_fd(CHANNEL)) != -2) {
        if (conn >= 0) {
            echo(conn);
            close(conn);
        }
        if (send(CHANNEL, "i", 1, MSG_NOSIGNAL) != 1)
            break;
    }
    return 0;
}
