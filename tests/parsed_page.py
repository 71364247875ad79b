"""A page as elements, each closed in order, for what must hold of it without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


@dataclass
class Element:
    """One element: its attributes, and what is in it, text and elements in order."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it; pieces of whitespace are one space, but not in `pre`."""
        text = "".join(part if isinstance(part, str) else part.raw for part in self.inside)
        return " ".join(text.split())

    @property
    def raw(self) -> str:
        """All text in it, as it stands."""
        return "".join(part if isinstance(part, str) else part.raw for part in self.inside)

    def walk(self) -> Iterator[Element]:
        """Yield every element in it, in order."""
        for part in self.inside:
            if isinstance(part, Element):
                yield part
                yield from part.walk()

    def all(self, tag: str = "", name: str = "") -> list[Element]:
        """Return every element with *tag* and with *name* among its classes."""
        return [
            one
            for one in self.walk()
            if (not tag or one.tag == tag)
            and (not name or name in one.attributes.get("class", "").split())
        ]

    def by_id(self, name: str) -> Element:
        """Return the one element with the id *name*."""
        (found,) = (one for one in self.walk() if one.attributes.get("id") == name)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        found = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(found)
        if tag not in VOID:
            self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def parse(page: str) -> Element:
    """Return *page* as one element that holds everything.

    Raises:
        AssertionError: an element is not closed, or not in order.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is not closed"
    return reader.open[0]
