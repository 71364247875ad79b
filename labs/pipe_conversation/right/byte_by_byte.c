/*
 * Right way of pipe_conversation: the same in C, each byte by a read of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXCHANGES = 3, LINE_BYTES = 4096 };

static void die(const char *what)
{
    perror(what);
    _exit(EXIT_FAILURE);
}

/* A line with its newline, and not a byte more; the end of input ends the process. */
static size_t read_line(int fd, char *line)
{
    size_t length = 0;

    while (length < LINE_BYTES - 1) {
        ssize_t n = read(fd, line + length, 1);
        if (n < 0)
            die("read");
        if (n == 0)
            _exit(EXIT_FAILURE);
        if (line[length++] == '\n')
            break;
    }
    line[length] = '\0';
    return length;
}

static void say(int to)
{
    char line[LINE_BYTES];
    size_t length = read_line(STDIN_FILENO, line);

    if (write(to, line, length) < 0)
        die("write");
}

static void hear(int from, const char *who)
{
    char line[LINE_BYTES];

    read_line(from, line);
    printf("from %s: %s", who, line);
    fflush(stdout);
}

int main(void)
{
    int to_parent[2], to_child[2];
    pid_t child;

    if (pipe(to_parent) < 0 || pipe(to_child) < 0)
        die("pipe");
    child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        close(to_parent[0]);
        close(to_child[1]);
        for (int i = 0; i < EXCHANGES; i++) {
            say(to_parent[1]);
            hear(to_child[0], "parent");
        }
        _exit(EXIT_SUCCESS);
    }
    close(to_parent[1]);
    close(to_child[0]);
    for (int i = 0; i < EXCHANGES; i++) {
        hear(to_parent[0], "child");
        say(to_child[1]);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
