"""Whether an asset must be made anew, and why: if its version or a snapshot that it reads is another than last time."""

from collections.abc import Mapping

from jusante.core import interval
from jusante.core.asset import Asset
from jusante.core.run import Action, AssetState
from jusante.core.words import some_are


def why_stale(version: str, state: AssetState | None, inputs: Mapping[str, int | None], *, exists: bool) -> str | None:
    """The reason in words, None where the asset is up to date.

    `inputs` are the current snapshots of the tables it reads, `exists` says whether its own table is there (True for
    what has none).
    """
    if state is None:
        return "never made before"
    if not exists:
        return "its table is gone"
    if state.version != version:
        return "its definition, or one above it, changed"
    if waiting := interval.count(interval.waiting(interval.covered(state.intervals))):
        return f"{some_are(waiting, 'interval')} not done"
    changed = sorted(name for name, snapshot in inputs.items() if state.inputs.get(name) != snapshot)
    if not changed:
        return None
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"new data in {changed[0]}{more}"


def why_ingest(version: str, state: AssetState | None, *, exists: bool) -> str:
    """Why a source is asked. It always is: only the source knows whether it has anything new."""
    if state is None or not exists:
        return "first load"
    if state.version != version:
        return "its definition changed: all is loaded anew"
    return "what is new since the last load"


def action_of(asset: Asset) -> Action:
    """What a run does with an asset."""
    return _ACTIONS[asset.kind]


_ACTIONS: Mapping[str, Action] = {
    "ingested": "ingest",
    "model": "build",
    "view": "check",
    "step": "build",
    "dashboard": "serve",
}
