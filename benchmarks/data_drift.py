"""Changes of data with known answers, and loads that did not change: how many are found, how many false alarms there are.

The loads are those of `tests/loads.py` and the changes those of `tests/changes.py`, with other seeds than the tests use. Each
load goes through the engine into a profile, and the profile through the rules, as in `jusante run`.
"""

import collections
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import measure
from measure import Target

sys.path.insert(0, str(measure.ROOT / "tests"))
import numpy as np

from changes import CHANGES
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ports.engine import Session
from loads import SHAPES
from profiles import changed, days

HISTORY = 24
CHANGE_SEEDS = range(100, 102)
UNCHANGED_SEEDS = range(200, 204)
UNCHANGED_LOADS = 45
SILENT_LOADS = 7


def main() -> None:
    with _session() as session:
        measure.tell("changes")
        found, sizes = _found(session)
        measure.tell("unchanged loads")
        alarms, judged = _alarms(session)
    _publish(found, alarms, judged, sizes)


@contextmanager
def _session() -> Iterator[Session]:
    engine = DuckDBEngine(EngineSettings(memory="1GB", threads=1))
    with engine.session() as session:
        yield session
    engine.close()


def _found(session: Session) -> tuple[dict[str, list[int]], dict[str, int]]:
    """By kind of change, how many there were and how many were found; by shape, the bytes of a profile."""
    found: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
    sizes: dict[str, int] = {}
    for seed in CHANGE_SEEDS:
        for name, shape in SHAPES.items():
            loads = list(days(session, shape, np.random.default_rng(seed), HISTORY + 1))
            past, columns = [profile for profile, _, _ in loads[:-1]], loads[-1][2]
            sizes[name] = len(json.dumps(past[-1].as_payload()))
            for change in (each for each in CHANGES if each.shape == name):
                is_found, _ = changed(session, change, past, columns, seed)
                if not is_found:
                    measure.tell(f"not found: {change.name} ({name}, {seed})")
                found[change.as_[0]][0] += 1
                found[change.as_[0]][1] += is_found
    return found, sizes


def _alarms(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """By shape, in how many loads something was found though nothing had changed, and how many loads were judged."""
    alarms: dict[str, int] = collections.Counter()
    judged: dict[str, int] = collections.Counter()
    for seed in UNCHANGED_SEEDS:
        for name, shape in SHAPES.items():
            loads = days(session, shape, np.random.default_rng(seed), UNCHANGED_LOADS)
            for _, found, _ in list(loads)[SILENT_LOADS:]:
                judged[name] += 1
                alarms[name] += bool(found)
    return alarms, judged


def _publish(
    found: dict[str, list[int]], alarms: dict[str, int], judged: dict[str, int], sizes: dict[str, int]
) -> None:
    all_changes, all_found = (sum(each[place] for each in found.values()) for place in (0, 1))
    all_judged, all_alarms = sum(judged.values()), sum(alarms.values())
    kinds = [[kind, made, seen, f"{100 * seen / made:.1f} %"] for kind, (made, seen) in found.items()]
    shapes = [[n, judged[n], alarms[n], f"{100 * alarms[n] / judged[n]:.2f} %", sizes[n]] for n in judged]
    targets = [
        Target("changes found", 95, 100 * all_found / all_changes, "%", at_least=True),
        Target("loads with a false alarm", 2, 100 * all_alarms / all_judged, "%"),
    ]
    measure.publish(
        "data_drift",
        f"{all_changes} changes ({len(CHANGES)} kinds, {len(CHANGE_SEEDS)} seeds), each in the load after {HISTORY} that did not "
        "change. Found means: a finding of the right kind on the right column. The rules were made with these kinds in view, "
        "on other seeds.",
        measure.table(["change", "made", "found", "share"], kinds),
        f"{all_judged:,} loads that did not change, a day apart, {UNCHANGED_LOADS} of each table, the first {SILENT_LOADS} of which "
        "are too few to judge. A load with any finding on any column is a false alarm.",
        measure.table(["table", "loads judged", "false alarms", "share", "bytes a profile"], shapes),
        measure.targets_table(targets),
    )


if __name__ == "__main__":
    main()
