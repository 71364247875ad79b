/*
 * Right way of pipe_conversation: getline() reads stdin: right but where all lines come at once.
 *
 * Fails: works-from-a-pipe
 */
#include <cstdlib>
#include <iostream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

const int EXCHANGES = 3;

static void say(int to)
{
    std::string words;

    if (!std::getline(std::cin, words))
        _exit(EXIT_FAILURE);
    words += '\n';
    if (write(to, words.data(), words.size()) < 0)
        _exit(EXIT_FAILURE);
}

static void hear(int from, const char *who)
{
    std::string words;
    char byte = 0;

    while (byte != '\n') {
        if (read(from, &byte, 1) != 1)
            _exit(EXIT_FAILURE);
        words += byte;
    }
    std::cout << "from " << who << ": " << words << std::flush;
}

int main()
{
    int to_parent[2], to_child[2];

    if (pipe(to_parent) < 0 || pipe(to_child) < 0)
        return EXIT_FAILURE;
    pid_t child = fork();
    if (child < 0)
        return EXIT_FAILURE;
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
    waitpid(child, nullptr, 0);
    return EXIT_SUCCESS;
}
