/*
 * Mutant of pipe_conversation: one pipe for both directions: a process may read its own words.
 *
 * Fails: one-pipe-per-direction, three-exchanges, unused-ends-closed
 * Also: notices-a-dead-partner, works-on-a-terminal, works-from-a-pipe,
 *       ends-and-reaps, keeps-long-messages-whole
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
    int both[2];
    pid_t child;

    if (pipe(both) < 0)
        die("pipe");
    child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        for (int i = 0; i < EXCHANGES; i++) {
            say(both[1]);
            hear(both[0], "parent");
        }
        _exit(EXIT_SUCCESS);
    }
    for (int i = 0; i < EXCHANGES; i++) {
        hear(both[0], "child");
        say(both[1]);
    }
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
