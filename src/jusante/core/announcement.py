"""A change that a source's owner has announced: what is planned, for when, and what it explains when it comes."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from jusante.core.drift import SHAPE, ShapeChange
from jusante.core.event import Event

ANNOUNCED, WITHDRAWN = "change.announced", "change.withdrawn"
CAME, MISSED = "change.came", "change.missed"

PlannedChange = ShapeChange | Literal["data", "late", "outage"]
CHANGES: tuple[str, ...] = (*get_args(ShapeChange), "data", "late", "outage")
"""What can be announced: a change of columns, other data, data that come late, a source that is away."""
LASTING = frozenset({"late", "outage"})
"""What ends with its time: a source that is away for longer than it was to be is a failure."""
GRACE = dt.timedelta(days=1)
"""So long after its time a change of columns or data is still explained: loads see it later than it comes."""
STATES = Literal["planned", "now", "came", "missed", "withdrawn"]
_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A planned change of a source, one of its tables, or one column. `came` is what of it was seen first."""

    number: int
    source: str
    table: str
    column: str
    change: str
    begin: dt.datetime
    end: dt.datetime
    about: str
    by: str
    at: dt.datetime
    came: str = ""
    is_missed: bool = False
    is_withdrawn: bool = False

    @property
    def id(self) -> str:
        """A name that a person can read out: `A3`."""
        return f"A{self.number}"

    @property
    def subject(self) -> str:
        """`source sales`, `sales.orders` or `sales.orders.total`."""
        return f"{self.table}.{self.column}" if self.column else self.table or f"source {self.source}"

    @property
    def until(self) -> dt.datetime:
        """Until when it explains what is seen."""
        return self.end if self.change in LASTING else self.end + GRACE

    @property
    def sentence(self) -> str:
        """Who announced it when, and what for."""
        return f"announced by {self.by} on {self.at:%Y-%m-%d} ({self.id}): {self.about}"

    def state(self, now: dt.datetime) -> STATES:
        """What has become of it."""
        if self.is_withdrawn:
            return "withdrawn"
        if self.is_missed:
            return "missed"
        if self.came:
            return "came"
        return "planned" if now < self.begin else "now"

    def explains(self, table: str, column: str, change: str, now: dt.datetime) -> bool:
        """Whether it is the reason of a change that is seen now. Pure."""
        return self.begin <= now <= self.until and self.is_of(table, column, change)

    def is_of(self, table: str, column: str, change: str) -> bool:
        """Whether it stands, and announces such a change, in its time or not."""
        about_it = table.partition(".")[0] == self.source and self.table in {"", table}
        return about_it and not self.is_withdrawn and self._names(column, change)

    def told_of(self, seen: dt.datetime) -> str:
        """The sentence, for a change that was seen then: what comes out of its time is not as announced."""
        if self.begin <= seen <= self.until:
            return self.sentence
        its_time = (
            f"it was to have come by {self.end:{_TIME}}" if seen > self.until else f"not before {self.begin:{_TIME}}"
        )
        return f"{self.sentence}; but {its_time} UTC"

    def _names(self, column: str, change: str) -> bool:
        if self.change == "data":
            return change not in SHAPE and change not in LASTING and self.column in {"", column}
        if self.change == "outage":
            return change in LASTING  # a source that is away is late as well
        return change == self.change and self.column in {"", column}

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it; times in ISO 8601, UTC."""
        said = {name: getattr(self, name) for name in self.__slots__ if name != "number"}
        times = {name: said[name].isoformat() for name in ("begin", "end", "at")}
        return {"id": self.id} | said | times


def announcements(events: Iterable[Event]) -> tuple[Announcement, ...]:
    """What stands announced, by events of the ledger, oldest first."""
    found: dict[str, Announcement] = {}
    for event in sorted(events, key=lambda event: event.seq or 0):
        said = event.payload
        if event.kind == ANNOUNCED:
            found[said["id"]] = _announced(said, event.at)
        elif known := found.get(said["id"]):
            found[said["id"]] = _after(known, event)
    return tuple(found.values())


def _announced(said: Mapping[str, Any], at: dt.datetime) -> Announcement:
    names = ("source", "table", "column", "change", "about", "by")
    begin, end = (dt.datetime.fromisoformat(said[name]) for name in ("from", "until"))
    return Announcement(int(said["id"][1:]), begin=begin, end=end, at=at, **{name: said[name] for name in names})


def _after(known: Announcement, event: Event) -> Announcement:
    match event.kind:
        case "change.withdrawn":
            return replace(known, is_withdrawn=True)
        case "change.came":
            return replace(known, came=known.came or event.payload["what"])
        case "change.missed":
            return replace(known, is_missed=True)
    return known


def payload(announcement: Announcement) -> dict[str, str]:
    """What the ledger keeps of it."""
    names = ("id", "source", "table", "column", "change", "about", "by")
    return {name: getattr(announcement, name) for name in names} | {
        "from": announcement.begin.isoformat(),
        "until": announcement.end.isoformat(),
    }


def nearest_to(
    known: Iterable[Announcement], table: str, column: str, change: str, seen: dt.datetime
) -> Announcement | None:
    """What announced a change that was seen then: what explains it, else the latest that had another time. Pure."""
    fitting = [each for each in known if each.is_of(table, column, change)]
    return max(fitting, key=lambda each: (each.explains(table, column, change, seen), each.at), default=None)


def overdue(known: Iterable[Announcement], now: dt.datetime) -> tuple[Announcement, ...]:
    """Those whose time has passed, and of which nothing was seen. Pure."""
    return tuple(each for each in known if now > each.until and not (each.came or each.is_missed or each.is_withdrawn))
