"""What demos expect: each form of sentence holds of one literal scene and fails of another."""

from __future__ import annotations

import pytest

from forklab.demos import expectations
from forklab.demos.expectations import RULES
from forklab.demos.scene import Scene, Seen
from forklab.errors import CheckFailure
from tests.pictures import (
    PORT,
    File,
    connection,
    key,
    listener,
    pair,
    picture,
    pipe,
    process,
    reaped,
    state,
    zombie,
)

LISTENER = listener(500)
ONE, WAITING = connection(50001, 601), connection(50002, 0, unread=6)
UNREAD = connection(50003, 602, unread=6)
NAMES = {key(10): "parent", key(11): "child-1", key(12): "child-2", key(13): "gone"}
HEARD = state(given=6, received=6)
ENDED = state(given=6, received=6, eof=True)
REFUSED = state(given=0, received=0, connected=False, error="ECONNREFUSED")

SERVER = Scene(
    picture(
        process(10, fds={3: LISTENER}, call=("poll", 0)),
        process(11, parent=10, fds={4: ONE}, call=("read", 4)),
        zombie(12),
        reaped(13),
        WAITING,
    ),
    NAMES,
    port=PORT,
    seen={
        "client-1": Seen(50001, HEARD, b"hello\n"),
        "client-2": Seen(50002, ENDED, b""),
        "client-3": Seen(0, REFUSED),
    },
    printed=b"from child: hello\n",
    status=256,
    files={"log.txt": b"one\ntwo\n", "none.txt": None},
)
STOPPED = SERVER._replace(
    snapshot=picture(
        process(10, fds={3: LISTENER, 4: ONE}, state="T"),
        process(11, parent=1, fds={3: LISTENER, 5: UNREAD}, call=("read", 5)),
    ),
    seen={"client-1": Seen(50001, HEARD, b"hello\n"), "client-2": Seen(50003, HEARD, b"")},
    printed=b"",
    status=None,
)

NEAR, FAR = pair(700)
NEAR_2, FAR_2 = pair(710)
POOL_NAMES = {key(10): "dispatcher", key(11): "worker-1", key(12): "worker-2"}


def pool() -> Scene:
    """A pool of two workers that were executed."""
    rows = [
        process(10, fds={3: LISTENER, 4: NEAR, 5: NEAR_2}, args=("python3", "server.py")),
        process(11, parent=10, fds={0: FAR}, args=("python3", "worker.py")),
        process(12, parent=10, fds={0: FAR_2}, args=("python3", "worker.py")),
    ]
    for row in rows:
        row.value["exe"] = "/usr/bin/python3"
    for row in rows[1:]:
        row.value["start_stack"] = 7
    return Scene(picture(*rows), POOL_NAMES, port=PORT, size=2, folder="/lab/work")


def with_inherited() -> Scene:
    """The same, with the dispatcher's end of the first channel in worker-2, too."""
    rows = [
        process(10, fds={3: LISTENER, 4: NEAR, 5: NEAR_2}),
        process(11, parent=10, fds={4: FAR}),
        process(12, parent=10, fds={0: FAR_2, 4: NEAR}),
    ]
    return Scene(picture(*rows), POOL_NAMES, port=PORT, size=3, folder="/lab/work")


UP, DOWN = pipe(800), pipe(810)
TALK_NAMES = {key(10): "parent", key(11): "child"}


def talk(*, kept: bool = False, speaker: str = "child") -> Scene:
    """Parent and child with a pipe each way; *kept*: the parent has all four ends."""
    rest = {5: UP[1], 6: DOWN[0]} if kept else {}
    calls = {"child": (("read", 3), ("read", 0)), "parent": (("read", 0), ("read", 4))}[speaker]
    return Scene(
        picture(
            process(10, fds={0: File("/dev/pts/0"), 3: UP[0], 4: DOWN[1], **rest}, call=calls[0]),
            process(
                11,
                parent=10,
                fds={0: File("/dev/pts/0"), 3: UP[1], 4: DOWN[0]},
                call=calls[1],
            ),
        ),
        TALK_NAMES,
        serves=False,
    )


def one_pipe() -> Scene:
    """Parent and child with the same pipe for both directions."""
    ends = {3: UP[0], 4: UP[1]}
    return Scene(
        picture(process(10, fds=ends), process(11, parent=10, fds=ends)), TALK_NAMES, serves=False
    )


def split(*, alone: bool) -> Scene:
    """A client of ours, whose writer has a copy of the connection, or not."""
    ours = connection(PORT, 900, port=50001)
    copy = {} if alone else {3: ours}
    return Scene(
        picture(process(10, fds={3: ours}), process(11, parent=10, fds=copy)),
        TALK_NAMES,
        port=PORT,
        serves=False,
        seen={"server": Seen(50001, HEARD)},
    )


def stored(*, kept: bool) -> Scene:
    """A writer that is fed through a pipe; *kept*: it has the write end, too."""
    ends = {3: UP[0], 4: UP[1]} if kept else {3: UP[0]}
    return Scene(
        picture(
            process(10, fds={3: LISTENER, 6: UP[1]}),
            process(11, parent=10, fds=ends, call=("read", 3)),
        ),
        {key(10): "parent", key(11): "writer"},
        port=PORT,
    )


FORKED = with_inherited()
RIGHT = pool()
CASES = [
    ("2 processes are alive", SERVER, RIGHT),
    ("no process is alive", SERVER._replace(snapshot=picture(zombie(12))), SERVER),
    ("1 zombie", SERVER, STOPPED),
    ("no zombies", STOPPED, SERVER),
    ("everybody sleeps", SERVER, STOPPED),
    ("child-1 is alive", SERVER, SERVER._replace(names={key(12): "child-1"})),
    ("child-2 is a zombie", SERVER, SERVER._replace(names={key(10): "child-2"})),
    ("gone is gone", SERVER, SERVER._replace(names={key(12): "gone"})),
    ("parent is held still", STOPPED, SERVER),
    ("child-1 is an orphan", STOPPED, SERVER),
    ("parent waits in poll", SERVER, STOPPED),
    ("child waits for its line", talk(), talk(speaker="parent")),
    ("only parent holds the listening socket", SERVER, STOPPED),
    ("child-1 holds the listening socket", STOPPED, SERVER),
    ("only child-1 holds the connection of client-1", SERVER, STOPPED),
    ("child-1 holds the connection of client-1", SERVER, STOPPED),
    ("parent has closed the connection of client-1", SERVER, STOPPED),
    ("parent holds no connection", SERVER, STOPPED),
    ("nobody has accepted client-2", SERVER, STOPPED),
    ("client-3 is refused", SERVER, SERVER._replace(seen={"client-3": Seen(50001, HEARD)})),
    (
        "each client has a child of its own",
        SERVER._replace(seen={"client-1": Seen(50001, HEARD)}),
        STOPPED._replace(seen={"client-1": Seen(50001, HEARD)}),
    ),
    (
        "bytes of client-2 wait to be read",
        SERVER,
        STOPPED._replace(seen={"client-2": Seen(50001, HEARD)}),
    ),
    ('client-1 got "hello"', SERVER, SERVER._replace(seen={"client-1": Seen(50001, HEARD, b"")})),
    ("client-2 got nothing", SERVER, SERVER._replace(seen={"client-2": Seen(1, HEARD, b"x")})),
    ("client-2 reads end of file", SERVER, STOPPED),
    ("client-1 waits on", SERVER, SERVER._replace(seen={"client-1": Seen(50001, ENDED)})),
    ('the program has printed "from child: hello"', SERVER, STOPPED),
    ('the program has not printed "from child: hello"', STOPPED, SERVER),
    ('log.txt has "two"', SERVER, SERVER._replace(files={"log.txt": b"one\n"})),
    ('log.txt does not have "three" yet', SERVER, SERVER._replace(files={"log.txt": None})),
    ("the program ends with status 1", SERVER, STOPPED),
    ("2 workers are in the pool", RIGHT, SERVER),
    ("each end of a channel is in one process", RIGHT, FORKED),
    ("each worker runs a program of its own", RIGHT, FORKED),
    ("descriptor 0 of each worker is its channel", RIGHT, FORKED),
    ("nothing else went through exec", RIGHT, FORKED),
    ("one pipe leads each way", talk(), one_pipe()),
    (
        "of each pipe one has the read end and the other the write end",
        talk(),
        talk(kept=True),
    ),
    ("two processes have the connection", split(alone=False), split(alone=True)),
    ("writer has no write end of its pipe", stored(kept=False), stored(kept=True)),
]


@pytest.mark.parametrize(("text", "right", "wrong"), CASES, ids=[case[0] for case in CASES])
def test_it_holds_of_one_scene_and_fails_of_another(text: str, right: Scene, wrong: Scene) -> None:
    wanted = expectations.parse(text)
    assert expectations.judge(right, [wanted]) == (right, [expectations.Judged(wanted)])
    with pytest.raises(CheckFailure) as told:
        expectations.judge(wrong, [wanted])
    for sentence in (told.value.expected, told.value.seen):
        assert sentence.strip() == sentence != ""
        assert "None" not in sentence


def test_every_form_of_sentence_is_among_them() -> None:
    assert {expectations.parse(text).rule for text, *_ in CASES} == set(RULES)


def test_what_is_to_fail_must_fail_and_says_what_the_check_saw() -> None:
    wanted = expectations.parse("at look 2: not: each end of a channel is in one process")
    assert wanted.look == 2
    _, (judged,) = expectations.judge(FORKED, [wanted])
    assert "worker-2 (pid 12) holds the dispatcher's end of the channel of worker-1" in judged.seen
    with pytest.raises(CheckFailure):
        expectations.judge(RIGHT, [wanted])


def test_nobody_is_no_proof() -> None:
    for text in (
        "worker-9 is alive",
        "worker-9 is gone",
        "worker-9 has closed the connection of x",
    ):
        if text.endswith("x"):
            text = text.replace(" of x", " of client-1")
        with pytest.raises(CheckFailure, match="nobody is called worker-9"):
            expectations.judge(SERVER, [expectations.parse(text)])
    with pytest.raises(CheckFailure, match="client-9 is not there"):
        expectations.judge(SERVER, [expectations.parse("client-9 got nothing")])


def test_a_sentence_of_no_form_is_told() -> None:
    with pytest.raises(ValueError, match="'the moon is full' is nothing that can be expected"):
        expectations.parse("the moon is full")


def test_each_sentence_is_there_in_korean_with_its_words() -> None:
    assert expectations.parse("no zombies").in_korean() == "좀비: 0개"
    for text, *_ in CASES:
        korean = expectations.parse(text).in_korean()
        assert any("가" <= letter <= "힣" for letter in korean)
        assert "{" not in korean
        for word in expectations.parse(text).words:
            assert word.replace("no", "0") in korean or word == "no"
