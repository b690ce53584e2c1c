"""Looks at what has arrived before it is published, remembers it, and tells what is not as it was."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.core.profile import Profile
from jusante.core.source import SourceTable
from jusante.errors import DataChanged
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.history import ACCEPTED, Acceptance, acceptances
from jusante.ingestion.data_drift.judging import judge
from jusante.ingestion.data_drift.measuring import about, measure
from jusante.ingestion.data_drift.surprise import confidence
from jusante.ports.engine import Session
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.relation import FilePlan

PROFILED = "table.profiled"
FOUND = "drift.found"
LOADS = 60
"""How many loads make the history; those before have had their time."""
ACCEPTANCES = 100
_SUBJECTS = {
    "volume": "number of rows",
    "nulls": "null share",
    "distinct": "different values",
    "range": "range",
    "categories": "categories",
    "distribution": "distribution",
}


class DataWatch:
    """Watches the data of all tables: what each load looked like is kept in the ledger, and the next is held against it."""

    def __init__(self, metadata: MetadataStore, clock: Callable[[], dt.datetime]) -> None:
        self._metadata = metadata
        self._clock = clock

    def over(self, name: str, table: SourceTable, run_id: str, landing: str, *, whole: bool) -> "Watched":
        """A load of a table that is to be looked at. `landing` is a folder for a sample, which the caller removes."""
        return Watched(self._metadata, name, table, run_id, landing, whole, self._clock())


@dataclass(slots=True)
class Watched:
    """One load: looked at before it is published, told once it is."""

    metadata: MetadataStore
    name: str
    table: SourceTable
    run_id: str
    landing: str
    whole: bool
    at: dt.datetime
    profile: Profile | None = None
    findings: tuple[Finding, ...] = field(default=())

    def look(self, session: Session, relation: str, plan: FilePlan | None) -> None:
        """Measure and judge what has arrived. Raises DataChanged, and has it told, where the table's policy holds it."""
        if self.table.drift.data == "off":
            return
        asked = about(self.table, self.at, whole=self.whole, landing=self.landing)
        self._judge(measure(session, self.name, relation, plan, asked))
        if self.findings and self.table.drift.data == "hold":
            assert self.profile is not None
            self.profile = replace(self.profile, held=True)
            self.tell()
            raise DataChanged(
                "; ".join(map(sentence, self.findings))
                + ". Nothing was published: readers keep the last good snapshot",
                where=self.name,
                fix=f"correct it at the source, or, if it is right: jusante drift accept {self.name}",
            )

    def look_at_nothing(self) -> None:
        """Nothing new has come."""
        if self.table.drift.data != "off":
            self._judge(Profile(self.at, 0, self.whole, {}))

    def _judge(self, now: Profile) -> None:
        past, accepted = known(self.metadata, self.name)
        pause = (now.at - past[-1].at).total_seconds() if past else None
        now = replace(now, pause_seconds=pause)
        found = judge(past, now, self._keys(), accepted)
        self.profile = replace(now, flagged={name: (deviation.change,) for name, deviation in found.items()})
        self.findings = tuple(self._finding(column, deviation) for column, deviation in found.items())

    def _keys(self) -> frozenset[str]:
        cursor = self.table.ingest.cursor
        return frozenset(name.lower() for name in (*self.table.key, *([cursor] if cursor else ())))

    def _finding(self, column: str, deviation: Deviation) -> Finding:
        return Finding(
            table=self.name,
            column=column,
            change=deviation.change,
            policy=self.table.drift.data,
            before=deviation.before,
            after=deviation.after,
            confidence=confidence(deviation.score),
        )

    def tell(self) -> tuple[str, ...]:
        """Write into the ledger what was seen and found; the findings as notices."""
        if self.profile is None:
            return ()
        events = [Event(PROFILED, self.at, self.run_id, self.name, self.profile.as_payload())]
        events += [
            Event(FOUND, self.at, self.run_id, self.name, finding.as_dict(), column=finding.column or None)
            for finding in self.findings
        ]
        self.metadata.tell(events)
        return tuple(f"{sentence(finding)} ({finding.confidence:.0%} sure)" for finding in self.findings)


def known(metadata: MetadataStore, name: str) -> tuple[list[Profile], Mapping[str, Acceptance]]:
    """The last loads of a table, oldest first, and what was accepted of them."""
    events = reversed(metadata.latest(PROFILED, LOADS, asset=name))
    profiles = (Profile.from_payload(event.at, event.payload) for event in events)
    accepted = acceptances(metadata.latest(ACCEPTED, ACCEPTANCES, asset=name))
    return [profile for profile in profiles if profile], accepted


def sentence(finding: Finding) -> str:
    """A finding about data in words: `null share of country: 0.1 % (21 loads between 0 % and 0.3 %) → 34 %`."""
    of = f" of {finding.column}" if finding.column else ""
    return f"{_SUBJECTS[finding.change]}{of}: {finding.before} → {finding.after}"
