/*
 * Right way of echo_store: in C++, the writer has a stream; a lambda for every process.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

namespace {

constexpr int backlog = 5;
constexpr useconds_t pause_us = 100000;
const char *const name = "echomsg.txt";
using Buffer = std::array<char, PIPE_BUF>;

int failed(const std::string &what)
{
    std::cerr << what << ": " << std::strerror(errno) << std::endl;
    return EXIT_FAILURE;
}

template <typename Work> pid_t forked(Work work)
{
    const pid_t pid = fork();
    if (pid == 0) {
        work();
        _exit(EXIT_SUCCESS);
    }
    return pid;
}

bool write_all(int fd, const char *bytes, ssize_t left)
{
    while (left > 0) {
        const ssize_t written = write(fd, bytes, left);
        if (written < 0)
            return false;
        bytes += written;
        left -= written;
    }
    return true;
}

void write_down(int read_end, std::ofstream &file)
{
    Buffer buffer;
    ssize_t n;

    while ((n = read(read_end, buffer.data(), buffer.size())) > 0)
        file.write(buffer.data(), n);
    file.close();
    if (!file)
        failed(name);
}

void serve(int conn, int store)
{
    Buffer buffer;
    ssize_t n;

    signal(SIGPIPE, SIG_IGN);
    while ((n = read(conn, buffer.data(), buffer.size())) > 0) {
        if (store >= 0 && !write_all(store, buffer.data(), n))
            store = -1;
        if (!write_all(conn, buffer.data(), n))
            return;
    }
}

}  // namespace

int main(int argc, char *argv[])
{
    char *rest = nullptr;
    const long port = argc == 2 ? std::strtol(argv[1], &rest, 10) : 0;
    if (port < 1 || port > 65535 || *rest != '\0') {
        std::cerr << "usage: " << argv[0] << " PORT" << std::endl;
        return EXIT_FAILURE;
    }

    signal(SIGCHLD, SIG_IGN);  // the kernel reaps
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in addr{};
    addr.sin_family = AF_INET;
    addr.sin_port = htons(port);
    if (bind(listener, reinterpret_cast<sockaddr *>(&addr), sizeof addr) < 0)
        return failed("bind");

    std::ofstream file(name, std::ios::binary);
    int ends[2];
    if (!file || pipe(ends) < 0)
        return failed(name);
    forked([&] {
        signal(SIGINT, SIG_IGN);
        close(listener);
        close(ends[1]);
        write_down(ends[0], file);
    });
    close(ends[0]);
    file.close();

    if (listen(listener, backlog) < 0)
        return failed("listen");
    while (true) {
        const int conn = accept(listener, nullptr, nullptr);
        if (conn < 0) {
            usleep(pause_us);
            continue;
        }
        forked([&] {
            close(listener);
            serve(conn, ends[1]);
        });
        close(conn);
    }
}
