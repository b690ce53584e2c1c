"""What models give, measured while its rows are at hand: a profile for the ledger, which the next ones are held against.

The profile and its rules are those of loads. It is a look at a sample, so often as the ledger can bear it: a model may be
built every few minutes. A changed definition, and what was odd the last time, is looked at each time.
"""

import datetime as dt
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jusante.core.asset import Asset
from jusante.core.check import AcceptedValues
from jusante.core.event import Event
from jusante.core.names import quote_table
from jusante.core.profile import Profile
from jusante.ingestion.data_drift.measuring import FEWEST_VALUES, Measured, measure
from jusante.management.publish import STAGED, Draft, Measuring
from jusante.ports.engine import Session
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.relation import FilePlan
from jusante.transformation.build import Job

PROFILED, DEVIATED = "model.profiled", "model.deviated"
SAMPLE_ROWS = 5_000
"""Fewer than of a load: a model is built more often than its sources are read first, and shares to a percent are enough."""
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
MOST_A_DAY = 24
"""After so many profiles in a day one an hour is made: models that are built by hand or by the hour are measured each time."""
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

    def of(self, job: Job) -> Measuring | None:
        """How a job's rows are measured; None where they are not."""
        if job.asset.kind != "model" or kind_of(job.asset) not in KINDS:
            return None
        return lambda session, draft, staged: self._profile(job, session, draft, staged)

    def _profile(self, job: Job, session: Session, draft: Draft, staged: FilePlan) -> Profile | None:
        """The profile of what was staged. The first time there is nothing that it could ever be held against alone."""
        at = self._clock()
        if draft.current is None or staged.rows < FEWEST_VALUES or not self._is_due(job, at):
            return None
        landing = self._scratch(draft.name) / "profile"
        about = self._about(job, at, str(landing), draft, staged)
        relation = f"{STAGED}.{draft.name}"
        try:
            if not draft.new_rows:
                return measure(session, draft.name, relation, staged, about)
            session.add_view(NEW, f"select * from {quote_table(relation)} where {draft.new_rows}")
            found = measure(session, draft.name, NEW, None, about)
            return found if found.rows >= FEWEST_VALUES else None
        finally:
            shutil.rmtree(landing, ignore_errors=True)

    def _is_due(self, job: Job, now: dt.datetime) -> bool:
        latest, name = self._metadata.latest, job.asset.id
        last = latest(PROFILED, 1, asset=name)
        if not last or last[0].payload.get("version") != job.version or now - last[0].at >= HOUR:
            return True
        return is_due(latest(PROFILED, MOST_A_DAY, asset=name), latest(DEVIATED, 1, asset=name), now)

    def _about(self, job: Job, at: dt.datetime, landing: str, draft: Draft, staged: FilePlan) -> Measured:
        checks = [check for check in job.asset.audited if isinstance(check, AcceptedValues)]
        return Measured(
            at=at,
            whole=draft.remove is None,
            landing=landing,
            hidden=frozenset(name.lower() for name in self._unkept(job.asset, staged.schema.names)),
            declared={check.column.lower(): frozenset(map(str, check.values)) for check in checks},
            sample_rows=SAMPLE_ROWS,
        )


def is_due(profiles: Sequence[Event], deviated: Sequence[Event], now: dt.datetime) -> bool:
    """Whether a model of the same version is measured again; both newest first, `MOST_A_DAY` profiles at the most. Pure."""
    if now - profiles[0].at >= HOUR or sum(now - each.at < DAY for each in profiles) < MOST_A_DAY:
        return True
    return any(event.payload["profiled"] == profiles[0].at.isoformat() for event in deviated)


def kind_of(asset: Asset) -> str:
    """How a model is built: `full` where nothing else is said."""
    return str(getattr(getattr(asset.definition, "header", None), "kind", "full"))


def profiled(asset: str, version: str, run_id: str, profile: Profile) -> Event:
    """What the ledger keeps of it."""
    return Event(PROFILED, profile.at, run_id, asset, profile.as_payload() | {"version": version})
