"""Profiles of made-up loads, measured and judged as those of real ones are."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from jusante.core.profile import Profile
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.judging import judge
from jusante.ingestion.data_drift.measuring import Measured, measure
from jusante.ports.engine import Engine, Session
from jusante.ports.relation import Batches
from loads import Columns, Shape, arrow, moment

Change = Callable[[np.random.Generator, Columns], Columns]
_numbers = itertools.count()


def profiled(session: Session, columns: Columns, at: dt.datetime, *, whole: bool = False) -> Profile:
    """The profile of columns, through the engine."""
    table = arrow(columns)
    name = f"t.l{next(_numbers)}"
    session.add(f"{name}once", Batches(table.schema, iter(table.to_batches())))
    session.rows(f"create table {name} as from {name}once")
    found = measure(session, name, name, None, Measured(at, whole, "", frozenset({"email"})))
    session.rows(f"drop table {name}")
    return found


def flagged(profile: Profile, found: dict[str, Deviation]) -> Profile:
    """A profile that remembers what was found in it."""
    return replace(profile, flagged={name: (deviation.change,) for name, deviation in found.items()})


def days(
    engine: Engine, shape: Shape, seed: int, count: int, change: Change | None = None
) -> Iterator[tuple[Profile, dict[str, Deviation]]]:
    """A table's loads, one a day, each with what was found in it; the change befalls the last of them."""
    random, memory = np.random.default_rng(seed), {}
    past: list[Profile] = []
    with engine.session() as session:
        for day in range(count):
            columns = shape.make(random, day, memory)
            if change and day == count - 1:
                columns = change(random, columns)
            now = replace(profiled(session, columns, moment(day), whole=shape.whole), pause_seconds=86_400.0)
            found = judge(past, now, shape.keys)
            past.append(flagged(now, found))
            yield now, found
