"""Profiles of made-up loads, measured and judged as those of real ones are."""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from changes import Known
from jusante.core.profile import Profile
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.judging import judge
from jusante.ingestion.data_drift.measuring import Measured, measure
from jusante.ports.engine import Session
from jusante.ports.relation import Batches
from loads import SHAPES, Columns, Shape, arrow, moment

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
    session: Session, shape: Shape, random: np.random.Generator, count: int
) -> Iterator[tuple[Profile, dict[str, Deviation], Columns]]:
    """A table's loads, one a day, each with what was found in it."""
    memory: dict[str, object] = {}
    past: list[Profile] = []
    for day in range(count):
        columns = shape.make(random, day, memory)
        now = daily(session, shape, columns, day)
        found = judge(past, now, shape.keys)
        past.append(flagged(now, found))
        yield past[-1], found, columns


def daily(session: Session, shape: Shape, columns: Columns, day: int) -> Profile:
    """The profile of a day's load."""
    return replace(profiled(session, columns, moment(day), whole=shape.whole), pause_seconds=86_400.0)


def changed(
    session: Session, change: Known, past: Sequence[Profile], columns: Columns, seed: int
) -> tuple[bool, dict[str, Deviation]]:
    """Whether a change is found where it must be, and what is found, when it befalls the load after those of the past."""
    made = change.make(np.random.default_rng(seed), dict(columns))
    shape = SHAPES[change.shape]
    found = judge(past, daily(session, shape, made, len(past)), shape.keys)
    return any(name in found and found[name].change in change.as_ for name in change.columns), found
