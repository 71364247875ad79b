"""Whether a log is one, by the schema that is published: forklab/schemas/events-1.schema.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PATH = Path(__file__).resolve().parent.parent / "schemas" / "events-1.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of one line."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def faults(lines: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong in a log; nothing if it is right.

    Beside the schema: the first line is the header, ids count from 1, `t` never goes back and lies
    between `after` and `before`.
    """
    parts = schema()["$defs"]
    header, event = (Draft202012Validator(parts[name]) for name in ("header", "event"))
    last, number = 0.0, 0
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except ValueError as error:
            yield f"line {number}: no JSON: {error}"
            continue
        found = list(_by_schema(header if number == 1 else event, value))
        if not found and number > 1:
            found = list(_in_order(value, number - 1, last))
            last = value["t"]
        yield from (f"line {number}: {fault}" for fault in found)
    if not number:
        yield "it is empty, and has no header"


def _by_schema(validator: Draft202012Validator, value: object) -> Iterator[str]:
    for error in validator.iter_errors(value):
        place = "/".join(map(str, error.absolute_path))
        yield f"{place}: {error.message}" if place else error.message


def _in_order(event: dict[str, Any], number: int, last: float) -> Iterator[str]:
    if event["id"] != number:
        yield f"its id is {event['id']}, and it is event {number}"
    if event["t"] < last:
        yield f"t goes back, from {last} to {event['t']}"
    if not event.get("after", event["t"]) <= event["t"] <= event.get("before", event["t"]):
        yield "t does not lie between after and before"
