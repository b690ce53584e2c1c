"""An asset that fails now and then, much more often than it did."""

from collections.abc import Sequence

from jusante.core.words import counted

RECENT = 10
LEAST_FAILURES = 3
LEARNT = 15
"""So many tasks have to be known before anything is said."""
TIMES = 3.0


def unsteady(succeeded: Sequence[bool]) -> str | None:
    """What to say of an asset; None where it is as steady as ever. `succeeded` says it of each task, newest first.

    One that fails at the moment has an incident of its own; one failure after the other is one failure that lasted.
    """
    if len(succeeded) < LEARNT or not succeeded[0]:
        return None
    recent, before = list(succeeded[:RECENT]), list(succeeded[RECENT:])
    failures, earlier = _begun(recent), _begun(before)
    if failures < LEAST_FAILURES or failures / len(recent) < TIMES * earlier / len(before):
        return None
    return f"it failed anew {counted(failures, 'time')} in its last {len(recent)} tries, and {earlier} in the {len(before)} before"


def _begun(tries: Sequence[bool]) -> int:
    """How often a failure began; newest first, so it began where the try before, the next in the list, went well."""
    return sum(not now and (before is None or before) for now, before in zip(tries, [*tries[1:], None], strict=True))
