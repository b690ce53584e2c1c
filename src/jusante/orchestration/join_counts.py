"""The rows counted at the joins of a build: kept in the ledger, and compared with the builds before."""

import datetime as dt
from collections.abc import Sequence

from jusante.core.asset import Asset
from jusante.core.event import Event
from jusante.orchestration.profiling import kind_of
from jusante.ports.engine import Operator
from jusante.ports.metadata_store import MetadataStore
from jusante.transformation.row_growth.counts import MOST_HISTORY, JoinCount, joins_of, jumps, shares_of

JOINS_COUNTED = "joins.counted"


def counted(asset: str, version: str, run_id: str, at: dt.datetime, operator: Operator) -> Event:
    """What a build has counted, as an event. It holds no value of any row."""
    payload = {
        "version": version,
        "joins": [count.as_dict() for count in joins_of(operator)],
        "operators": shares_of(operator),
    }
    return Event(JOINS_COUNTED, at, run_id, asset, payload)


def noticed(metadata: MetadataStore, asset: Asset, version: str, profile: Operator | None) -> tuple[str, ...]:
    """What is to be told: joins that multiply rows as they did not in the last builds of the same version."""
    now = joins_of(profile) if profile else ()
    if not now:
        return ()
    events = metadata.latest(JOINS_COUNTED, MOST_HISTORY, asset=asset.id)
    before = [joins_kept(event) for event in events if event.payload.get("version") == version]
    return jumps(now, before, whole=kind_of(asset) == "full")


def joins_kept(event: Event) -> Sequence[JoinCount]:
    """The counts that an event has kept."""
    return [JoinCount.of(kept) for kept in event.payload.get("joins", ())]
