/*
 * Mutant of split_client: it is the client of the text (10.5), with all that this leaves out.
 *
 * Fails: half-closes-on-end-of-input, leaves-no-orphan, reaps-its-child, long-lines
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 30

static void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static void reading(int sock, char *text)
{
    for (;;) {
        int length = read(sock, text, SIZE);

        if (length == 0)
            return;
        text[length] = 0;
        printf("Message from server: %s", text);
    }
}

static void writing(int sock, char *text)
{
    for (;;) {
        fgets(text, SIZE, stdin);
        if (strcmp(text, "q\n") == 0 || strcmp(text, "Q\n") == 0) {
            shutdown(sock, SHUT_WR);
            return;
        }
        write(sock, text, strlen(text));
    }
}

int main(int argc, char *argv[])
{
    struct sockaddr_in server;
    char text[SIZE];
    int sock;

    if (argc != 3) {
        printf("Usage : %s <IP> <port>\n", argv[0]);
        exit(1);
    }
    sock = socket(PF_INET, SOCK_STREAM, 0);
    memset(&server, 0, sizeof server);
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = inet_addr(argv[1]);
    server.sin_port = htons(atoi(argv[2]));
    if (connect(sock, (struct sockaddr *)&server, sizeof server) == -1)
        fail("connect() error!");

    if (fork() == 0)
        writing(sock, text);
    else
        reading(sock, text);

    close(sock);
    return 0;
}
