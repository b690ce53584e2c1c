"""The quality of assets by dimension, worked out from what the ledger knows of their audits and of the times they were made."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.management.quality.told import DIMENSIONS

Trend = Literal["better", "worse", "steady"]
LEAST_FOR_TREND = 4
_MISSING = {"nulls": "complete", "volume": "complete"}
"""Changes of values that are about what is missing; all else is about what is there."""
NOTICED = 0.02
"""A share of checks that changes by less is steady."""


@dataclass(frozen=True, slots=True)
class Score:
    """How many of so many hold."""

    held: int = 0
    asked: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.held + other.held, self.asked + other.asked)

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nothing is asked."""
        return self.held / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Checked:
    """One audit: how it went."""

    at: dt.datetime
    run_id: str | None
    score: Score
    rows_aside: int

    def as_dict(self) -> dict[str, Any]:
        """The audit as `--json` prints it."""
        return {
            "at": self.at.isoformat(),
            "run": self.run_id,
            "passed": self.score.held,
            "failed": self.score.asked - self.score.held,
            "rows_quarantined": self.rows_aside,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """The last check that did not hold."""

    at: dt.datetime
    check: str
    failed_rows: int
    rows: int

    def as_dict(self) -> dict[str, Any]:
        """The failure as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Quality:
    """One asset. `history` is oldest first; `made` is when it was last made, None where it never was; `wanting` says, in
    words, what keeps a dimension from being whole, beside checks; `odd` what is not as it usually is in its values."""

    asset: str
    kind: str
    owner: str | None
    dimensions: Mapping[str, Score]
    history: tuple[Checked, ...]
    last_failure: Failure | None
    made: dt.datetime | None
    trend: Trend
    wanting: tuple[str, ...]
    odd: tuple[Finding, ...] = ()

    @property
    def rows_aside(self) -> int:
        """How many rows the last audit set aside."""
        return self.history[-1].rows_aside if self.history else 0

    def as_dict(self, now: dt.datetime) -> dict[str, Any]:
        """The asset as `--json` prints it."""
        return {
            "asset": self.asset,
            "kind": self.kind,
            "owner": self.owner,
            "dimensions": {name: scored(score) for name, score in self.dimensions.items()},
            "rows_quarantined": self.rows_aside,
            "made": self.made.isoformat() if self.made else None,
            "age_seconds": round((now - self.made).total_seconds()) if self.made else None,
            "last_failure": self.last_failure.as_dict() if self.last_failure else None,
            "trend": self.trend,
            "wanting": list(self.wanting),
            "odd": [each.as_dict() for each in self.odd],
            "history": [each.as_dict() for each in self.history],
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an asset beside its audits. `facts` say, of a dimension, whether something holds, and what it is.

    `odd` is what was found in its values the last time that they were measured.
    """

    asset: str
    kind: str
    owner: str | None
    made: dt.datetime | None
    facts: Sequence[tuple[str, bool, str]]
    odd: Sequence[Finding] = ()


def quality(known: Known, audits: Iterable[Event]) -> Quality:
    """The quality of an asset. `audits` are the entries of its last audits, oldest first."""
    events = list(audits)
    history = tuple(_checked(event) for event in events)
    scores = dict.fromkeys(DIMENSIONS, Score())
    for check in events[-1].payload["checks"] if events else ():
        scores[check["dimension"]] += Score(int(check["passed"]), 1)
    for dimension, holds, _ in known.facts:
        scores[dimension] += Score(int(holds), 1)
    for finding in known.odd:
        scores[_MISSING.get(finding.change, "accurate")] += Score(0, 1)
    return Quality(
        asset=known.asset,
        kind=known.kind,
        owner=known.owner,
        dimensions=scores,
        history=history,
        last_failure=_last_failure(events),
        made=known.made,
        trend=trend([each.score.share for each in history if each.score.share is not None]),
        wanting=tuple(what for _, holds, what in known.facts if not holds),
        odd=tuple(known.odd),
    )


def trend(shares: Sequence[float]) -> Trend:
    """Whether more checks hold in the second half of a history than in the first."""
    if len(shares) < LEAST_FOR_TREND:
        return "steady"
    half = len(shares) // 2
    change = sum(shares[half:]) / (len(shares) - half) - sum(shares[:half]) / half
    return "steady" if abs(change) < NOTICED else "better" if change > 0 else "worse"


def total(qualities: Iterable[Quality]) -> dict[str, Score]:
    """All together, by dimension."""
    scores = dict.fromkeys(DIMENSIONS, Score())
    for each in qualities:
        for name, score in each.dimensions.items():
            scores[name] += score
    return scores


def scored(score: Score) -> dict[str, Any]:
    """A score as `--json` prints it."""
    return {"held": score.held, "asked": score.asked, "share": score.share}


def _checked(event: Event) -> Checked:
    checks = event.payload["checks"]
    score = Score(sum(bool(check["passed"]) for check in checks), len(checks))
    return Checked(event.at, event.run_id, score, int(event.payload["aside"]))


def _last_failure(events: Sequence[Event]) -> Failure | None:
    for event in reversed(events):
        for check in event.payload["checks"]:
            if not check["passed"]:
                return Failure(event.at, check["check"], int(check["failed_rows"]), int(event.payload["rows"]))
    return None
