"""What the things of a project cost."""

import datetime as dt
from collections.abc import Callable, Iterable

from jusante.app.system import System
from jusante.architecture.cost.rates import cost
from jusante.core.cost import Stored, Usage
from jusante.core.event import Event
from jusante.core.names import QUARANTINE
from jusante.core.run import Task
from jusante.serving.gate import Answer

STORED = "storage.measured"


def task_price(system: System) -> Callable[[Task], float | None]:
    """Says what a task is worth by the rate card of the environment; None of one that was not measured."""
    rates = system.project.environment.rates

    def price(task: Task) -> float | None:
        return None if task.cpu_seconds is None else float(cost(usage_of(task), rates))

    return price


def usage_of(task: Task) -> Usage:
    """What a task took, as far as it was measured."""
    return Usage(
        cpu_us=round(1e6 * (task.cpu_seconds or 0)),
        bytes_scanned=task.bytes_scanned or 0,
        bytes_written=task.bytes_written or 0,
        requests=task.requests or 0,
    )


def answer_usd(system: System, answer: Answer) -> float:
    """What a question was worth."""
    used = Usage(round(1e6 * answer.cpu_seconds), answer.bytes_scanned, bytes_out=answer.table.nbytes)
    return float(cost(used, system.project.environment.rates))


def measure_storage(system: System, tables: Iterable[str], run_id: str | None, now: dt.datetime) -> None:
    """Tell the ledger how much of these tables lies at rest, of their quarantines, and of those it knows nothing of yet."""
    known = {each.asset: each for each in system.metadata.stored(now, now)}
    there = system.store.pointers()
    names = {*tables, *(f"{name}{QUARANTINE}" for name in tables), *(there.keys() - known.keys())} & there.keys()
    found = [Stored(name, now, *system.store.resting(name)) for name in sorted(names)]
    news = [each for each in found if each.asset not in known or each.as_dict() != known[each.asset].as_dict()]
    gone = [Stored(name, now, 0, 0) for name, each in known.items() if name not in there and each.bytes]
    system.metadata.tell([Event(STORED, now, run_id, each.asset, each.as_dict()) for each in (*news, *gone)])
