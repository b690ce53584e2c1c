"""What a load looked like, in figures: enough to tell whether the next one is alike, and nothing that names a person."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ColumnKind = Literal["number", "time", "text", "flag", "other"]

FORM = 1
"""The form in which profiles are kept; those of another form are not read."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of one load.

    `rows` were looked at, `filled` of them held a value (NaN and infinity are none), `distinct` different ones; None
    where that is not known. `marks` count the values that are zero, negative, whole numbers, empty texts.
    `quantiles` are 21 from the least to the greatest value, 5 % apart: of numbers; of times as days from the load, past
    ones negative; of texts as their lengths. `counts` are how often each value came, where there are few; texts by a
    hash. `hours` are how many times lay in each hour of the day.
    """

    kind: ColumnKind
    rows: int
    filled: int
    distinct: int | None = None
    marks: Mapping[str, int] = field(default_factory=dict)
    quantiles: tuple[float, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    hours: tuple[int, ...] = ()

    @property
    def median(self) -> float:
        """The value in the middle; only where there are quantiles."""
        return self.quantiles[len(self.quantiles) // 2]

    def as_payload(self) -> dict[str, Any]:
        """Short, for the ledger; what is empty is left out."""
        found = {
            "k": self.kind,
            "n": self.rows,
            "f": self.filled,
            "d": self.distinct,
            "m": dict(self.marks),
            "q": [_short(value) for value in self.quantiles],
            "c": dict(self.counts),
            "h": list(self.hours),
        }
        return {name: value for name, value in found.items() if value not in (None, {}, [])}

    @classmethod
    def from_payload(cls, kept: Mapping[str, Any]) -> "ColumnProfile":
        """What `as_payload` kept."""
        return cls(
            kind=kept["k"],
            rows=kept["n"],
            filled=kept["f"],
            distinct=kept.get("d"),
            marks=kept.get("m", {}),
            quantiles=tuple(float(value) for value in kept.get("q", ())),
            counts=kept.get("c", {}),
            hours=tuple(kept.get("h", ())),
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """One load of a table. `whole`: all of the table came, not only what is new. `rows` is how many rows came in all.
    `pause_seconds` is how long after the load before; None for the first.

    `flagged` says of each column (empty: of the table) which changes were found in it, so that what was odd once does
    not become what the next loads are compared with. `held`: it was not published.
    """

    at: dt.datetime
    rows: int
    whole: bool
    columns: Mapping[str, ColumnProfile]
    pause_seconds: float | None = None
    flagged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held: bool = False

    def as_payload(self) -> dict[str, Any]:
        """Short, for the ledger."""
        return {
            "form": FORM,
            "rows": self.rows,
            "whole": self.whole,
            "pause": self.pause_seconds,
            "columns": {name: column.as_payload() for name, column in self.columns.items()},
            "flagged": {name: list(changes) for name, changes in self.flagged.items()},
            "held": self.held,
        }

    @classmethod
    def from_payload(cls, at: dt.datetime, kept: Mapping[str, Any]) -> "Profile | None":
        """What `as_payload` kept; None for what another version has kept in another form."""
        if kept.get("form") != FORM:
            return None
        try:
            return cls(
                at=at,
                rows=kept["rows"],
                whole=kept["whole"],
                columns={name: ColumnProfile.from_payload(column) for name, column in kept["columns"].items()},
                pause_seconds=kept.get("pause"),
                flagged={name: tuple(changes) for name, changes in kept.get("flagged", {}).items()},
                held=bool(kept.get("held")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


def _short(value: float) -> float | int:
    """Six digits are enough to tell distributions apart, and half as long."""
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
