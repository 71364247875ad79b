"""Only the distribution's own sources go into the image."""

from forklab.sandbox import bootstrap

LISTS = """\
# deb http://example.org/debian bookworm main
deb http://example.org/debian bookworm main contrib  # mine
deb [signed-by=/k.gpg arch=amd64,arm64] https://example.org/debian bookworm-updates main
deb-src http://example.org/debian bookworm main
deb http://example.org/sid sid main
deb [arch=amd64] https://example.org/docker bookworm stable
"""

SOURCES = """\
Types: deb
# a comment in a block
URIs: http://example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://example.org/node
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://example.org/debian
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://example.org/debian
Suites: bookworm
Components: main
"""


def test_lines_of_the_release_are_kept_and_others_are_not() -> None:
    assert [line.split()[-1] for line in bootstrap.one_line(LISTS, "bookworm")] == [
        "mine",
        "main",
    ]
    assert bootstrap.one_line(LISTS, "trixie") == []


def test_a_line_becomes_a_block_with_its_options() -> None:
    kept = bootstrap.one_line(LISTS, "bookworm")
    assert bootstrap.as_block(kept[0]).splitlines() == [
        "Types: deb",
        "URIs: http://example.org/debian",
        "Suites: bookworm",
        "Components: main contrib",
    ]
    assert bootstrap.as_block(kept[1]).splitlines()[-2:] == [
        "Signed-By: /k.gpg",
        "Architectures: amd64 arm64",
    ]


def test_blocks_of_the_release_are_kept_with_their_key() -> None:
    (block,) = bootstrap.deb822(SOURCES, "bookworm")
    assert "comment" not in block
    assert block.startswith("Types: deb\nURIs: http://example.org/debian\n")
    assert block.endswith("-----END PGP PUBLIC KEY BLOCK-----")
    assert bootstrap.deb822(SOURCES, "trixie") == []
