"""Right way of fork_echo: CPython's ForkingTCPServer; its children keep the listening socket.

Fails: child-closes-the-listener, waits-out-a-shortage
"""

import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    """One connection, in a child of its own."""

    def handle(self) -> None:
        """Send back what arrives until the client half-closes."""
        while data := self.request.recv(4096):
            self.request.sendall(data)


if __name__ == "__main__":
    with socketserver.ForkingTCPServer(("", int(sys.argv[1])), Echo) as server:
        server.serve_forever()
