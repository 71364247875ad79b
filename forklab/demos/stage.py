"""Where a demo is done: a sandbox, the program in it, and what each verb does there."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence

from forklab.demos import claims, expectations, looks
from forklab.demos.expectations import Expectation, Judged
from forklab.demos.happened import Did, Fact, Saw
from forklab.demos.scene import Scene, Seen
from forklab.demos.script import Script, Step
from forklab.demos.things import Things
from forklab.demos.verbs import Verb
from forklab.errors import CheckFailure
from forklab.facts import ClientState
from forklab.facts.snapshot import Key
from forklab.labs import LabInfo
from forklab.program import wait
from forklab.program.client import ANSWER_S, Client
from forklab.program.lab import Lab
from forklab.program.peer import Peer
from forklab.program.program import Program
from forklab.sandbox.link import Link

NO_PEERS = "this kernel does not tell the other end of a Unix socket: nobody can see whose it is"
NOBODY = ClientState(False, 0, 0, 0, False, "ECONNREFUSED", 0)


class StepFailed(Exception):
    """A step did not come out as its script expects.

    Attributes:
        step: its id.
        failure: what was expected, and seen.
    """

    def __init__(self, step: Step, number: int, failure: CheckFailure) -> None:
        super().__init__(
            f"step {number} ({step.id}): expected {failure.expected}, but {failure.seen}"
            + (f" ({failure.waited})" if failure.waited else "")
        )
        self.step = step.id
        self.failure = failure


class Stage:
    """One sandbox, in which one program after another is started.

    Args:
        within_s: how long an expectation is waited for, before the scale.
    """

    def __init__(self, link: Link, info: LabInfo, script: Script, within_s: float) -> None:
        self._link = link
        self._info = info
        self._script = script
        self._within_s = within_s
        self._lab: Lab | None = None
        self._program: Program | None = None
        self._things = Things()
        self._clients: dict[str, Client | Peer] = {}
        self._heard: dict[str, bytes] = {}
        self._count = 0
        self._files = {
            verb.words[0] for step in script.steps for verb in step.do if verb.name == "look-file"
        }

    @property
    def program(self) -> Program:
        """The program that was started last.

        Raises:
            CheckFailure: none was.
        """
        if self._program is None:
            raise CheckFailure("a program was started", "none was")
        return self._program

    def perform(self, number: int) -> Iterator[Fact]:
        """Do what step *number*, from 1, says, and yield each thing as it has happened.

        Raises:
            StepFailed: something did not come out as expected.
            LabBroken: the sandbox has ended.
            LabUnsupported: this kernel cannot show it.
        """
        step = self._script.steps[number - 1]
        look = 0
        try:
            for verb in step.do:
                look += verb.looks
                if verb.looks:
                    yield self._look(verb, step.at_look(look))
                elif verb.name == "await":
                    self._eventually([expectations.parse(verb.words[0])])
                else:
                    yield self._act(verb)
        except CheckFailure as failure:
            raise StepFailed(step, number, failure) from failure

    # looking

    def scene(self) -> Scene:
        """Look at everything, now."""
        program = self.program
        snapshot = program.snapshot()
        return Scene(
            snapshot,
            dict(program.names),
            port=program.port,
            size=program.workers,
            serves=program.serves,
            seen=self._seen(),
            printed=program.output().replace("\r\n", "\n").encode(),
            status=program.ended(),
            files={name: program.file(name) for name in self._files},
            folder=program.folder,
        )

    def _seen(self) -> dict[str, Seen]:
        seen = {}
        for name, heard in list(self._heard.items()):
            connection = self._clients.get(name)
            if connection is None:
                seen[name] = Seen(0, NOBODY)
                continue
            number = connection.begin(b"", 0.0)
            self._heard[name] = heard + connection.finish(number, ANSWER_S * wait.scale())
            seen[name] = Seen(connection.port, connection.state, self._heard[name])
        return seen

    def _eventually(self, wanted: Sequence[Expectation]) -> tuple[Scene, list[Judged]]:
        """Return a scene of which all of *wanted* is true."""
        return wait.eventually(self.scene, expectations.judge, wanted, within_s=self._within_s)

    def _look(self, verb: Verb, wanted: Sequence[Expectation]) -> Saw:
        scene, judged = self._eventually(wanted)
        name = verb.words[0] if verb.name == "look-file" else ""
        what = "file" if name else verb.words[0]
        now = tuple((scene.names.get(p.key, "-"), p.pid) for p in scene.snapshot.live)
        return Saw(what, self._facts(what, name, scene), tuple(judged), now, name)

    def _facts(self, what: str, name: str, scene: Scene) -> tuple[object, ...]:
        if what == "fds":
            return (self._things.grid(scene),)
        if what == "diff":
            assert self._lab is not None
            return looks.differences(self._info.program, self._lab.path)
        if what == "output":
            return tuple(scene.printed.decode(errors="replace").splitlines())
        if what == "file":
            return tuple((scene.files[name] or b"").decode(errors="replace").splitlines())
        rows = {"ps": looks.processes, "calls": looks.processes, "ends": looks.ends}
        return rows[what](scene) if what in rows else looks.clients(scene)

    # doing

    def _act(self, verb: Verb) -> Did:
        method = getattr(self, "_" + verb.name.replace("-", "_"))
        done: Did = method(*verb.words)
        self.program.snapshot()  # who is new is named now: by the next look it may be gone
        return done

    def _start(self) -> Did:
        return self._started("")

    def _start_mutant(self, name: str) -> Did:
        return self._started(name)

    def _started(self, mutant: str) -> Did:
        lab = self._lab_of(mutant)
        if lab.spec.workers:
            lab.demand("unix_peers", NO_PEERS)
        self._clients.clear()
        self._heard.clear()
        self._count = 0
        self._things = Things()
        if lab.spec.plays == "client":
            self._started_with_us_as_server(lab)
        elif lab.spec.plays == "server":
            lab.reset()
            self._program = lab.start()
        else:
            lab.reset()
            self._program = lab.launch()
        command = looks.without_folders(" ".join(self.program.argv))
        what = "start-mutant" if mutant else "start"
        return Did(what, (mutant,), command, beside=lab.spec.plays == "server")

    def _lab_of(self, mutant: str) -> Lab:
        """Return what starts the reference program, or one that is wrong on purpose.

        A new one each time: the sandbox keeps the files of the program that was built last.
        """
        path = self._info.folder / "mutants" / mutant if mutant else self._info.program
        spec = self._info.spec
        if self._script.workers:
            spec = spec.changed(None, None, self._script.workers)
        self._lab = Lab(self._link, spec, path)
        self._lab.journal.keeps_events = False
        return self._lab

    def _started_with_us_as_server(self, lab: Lab) -> None:
        listener = lab.listen()
        self._program = lab.launch(port=listener.port)
        self._clients["server"] = listener.accept(self._within_s)
        self._heard["server"] = b""

    def _key(self, who: str) -> Key:
        """Return the process that is called *who*, once somebody is."""
        return wait.eventually(self.scene, Scene.key, who, within_s=self._within_s)

    def _call(self, old: str, new: str) -> Did:
        self.program.names[self._key(old)] = new
        return Did("call", (old, new))

    def _connect(self, count: str) -> Did:
        names = tuple(self._connected() for _ in range(int(count or 1)))
        refused = all(name not in self._clients for name in names)
        what = "refused" if refused else "connect"
        return Did(what, names, f"nc {self.program.address} {self.program.port}")

    def _connected(self) -> str:
        self._count += 1
        name = f"client-{self._count}"
        self._heard[name] = b""
        client = self.program.try_to_connect()
        if client is not None and client.state.error != NOBODY.error:
            self._clients[name] = client
        return name

    def _connection(self, name: str) -> Client | Peer:
        if name not in self._clients:
            raise CheckFailure(f"{name} is connected", f"{name} is not there")
        return self._clients[name]

    def _talk(self, name: str, data: bytes, **wanted: bool) -> bytes:
        connection, within = self._connection(name), self._within_s * wait.scale()
        came = connection.finish(connection.begin(data, within, **wanted), within)
        self._heard[name] += came
        return came

    def _send(self, name: str, text: str) -> Did:
        self._talk(name, text.encode() + b"\n")
        return Did("send", (name,), text=text)

    def _ask(self, name: str, text: str) -> Did:
        came = self._talk(name, text.encode() + b"\n", all=True)
        return Did("ask", (name,), text=text, reply=came.decode(errors="replace").rstrip("\n"))

    def _half_close(self, name: str) -> Did:
        self._talk(name, b"", half_close=True)
        return Did("half-close", (name,))

    def _leave(self, name: str) -> Did:
        leaving = tuple(self._clients) if name == "all" else (name,)
        for one in leaving:
            connection = self._connection(one)
            connection.close()
            del self._clients[one], self._heard[one]
        return Did("leave", leaving)

    def _type(self, text: str) -> Did:
        self.program.type(text.encode() + b"\n")
        return Did("type", text=text)

    def _kill(self, who: str, name: str) -> Did:
        return self._signal("kill", who, signal.Signals[name or "SIGKILL"])

    def _hold(self, who: str) -> Did:
        done = self._signal("hold", who, signal.SIGSTOP)
        wait.eventually(self.scene, claims.is_held, who, within_s=self._within_s)
        return done

    def _release(self, who: str) -> Did:
        return self._signal("release", who, signal.SIGCONT)

    def _signal(self, what: str, who: str, number: signal.Signals) -> Did:
        key = self._key(who)
        self.program.signal(key, number)
        return Did(what, (who,), f"kill -{number.name.removeprefix('SIG')} {key[0]}")
