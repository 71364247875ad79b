/* The worker of a text book, which is compiled to `client`. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int read_fd(int fd)
{
    char byte;
    struct msghdr message = {0};
    struct iovec iov[1] = {{.iov_base = &byte, .iov_len = 1}};
    union {
        struct cmsghdr header;
        char control[CMSG_SPACE(sizeof(int))];
    } control;
    struct cmsghdr *header;

    message.msg_control = control.control;
    message.msg_controllen = sizeof(control.control);
    message.msg_iov = iov;
    message.msg_iovlen = 1;
    if (recvmsg(fd, &message, 0) <= 0) {
        perror("recvmsg");
        return -1;
    }
    if ((header = CMSG_FIRSTHDR(&message)) == NULL) {
        perror("cmsg");
        return -1;
    }
    return *((int *)CMSG_DATA(header));
}

int main(void)
{
    char buffer[80] = {0};
    int idle = 0;
    int conn;

    while (1) {
        conn = read_fd(0);
        for (;;) {
            if (read(conn, buffer, 79) > 0) {
                write(conn, buffer, strlen(buffer));
            } else {
                write(0, &idle, sizeof(idle));
                close(conn);
                break;
            }
            memset(buffer, 0, sizeof(buffer));
        }
    }
}
