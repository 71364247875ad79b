"""Names of what is open: they stay, also when nobody can tell any more whose a channel was."""

from __future__ import annotations

from forklab.demos.happened import Held, Thing
from forklab.demos.scene import Scene, Seen
from forklab.demos.things import Things
from tests.pictures import File, connection, key, listener, pair, picture, pipe, process, state

LISTENER, ONE = listener(500), connection(50001, 601)
NEAR, FAR = pair(700)
READ, WRITE = pipe(800)
NAMES = {key(10): "dispatcher", key(11): "worker-1"}


def test_channels_keep_their_names_when_the_dispatcher_is_gone() -> None:
    things = Things()
    seen = {"client-1": Seen(50001, state())}
    whole = Scene(
        picture(
            process(10, fds={0: File("/dev/null"), 3: LISTENER, 4: NEAR}),
            process(11, parent=10, fds={0: FAR, 5: ONE}),
        ),
        NAMES,
        port=7001,
        size=1,
        seen=seen,
    )
    near, far = (
        Thing("channel", ("worker-1", "dispatcher")),
        Thing("channel", ("worker-1", "worker")),
    )
    assert things.grid(whole).who == ("dispatcher", "worker-1")
    assert things.grid(whole).rows == (
        Held(Thing("listener", ("7001",)), {"dispatcher": (3,)}),
        Held(Thing("connection", ("client-1",)), {"worker-1": (5,)}),
        Held(near, {"dispatcher": (4,)}),
        Held(far, {"worker-1": (0,)}),
    )
    alone = whole._replace(snapshot=picture(process(11, fds={0: FAR, 6: NEAR})), seen={})
    assert things.grid(alone).rows == (
        Held(near, {"worker-1": (6,)}),
        Held(far, {"worker-1": (0,)}),
    )


def test_each_end_of_a_pipe_is_a_thing_and_so_is_a_file() -> None:
    scene = Scene(
        picture(
            process(10, fds={3: READ, 4: READ, 5: File("/lab/work/log.txt")}),
            process(11, parent=10, fds={6: WRITE}),
        ),
        {key(10): "parent", key(11): "child"},
    )
    assert Things().grid(scene).rows == (
        Held(Thing("pipe", ("A", "read")), {"parent": (3, 4)}),
        Held(Thing("pipe", ("A", "write")), {"child": (6,)}),
        Held(Thing("file", ("log.txt",)), {"parent": (5,)}),
    )


def test_what_every_program_has_is_left_out() -> None:
    standard = {number: File("/dev/pts/0") for number in range(3)}
    grid = Things().grid(Scene(picture(process(10, fds=standard)), {}))
    assert grid.who == ("pid 10",)
    assert grid.rows == ()
