"""Testinfra on the agent's stream: its commands run in the sandbox, never by `docker exec`.

`host.process`, `host.socket`, `host.file` and `host.run` use the sandbox's own `ps`, `ss`, `stat`
and `sh`. What they run is no part of the program and never in a snapshot.
"""

from __future__ import annotations

import os
from typing import Any
from weakref import WeakValueDictionary

import testinfra.backend
from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from forklab.errors import SandboxError
from forklab.sandbox.link import Link

NAME = "forklab"
WITHIN_S = 30.0
ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
_links: WeakValueDictionary[str, Link] = WeakValueDictionary()


class Backend(BaseBackend):  # type: ignore[misc]  # testinfra has no types
    """The backend behind `forklab://NAME`, where NAME is one of `host_of`."""

    NAME = NAME

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Take the sandbox of *name*; it is already there."""
        super().__init__(name, *args, **kwargs)
        self._link = _links[name]

    def get_encoding(self) -> str:
        """Return what every sandbox has; asking costs a start of Python."""
        return "utf-8"

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        """Run *command* by the sandbox's shell, as the agent.

        Raises:
            SandboxError: it does not end, or prints more than the agent keeps.
        """
        text = self.get_command(command, *args)
        answer = self._link.call(
            "run",
            argv=["/bin/sh", "-c", text],
            env=ENV,
            stdin="null",
            within=WITHIN_S,
            wait_s=WITHIN_S,
        )
        status, size = answer.value["status"], answer.value["stdout"]
        if status is None:
            raise SandboxError(f"`{text}` did not end within {WITHIN_S:.0f} s")
        if answer.value["left_out"]:
            raise SandboxError(f"`{text}` printed more than can be kept")
        code = os.waitstatus_to_exitcode(status)
        code = 128 - code if code < 0 else code  # as a shell says that a signal ended it
        return self.result(code, self.encode(text), answer.blob[:size], answer.blob[size:])


def host_of(link: Link) -> Host:
    """Return testinfra's host for the sandbox behind *link*."""
    testinfra.backend.BACKENDS[NAME] = f"{__name__}.{Backend.__name__}"
    name = f"{id(link):x}"
    _links[name] = link
    backend = Backend(name)
    host = Host(backend)
    backend.set_host(host)
    return host
