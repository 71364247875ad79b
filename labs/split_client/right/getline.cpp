/*
 * Right way of split_client: in C++; getline() takes the newline off, and it is put on again.
 */
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int connect_to(const char *host, const char *port)
{
    addrinfo hints{};
    addrinfo *address = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &address) != 0)
        return -1;
    int sock = socket(address->ai_family, address->ai_socktype, 0);
    if (connect(sock, address->ai_addr, address->ai_addrlen) < 0)
        sock = -1;
    freeaddrinfo(address);
    return sock;
}

void send_lines(int sock)
{
    std::string line;
    while (std::getline(std::cin, line) && line != "q" && line != "Q") {
        line += '\n';
        for (std::size_t sent = 0; sent < line.size();) {
            ssize_t n = send(sock, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
            if (n < 0)
                return;
            sent += n;
        }
    }
    shutdown(sock, SHUT_WR);
}

void print_replies(int sock)
{
    char reply[1024];
    ssize_t n;
    while ((n = recv(sock, reply, sizeof reply, 0)) > 0)
        std::cout << "server: " << std::string(reply, n) << std::flush;
}

} // namespace

int main(int argc, char *argv[])
{
    if (argc != 3) {
        std::cerr << "usage: " << argv[0] << " HOST PORT\n";
        return EXIT_FAILURE;
    }
    int sock = connect_to(argv[1], argv[2]);
    if (sock < 0) {
        std::cerr << "cannot connect to " << argv[1] << ", port " << argv[2] << '\n';
        return EXIT_FAILURE;
    }
    std::signal(SIGCHLD, SIG_IGN);
    pid_t writer = fork();
    if (writer == 0) {
        send_lines(sock);
        _exit(EXIT_SUCCESS);
    }
    print_replies(sock);
    kill(writer, SIGTERM);
    wait(nullptr);
    return EXIT_SUCCESS;
}
