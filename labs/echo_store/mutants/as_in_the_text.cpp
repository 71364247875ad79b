/*
 * Mutant of echo_store: the program of the text, told again: a writer for ten reads, ends left open.
 *
 * Fails: a-writer-apart, stores-everything, keeps-messages-whole, loses-nothing-on-ctrl-c,
 *        children-hold-only-the-write-end,
 *        writer-holds-only-the-read-end, loses-nothing-on-stop, survives-a-dead-writer,
 *        survives-a-full-disk, refuses-an-unwritable-file, bad-usage, echoes-any-bytes,
 *        echoes-a-large-stream, survives-a-slow-reader, stops-clean, reaps-a-burst,
 *        waits-out-a-shortage
 * Also: reaps-while-busy, reaps-each-child
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

constexpr int messages = 10;
constexpr int buffer_bytes = 100;

void end(const char *why)
{
    std::cerr << why << std::endl;
    std::exit(EXIT_FAILURE);
}

void collect(int)
{
    int status;
    const pid_t pid = waitpid(-1, &status, WNOHANG);

    if (WIFEXITED(status))
        std::cout << "collected " << pid << std::endl;
}

void write_down(const int *ends)
{
    std::FILE *file = std::fopen("echomsg.txt", "wt");
    char buffer[buffer_bytes];

    for (int i = 0; i < messages; i++) {
        const int n = read(ends[0], buffer, sizeof buffer);
        std::fwrite(buffer, 1, n, file);
    }
    std::fclose(file);
}

void serve(int conn, const int *ends)
{
    char buffer[buffer_bytes];
    int n;

    while ((n = read(conn, buffer, sizeof buffer)) != 0) {
        write(conn, buffer, n);
        write(ends[1], buffer, n);
    }
    close(conn);
    std::cout << "a client has left" << std::endl;
}

int main(int argc, char *argv[])
{
    if (argc != 2) {
        std::cout << "usage: " << argv[0] << " <port>" << std::endl;
        std::exit(EXIT_FAILURE);
    }

    struct sigaction action = {};
    action.sa_handler = collect;
    sigaction(SIGCHLD, &action, nullptr);

    const int listener = socket(PF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(std::atoi(argv[1]));
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) == -1)
        end("bind failed");
    if (listen(listener, 5) == -1)
        end("listen failed");

    int ends[2];
    pipe(ends);
    if (fork() == 0) {
        write_down(ends);
        return 0;
    }

    while (true) {
        const int conn = accept(listener, nullptr, nullptr);
        if (conn == -1)
            continue;
        std::cout << "a client has come" << std::endl;
        const pid_t pid = fork();
        if (pid == 0) {
            close(listener);
            serve(conn, ends);
            return 0;
        }
        close(conn);
    }
}
