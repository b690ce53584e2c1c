"""Intervals that were made, in the ledger: which, of which version, from which snapshots, and what it took."""

import datetime as dt
from collections.abc import Mapping, Sequence

from jusante.core import interval
from jusante.core.asset import Asset
from jusante.core.event import Event
from jusante.core.interval import Span
from jusante.core.model import SqlModel
from jusante.core.run import AssetState
from jusante.ports.metadata_store import MetadataStore
from jusante.transformation.build import Built
from jusante.transformation.incremental.batches import Batch, Hitch

INTERVAL_DONE = "interval.done"
INTERVAL_RETRIED = "interval.retried"
MEASURED = 20
"""So many of the last batches say how long an interval takes."""


def intervals_done(asset: Asset, version: str, run_id: str, at: dt.datetime, built: Built) -> tuple[Event, ...]:
    """The spans that a build made in one commit, as events."""
    inputs = {name: table.data_id for name, table in built.read.items()}
    return tuple(Event(INTERVAL_DONE, at, run_id, asset.id, said(asset, span, version, inputs)) for span in built.made)


def said(asset: Asset, span: Span, version: str, inputs: Mapping[str, int]) -> dict[str, object]:
    """What an event says of a span that was made."""
    assert isinstance(asset.definition, SqlModel)
    unit = asset.definition.header.unit
    first, last = interval.name(span.first, unit), interval.name(span.end - 1, unit)
    return {"first": first, "last": last, "intervals": len(span), "version": version, "inputs": dict(inputs)}


def batch_done(asset: Asset, version: str, run_id: str, at: dt.datetime, batch: Batch) -> Event:
    """A batch that was committed, with the state that its table is in since then."""
    state = AssetState(
        asset=asset.id,
        version=version,
        inputs=batch.inputs,
        run_id=run_id,
        at=at,
        pointer=batch.published.table.pointer,
        snapshot_id=batch.published.table.snapshot_id,
        intervals=tuple(each.as_list() for each in batch.coverage),
    )
    told = said(asset, batch.span, version, batch.inputs)
    measured = {"rows": batch.rows, "seconds": round(batch.seconds, 3)}
    payload = {**told, **measured, "state": state.as_dict()}
    return Event(INTERVAL_DONE, at, run_id, asset.id, payload, snapshot_id=batch.published.table.snapshot_id)


def batch_retried(run_id: str, at: dt.datetime, hitch: Hitch) -> Event:
    """A batch that failed in passing, and is tried again."""
    payload = {"intervals": hitch.part, "code": hitch.code, "tries": hitch.tries, "seconds": hitch.seconds}
    return Event(INTERVAL_RETRIED, at, run_id, hitch.asset, payload)


def seconds_each(metadata: MetadataStore, asset: str) -> float | None:
    """How many seconds an interval took in the last batches; None where none was measured."""
    events: Sequence[Event] = metadata.latest(INTERVAL_DONE, MEASURED, asset=asset)
    measured = [event.payload for event in events if "seconds" in event.payload]
    number = sum(payload["intervals"] for payload in measured)
    return sum(payload["seconds"] for payload in measured) / number if number else None
