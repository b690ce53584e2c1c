"""The lines of an NDJSON file that are no record, found one by one: the engine counts blank lines in its own way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jusante.ports.engine import Reject
from jusante.sources.files.content import lines_of
from jusante.sources.files.listing import File

MOST_KEPT = 10_000
"""As many rejects as a load takes before it fails."""


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that is no record, and why. `line` counts from 1."""

    line: int
    reason: str
    text: str


def broken_lines(file: File, encoding: str) -> Iterator[BrokenLine]:
    """The broken lines of a file; blank ones are none."""
    for number, line in enumerate(lines_of(file, encoding), start=1):
        if reason := _reason(line):
            yield BrokenLine(number, reason, line.strip())


def copy_sound_lines(file: File, encoding: str, target: Path) -> tuple[Reject, ...]:
    """Copy a file without its broken lines, in UTF-8; these come back, at most MOST_KEPT."""
    rejects: list[Reject] = []
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as copy:
        for number, line in enumerate(lines_of(file, encoding), start=1):
            reason = _reason(line)
            if reason is None:
                copy.write(line.rstrip("\r\n") + "\n")
            elif len(rejects) < MOST_KEPT:
                rejects.append(Reject(file.shown, number, "", reason, line.strip()))
    return tuple(rejects)


def _reason(line: str) -> str | None:
    """Why a line is no record; None where it is one, or blank."""
    if not line.strip():
        return None
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        return f"the JSON is malformed: {error.msg[:1].lower()}{error.msg[1:]}, at character {error.pos + 1}"
    except (ValueError, RecursionError):
        return "the JSON is malformed: it cannot be taken in"
    return None if isinstance(value, dict) else "there is a record that is no JSON object"
