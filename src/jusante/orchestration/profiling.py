"""What models give, measured while its rows are at hand: a profile for the ledger, which the next ones are held against.

The profile and its rules are those of loads. Looking is thrifty, because a model may be built every few minutes: once there is
a history, a look is due when the builds since the last one were worth it, and once a day whatever it costs.
"""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jusante.core.asset import Asset
from jusante.core.check import AcceptedValues
from jusante.core.event import Event
from jusante.core.names import quote_table
from jusante.core.profile import Profile
from jusante.ingestion.data_drift.measuring import FEWEST_VALUES, Measured, measure
from jusante.ingestion.data_drift.sampling import scattered
from jusante.management.publish import STAGED, Draft, Look
from jusante.ports.engine import Session
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.relation import FilePlan
from jusante.transformation.build import Job

PROFILED, DEVIATED = "model.profiled", "model.deviated"
SAMPLE_ROWS = 5_000
"""Fewer than of a load: a model is built more often than its sources are read first, and shares to a percent are enough."""
LEARNT = 12
"""So many profiles make a history; until then each build is looked at."""
SHARE = 0.02
"""Of the time of the builds since the last look, what a look may take. To judge it takes about two thirds as much again."""
DAILY = dt.timedelta(hours=20)
MOST_BUILDS = 40
"""So many builds are summed up; what is built so often is looked at once a day, if not before."""
KINDS = frozenset({"full", "append", "by_time"})
"""Those of which it can be said which rows are new; of the others the files that are written hold whatever lies beside it."""
NEW = "__new.rows"


class Profiling:
    """Says of a job how its rows are measured. `unkept` tells which of an asset's columns have values to be kept in no form."""

    def __init__(
        self,
        metadata: MetadataStore,
        unkept: Callable[[Asset, Iterable[str]], frozenset[str]],
        scratch: Callable[[str], Path],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._metadata = metadata
        self._unkept = unkept
        self._scratch = scratch
        self._clock = clock

    def of(self, job: Job) -> Look | None:
        """How a job's rows are measured; None where they are not."""
        if job.asset.kind != "model" or kind_of(job.asset) not in KINDS:
            return None
        return lambda session, draft, staged: self._look(job, session, draft, staged)

    def _look(self, job: Job, session: Session, draft: Draft, staged: FilePlan) -> Event | None:
        """The profile of what was staged. The first time there is nothing that it could ever be held against alone."""
        at, began = self._clock(), time.monotonic()
        if draft.current is None or staged.rows < FEWEST_VALUES:
            return None
        last = next(iter(self._metadata.latest(PROFILED, 1, asset=job.asset.id)), None)
        if last and not self._is_due(job, last, at):
            return None
        profile = self._profile(job, session, draft, staged, at)
        if profile.rows < FEWEST_VALUES:
            return None
        more = {"version": job.version, "number": number_of(last) + 1, "seconds": round(time.monotonic() - began, 4)}
        return Event(PROFILED, at, job.run_id, job.asset.id, profile.as_payload() | more)

    def _profile(self, job: Job, session: Session, draft: Draft, staged: FilePlan, at: dt.datetime) -> Profile:
        landing = self._scratch(draft.name) / "profile"
        about = self._about(job, at, str(landing), draft, staged)
        relation = f"{STAGED}.{draft.name}"
        try:
            if not draft.new_rows:
                return measure(session, draft.name, relation, staged, about)
            session.add_view(NEW, f"select * from {quote_table(relation)} where {draft.new_rows}")
            return measure(session, draft.name, NEW, None, about)
        finally:
            shutil.rmtree(landing, ignore_errors=True)

    def _is_due(self, job: Job, last: Event, now: dt.datetime) -> bool:
        latest, name = self._metadata.latest, job.asset.id
        return last.payload.get("version") != job.version or is_due(
            last,
            now,
            odd=lambda: was_odd(last, latest(DEVIATED, 1, asset=name)),
            built=lambda: _seconds_since(last, latest("task.succeeded", MOST_BUILDS, asset=name)),
        )

    def _about(self, job: Job, at: dt.datetime, landing: str, draft: Draft, staged: FilePlan) -> Measured:
        checks = [check for check in job.asset.audited if isinstance(check, AcceptedValues)]
        return Measured(
            at=at,
            whole=draft.remove is None,
            landing=landing,
            hidden=frozenset(name.lower() for name in self._unkept(job.asset, staged.schema.names)),
            declared={check.column.lower(): frozenset(map(str, check.values)) for check in checks},
            sample_rows=SAMPLE_ROWS,
            sampling=scattered,
        )


def is_due(last: Event, now: dt.datetime, *, odd: Callable[[], bool], built: Callable[[], float]) -> bool:
    """Whether a model of the same version is measured again; `last` is its last profile.

    `odd` says whether something was found then, `built` how many seconds the builds since took; asked only when needed.
    """
    if number_of(last) < LEARNT or now - last.at >= DAILY or odd():
        return True
    worth = float(last.payload.get("seconds", 0)) / SHARE
    return (now - last.at).total_seconds() >= worth and built() >= worth


def number_of(profile: Event | None) -> int:
    """The how many-th profile of its model it is; 0 where there is none."""
    return int(profile.payload["number"]) if profile else 0


def was_odd(profile: Event, deviated: Sequence[Event]) -> bool:
    """Whether something was found in a profile; `deviated` is the last of what was found."""
    return any(event.payload["profiled"] == profile.at.isoformat() for event in deviated)


def _seconds_since(profile: Event, tasks: Iterable[Event]) -> float:
    return sum(
        float(event.payload["task"]["seconds"])
        for event in tasks
        if event.at >= profile.at and event.run_id != profile.run_id
    )


def kind_of(asset: Asset) -> str:
    """How a model is built: `full` where nothing else is said."""
    return str(getattr(getattr(asset.definition, "header", None), "kind", "full"))
