"""Archives, read where they are: names first, then bytes, and nothing is written to the disk.

Whoever made an archive may want to harm its reader. So each declared size is checked before
anything is unpacked, each real one is counted while it is, no single read is large, a stream goes
forward only, and a name never becomes a path that leads out.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from forklab.submissions.items import CHUNK, Item, Refused, safe_path
from forklab.submissions.names import decoded
from forklab.submissions.streams import MAX_ENTRIES, UNPACKED, Forward, Guarded

ENDINGS = (
    ".zip", ".tar", ".tgz", ".tar.gz", ".tbz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz",
)  # fmt: skip
DOCUMENTS = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".hwpx", ".jar", ".apk", ".epub")
MAGIC = {
    b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x1f\x8b": "gz", b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
}  # fmt: skip
FOREIGN = {
    b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7-Zip", b"ALZ\x01": "ALZ", b"EGGA": "EGG",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}  # fmt: skip
ENCRYPTED = 0x1
UTF8 = 0x800
# What the readers of the standard library say to bytes that are no archive.
BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError,
    OSError, ValueError, OverflowError, NotImplementedError, RuntimeError, LookupError, TypeError,
    MemoryError, AssertionError,
)  # fmt: skip


def kind_of(name: str, head: bytes) -> str:
    """Return what kind of archive a file is, "" if it is none.

    Args:
        name: of the file.
        head: its first 512 bytes.

    Returns:
        `zip`, `gz`, `bz2`, `xz`, `tar`; the name of a kind that is not read, such as `RAR`; `?` if
        only its name says that it is an archive.
    """
    small = name.lower()
    if small.endswith(DOCUMENTS):
        return ""
    for magic, kind in (MAGIC | FOREIGN).items():
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "tar"
    return "tar" if small.endswith(".tar") else "?" if small.endswith(ENDINGS) else ""


def stem(name: str) -> str:
    """Return the name of an archive without its ending."""
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name.rpartition(".")[0] or name


def listing(file: BinaryIO, name: str) -> list[Item]:
    """Return what is in an archive.

    Args:
        file: it, open; it must stay open as long as items are read.
        name: how to speak of it.

    Raises:
        Refused: it cannot be read, or is made to do harm.
    """
    file.seek(0)
    kind = kind_of(name, file.read(512))
    if kind in FOREIGN.values():
        raise Refused(f"{name} is a {kind} archive; zip, tar, tar.gz, tar.bz2, tar.xz are taken")
    if kind in ("", "?"):
        raise Refused(f"{name} is no archive that can be read: it is cut off, damaged or empty")
    try:
        found = _of_zip(file, name) if kind == "zip" else _of_tar(file, name, kind)
    except Refused as refused:
        raise Refused(f"{name}: {refused}") from None
    except BROKEN as error:
        raise Refused(f"{name} cannot be read as an archive: {_said(error)}") from None
    if sum(item.size for item in found) > UNPACKED:
        raise Refused(f"{name}: it unpacks to more than {UNPACKED >> 20} MiB")
    return _last_of_each(found)


def _said(error: BaseException) -> str:
    """Return what *error* says, on one line and short."""
    if isinstance(error, RecursionError):
        return "headers follow headers without end"
    words = " ".join(str(error).split())[:100]
    return ascii(words)[1:-1] or type(error).__name__


def _last_of_each(items: list[Item]) -> list[Item]:
    """Return *items* with each path once: the last one, as tar(1) unpacks what was added later."""
    by_path = {item.path: item for item in items}
    twice = {item.path for item in items if by_path[item.path] is not item}
    found = list(by_path.values())
    for path in sorted(twice):
        left_out = "is in it more than once, and the last one is taken"
        found.append(Item(path, 0, _nothing, by_path[path].order, left_out))
    return found


def _nothing(most: int) -> bytes:
    return b""


def _of_zip(file: BinaryIO, name: str) -> list[Item]:
    opened = zipfile.ZipFile(Guarded(file))
    entries = opened.infolist()
    _demand_few(len(entries))
    found = []
    for order, info in enumerate(entries):
        raw = info.orig_filename
        if not info.flag_bits & UTF8:  # the reader took its bytes for the first PC's character set
            raw = decoded(raw.encode("cp437"))
        # some programs for Windows write their own separator, against the specification
        path = safe_path(decoded(raw.encode("utf-8", "surrogateescape")).replace("\\", "/"))
        if info.is_dir() or not path or raw.endswith("\\"):
            continue
        found.append(_zipped(opened, info, path, order))
    return found


def _zipped(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, order: int) -> Item:
    mode = info.external_attr >> 16
    left_out = refused = ""
    if stat.S_ISLNK(mode):
        left_out = "is a link, and links are not followed"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        left_out = "is no file"
    elif info.flag_bits & ENCRYPTED:
        refused = f"{path} is encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # the reader would unpack a whole block of another method at once, however large
        refused = f"{path} is compressed by method {info.compress_type}; deflate is taken"

    def read(most: int) -> bytes:
        try:
            with opened.open(info) as entry:
                return _at_most(entry.read, most)
        except BROKEN as error:
            raise Refused(f"{path} cannot be unpacked: {_said(error)}") from None

    return Item(path, info.file_size, read, order, left_out, refused)


def _at_most(read: Callable[[int], bytes], most: int) -> bytes:
    """Read to the end, but stop soon after *most* bytes."""
    parts, size = [], 0
    while size <= most and (part := read(min(CHUNK, most + 1 - size))):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _demand_few(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise Refused(f"it has more than {MAX_ENTRIES} entries")


def _unpacked(file: BinaryIO, kind: str) -> BinaryIO:
    """Return *file* as the tar that is in it, from its beginning."""
    file.seek(0)
    if kind == "gz":
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if kind == "bz2":
        return bz2.BZ2File(file)  # type: ignore[return-value]
    return lzma.LZMAFile(file) if kind == "xz" else file  # type: ignore[return-value]


def _members(file: BinaryIO, kind: str) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Walk through a tar, once."""
    stream = Forward(_unpacked(file, kind))
    # not its context manager: that reads on to the end
    tar = tarfile.TarFile(fileobj=stream, encoding="utf-8", errors="surrogateescape")
    count = 0
    while (member := tar.next()) is not None:
        count += 1
        _demand_few(count)
        if member.size < 0:
            raise Refused("an entry in it has a size below zero")
        yield tar, member


def _of_tar(file: BinaryIO, name: str, kind: str) -> list[Item]:
    reader = _Bodies(file, kind)
    found = []
    for order, (_, member) in enumerate(_members(file, kind)):
        raw = member.name.encode("utf-8", "surrogateescape")
        path = safe_path(decoded(raw))
        if member.isdir() or not path:
            continue
        found.append(_tarred(reader, member, path, order))
    return found


def _tarred(reader: _Bodies, member: tarfile.TarInfo, path: str, order: int) -> Item:
    left_out = ""
    if member.issym() or member.islnk():
        left_out = "is a link, and links are not followed"
    elif not member.isreg():
        left_out = "is no file"
    size = 0 if left_out else member.size
    return Item(path, size, lambda most: reader.read(order, most), order, left_out)


class _Bodies:
    """The bytes of a tar's entries: one more walk through it, in which each is asked for once."""

    def __init__(self, file: BinaryIO, kind: str) -> None:
        self._file = file
        self._kind = kind
        self._walk: Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]] | None = None
        self._next = 0

    def read(self, order: int, most: int) -> bytes:
        """Return the bytes of entry number *order*, soon not more than *most*."""
        try:
            if self._walk is None or order < self._next:
                self._walk, self._next = _members(self._file, self._kind), 0
            while self._next <= order:
                tar, member = next(self._walk)
                self._next += 1
            body = tar.extractfile(member)
            return _at_most(body.read, most) if body else b""
        except StopIteration:
            raise Refused("it ends too early") from None
        except BROKEN as error:
            raise Refused(f"it cannot be unpacked: {_said(error)}") from None
