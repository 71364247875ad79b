"""Archives: what is harmless is read, what is not is refused with a sentence, soon and in place."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import tempfile
import time
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forklab.submissions import archive
from forklab.submissions.collect import collect
from forklab.submissions.items import Budget, Item, Refused, bodies, safe_path
from forklab.submissions.materialize import write
from forklab.submissions.submission import Submission
from tests.handed_in import SERVER, entry, tarred, zipped

TARS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


def one(tmp_path: Path, data: bytes, name: str = "kim.zip") -> Submission:
    """Hand in one archive; there is one submission in it."""
    path = tmp_path / name
    path.write_bytes(data)
    (found,) = collect([path])
    return found


def paths(found: Submission) -> list[str]:
    return [file.path for file in found.files]


def test_a_zip_is_read(tmp_path: Path) -> None:
    found = one(tmp_path, zipped({"lab1/server.c": SERVER, "lab1/util/a.h": b"x"}))

    assert (found.name, found.refused, found.notes) == ("kim", "", ())
    assert [(file.path, file.data) for file in found.files] == [
        ("server.c", SERVER),
        ("util/a.h", b"x"),
    ]


@pytest.mark.parametrize("ending", TARS)
def test_a_tar_is_read(tmp_path: Path, ending: str) -> None:
    files = [entry("./lab/", type=tarfile.DIRTYPE), entry("./lab/server.c", SERVER)]
    found = one(
        tmp_path, tarred(*files, entry("./lab/b.h", b"y"), mode=TARS[ending]), f"kim{ending}"
    )

    assert (found.name, found.refused, paths(found)) == ("kim", "", ["b.h", "server.c"])
    assert found.files[1].data == SERVER


def test_nothing_is_written_beside_the_archive(tmp_path: Path) -> None:
    one(tmp_path, zipped({"server.c": SERVER}))

    assert [path.name for path in tmp_path.iterdir()] == ["kim.zip"]


def bad_crc() -> bytes:
    data = bytearray(zipped({"server.c": SERVER}, zipfile.ZIP_STORED))
    data[data.index(b"stdio")] ^= 1
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(zipped({"server.c": SERVER}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    return bytes(data)


def lying_about_its_size() -> bytes:
    """A file of 64 MiB that says that it has 10 bytes."""
    data = bytearray(zipped({"server.c": bytes(64 << 20)}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + at, 10)
    return bytes(data)


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "absolute": ("k.zip", lambda: zipped({"/etc/x.c": SERVER}), "is an absolute path"),
    "a drive": ("k.zip", lambda: zipped({"C:\\x.c": SERVER}), "is an absolute path"),
    "out of it": ("k.zip", lambda: zipped({"a/../../x.c": SERVER}), "leads out of its folder"),
    "out by Windows": ("k.zip", lambda: zipped({"..\\x.c": SERVER}), "leads out of its folder"),
    "control": ("k.zip", lambda: zipped({"a\nb.c": SERVER}), "has control characters"),
    "huge name": ("k.zip", lambda: zipped({"a" * 300 + ".c": SERVER}), "longer than 255 bytes"),
    "huge path": ("k.zip", lambda: zipped({"a/" * 600 + "x.c": SERVER}), "longer than 1000 bytes"),
    "encrypted": ("k.zip", encrypted, "server.c is encrypted"),
    "damaged": ("k.zip", bad_crc, "server.c cannot be unpacked: Bad CRC-32"),
    "cut off": (
        "k.zip",
        lambda: zipped({"server.c": SERVER})[:-30],
        "cannot be read as an archive",
    ),
    "empty file": ("k.zip", lambda: b"", "cut off, damaged or empty"),
    "no zip": ("k.zip", lambda: b"hello", "no archive that can be read"),
    "empty zip": ("k.zip", lambda: zipped({}), "it is empty: there is no file in it"),
    "another method": (
        "k.zip",
        lambda: zipped({"server.c": SERVER}, zipfile.ZIP_LZMA),
        "compressed by method 14; deflate is taken",
    ),
    "file and folder": ("k.zip", lambda: zipped({"a": SERVER, "a/b.c": SERVER}), "a is a file and"),
    "RAR": ("k.rar", lambda: b"Rar!\x1a\x07\x01\x00", "k.rar is a RAR archive; zip, tar"),
    "RAR called zip": ("k.zip", lambda: b"Rar!\x1a\x07\x01\x00", "k.zip is a RAR archive"),
    "7-Zip": ("k.7z", lambda: b"7z\xbc\xaf\x27\x1c\x00\x04", "k.7z is a 7-Zip archive"),
    "tar absolute": ("k.tar", lambda: tarred(entry("/x.c", SERVER)), "is an absolute path"),
    "tar out": ("k.tar", lambda: tarred(entry("../x.c", SERVER)), "leads out of its folder"),
    "tar cut off": (
        "k.tar",
        lambda: tarred(entry("a.c", b"x" * 5000))[:2000],
        "unexpected end of data",
    ),
    "gz cut off": (
        "k.tgz",
        lambda: tarred(entry("a.c", SERVER), mode="w:gz")[:60],
        "k.tgz cannot be read as an archive",
    ),
    "no tar in it": ("k.c.gz", lambda: gzip.compress(SERVER * 40), "cannot be read as an archive"),
    "three deep": (
        "k.zip",
        lambda: zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"x.c": SERVER})})})}),
        "c.zip lies in an archive in an archive",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_sound_archive_is_refused(tmp_path: Path, case: str) -> None:
    name, make, words = REFUSED[case]

    found = one(tmp_path, make(), name)

    assert words in found.refused
    assert found.files == ()
    assert found.name == "k" or case == "no tar in it"
    assert "\n" not in found.refused


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "declared": ("k.zip", lambda: zipped({"server.c": bytes(200 << 20)}), "unpacks to more than"),
    "one large": ("k.zip", lambda: zipped({"server.c": bytes(33 << 20)}), "at most 32 MiB"),
    "many small": ("k.zip", lambda: zipped({f"{n}.c": b"" for n in range(600)}), "600 files"),
    "lying": ("k.zip", lying_about_its_size, "cannot be unpacked"),
    "entries": (
        "k.zip",
        lambda: zipped({f"{n}": b"" for n in range(100_000)}),
        "directory is longer",
    ),
    "short entries": ("k.zip", lambda: zipped({f"{n}": b"" for n in range(21_000)}), "entries"),
    "nested": (
        "k.zip",
        lambda: zipped({"a.zip": zipped({"b.zip": zipped({"x.c": bytes(200 << 20)})})}),
        "b.zip: it unpacks to more than",
    ),
    "tar entries": (
        "k.tgz",
        lambda: gzip.compress(entry("x")[0].tobuf() * 100_000, 1),
        "more than 20000 entries",
    ),
    "tar large": ("k.tgz", lambda: gzip.compress(large("x.c", 1 << 40)), "unpacks to more than"),
    "tar many": (
        "k.tbz2",
        lambda: bz2.compress((large("x.c", 10 << 20) + bytes(10 << 20)) * 30),
        "unpacks to more than 192 MiB",
    ),
    "tar xz": (
        "k.txz",
        lambda: lzma.compress((large("x.c", 10 << 20) + bytes(10 << 20)) * 30, preset=0),
        "unpacks to more than 192 MiB",
    ),
    "long name": (
        "k.tgz",
        lambda: gzip.compress(
            large("x", 100 << 20, tarfile.GNUTYPE_LONGNAME) + bytes(200 << 20), 1
        ),
        "a name in it is longer than 4 MiB",
    ),
    "headers": (
        "k.tgz",
        lambda: gzip.compress(large("x", 0, tarfile.XHDTYPE) * 50_000, 1),
        "headers follow headers without end",
    ),
}


def large(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return the header of an entry and nothing of its content."""
    return entry(name, size=size, type=kind)[0].tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_soon_and_in_little_memory(tmp_path: Path, case: str) -> None:
    name, make, words = BOMBS[case]
    (tmp_path / name).write_bytes(make())
    tracemalloc.start()
    try:
        began = time.process_time()
        (found,) = collect([tmp_path / name])
        seconds = time.process_time() - began
        memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert words in found.refused
    assert seconds < 10  # two without tracemalloc; a bomb would take minutes
    assert memory < 150 << 20


def test_many_archives_in_one_are_counted_together(tmp_path: Path) -> None:
    inner = zipped({"x.bin": bytes(30 << 20)})
    path = tmp_path / "all.zip"
    path.write_bytes(zipped({f"{n}.zip": inner for n in range(9)}))

    found = collect([path])

    assert len(found) == 9
    assert sum("unpacks to more than 192 MiB" in each.refused for each in found) == 3


def test_what_is_read_is_counted_whatever_was_declared() -> None:
    def read(most: int) -> bytes:
        return bytes(most + 1)

    with pytest.raises(Refused, match="more than 32 MiB"):
        bodies([Item("a.c", 10, read)], Budget(None))


def test_links_and_devices_are_left_out_and_said(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        tarred(
            entry("server.c", SERVER),
            entry("passwd", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
            entry("hard", type=tarfile.LNKTYPE, linkname="../../x"),
            entry("pipe", type=tarfile.FIFOTYPE),
            entry("zero", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
        ),
        "k.tar",
    )

    assert (paths(found), found.refused) == (["server.c"], "")
    assert found.notes == (
        "passwd is a link, and links are not followed",
        "hard is a link, and links are not followed",
        "pipe is no file",
        "1 more are left out like these",
    )


def test_a_link_in_a_zip_is_left_out(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("server.c", SERVER)
        info = zipfile.ZipInfo("evil")
        info.external_attr = 0o120777 << 16
        opened.writestr(info, "/etc/passwd")

    found = one(tmp_path, made.getvalue())

    assert paths(found) == ["server.c"]
    assert found.notes == ("evil is a link, and links are not followed",)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_entries_of_one_name_the_last_is_taken(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("server.c", b"int old;")
        opened.writestr("./server.c", SERVER)
    both = (
        one(tmp_path, made.getvalue()),
        one(tmp_path, tarred(entry("server.c", b"int old;"), entry("server.c", SERVER)), "k.tar"),
    )

    for found in both:
        assert [file.data for file in found.files] == [SERVER]
        assert found.notes == ("server.c is in it more than once, and the last one is taken",)


def nameless_zip(name: bytes) -> bytes:
    """A zip whose only name is *name*, without the flag that says that it is UTF-8."""
    stand_in = "x" * len(name)
    return zipped({stand_in: SERVER}).replace(stand_in.encode(), name)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_names_in_korean_are_read_whatever_wrote_them(tmp_path: Path, encoding: str) -> None:
    name = "서버 프로그램.c".encode(encoding)
    raw = name.decode("utf-8", "surrogateescape")

    assert paths(one(tmp_path, nameless_zip(name))) == ["서버 프로그램.c"]
    header = entry("n.c", SERVER)[0].tobuf(tarfile.GNU_FORMAT)
    assert header.startswith(b"n.c")
    made = tarred((entry(raw, SERVER)[0], SERVER), mode="w")
    assert paths(one(tmp_path, made, "k.tar")) == ["서버 프로그램.c"]


def test_a_name_in_no_known_encoding_loses_its_strange_bytes(tmp_path: Path) -> None:
    assert paths(one(tmp_path, nameless_zip(b"caf\x82 1.c"))) == ["caf_ 1.c"]


def test_hangul_that_a_mac_took_apart_is_put_together(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "서버.c")
    assert paths(one(tmp_path, zipped({apart: SERVER}))) == ["서버.c"]


def test_a_large_file_with_64_bit_fields_is_read(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened, opened.open("server.c", "w", force_zip64=True) as to:
        to.write(SERVER)

    assert paths(one(tmp_path, made.getvalue())) == ["server.c"]


def test_a_document_is_no_archive_though_it_is_a_zip(tmp_path: Path) -> None:
    assert archive.kind_of("report.docx", zipped({"a.xml": b""})[:512]) == ""
    assert archive.kind_of("report.zip", zipped({"a.xml": b""})[:512]) == "zip"


@pytest.mark.parametrize(
    "name", ["/a", "a/../b", "..", "\x00", "a\x1fb", "C:x", "a" * 256, "a/" * 501]
)
def test_no_path_leads_out(name: str) -> None:
    with pytest.raises(Refused):
        safe_path(name)


@given(st.text())
def test_a_path_is_safe_or_refused(raw: str) -> None:
    try:
        path = safe_path(raw)
    except Refused:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")


def mutated() -> st.SearchStrategy[tuple[str, bytes]]:
    """Sound archives in which a few bytes are others, or which end early."""
    sound = {
        "k.zip": zipped({"a/server.c": SERVER, "a/b.h": b"x" * 300}),
        "k.tar": tarred(entry("a/server.c", SERVER), entry("a/b.h", b"x" * 300)),
        "k.tgz": tarred(entry("a/server.c", SERVER), mode="w:gz"),
        "k.txz": tarred(entry("a/server.c", SERVER), mode="w:xz"),
    }

    def spoil(name: str, changes: list[tuple[int, int]], end: int) -> tuple[str, bytes]:
        data = bytearray(sound[name])
        for at, value in changes:
            data[at % min(len(data), 1400)] = value
        return name, bytes(data[: len(data) - end % len(data)])

    change = st.tuples(st.integers(0, 5000), st.integers(0, 255))
    ends = st.one_of(st.just(0), st.integers(0, 5000))
    return st.builds(spoil, st.sampled_from(sorted(sound)), st.lists(change, max_size=6), ends)


ANY = st.tuples(
    st.sampled_from(["k.zip", "k.tar", "k.tgz", "k.tbz2", "k.txz", "k.c", "k"]),
    st.binary(max_size=2000),
)


@settings(max_examples=300)
@given(st.one_of(mutated(), ANY))
def test_whatever_bytes_are_handed_in_are_read_or_refused(handed: tuple[str, bytes]) -> None:
    name, data = handed
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / name).write_bytes(data)

        for number, found in enumerate(collect([here / name])):
            assert bool(found.files) is not bool(found.refused)
            write(found, here / "out" / str(number))

        assert {path.name for path in here.iterdir()} <= {name, "out"}
        assert all(path.name.isdigit() for path in here.glob("out/*"))
