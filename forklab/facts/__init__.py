"""What the kernel and the clients said, parsed once, then immutable."""

from forklab.facts.clients import ClientState
from forklab.facts.snapshot import Descriptor, End, Process, Snapshot, TcpSocket, UnixSocket
from forklab.facts.status import describe_status
from forklab.facts.usage import Usage

__all__ = [
    "ClientState",
    "Descriptor",
    "End",
    "Process",
    "Snapshot",
    "TcpSocket",
    "UnixSocket",
    "Usage",
    "describe_status",
]
