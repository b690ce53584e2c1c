"""The ledger's seals: whatever is done to what was written is told, by its kind and its place."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jusante.core.event import Entry, Event, Segment, faults, sealed

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
Ledger = tuple[list[Segment], list[Entry]]


def ledger(sizes: list[int], unsealed: int = 0) -> Ledger:
    """Segments of these sizes, with gaps between the numbers as a database leaves them, and events after them."""
    entries, segments = [], []
    seq = 0
    for size in [*sizes, unsealed]:
        for _ in range(size):
            seq += 1 if seq % 5 else 2
            event = Event("task.succeeded", NOW, "r1", f"a.{seq}", {"rows": seq}, seq, "me")
            entries.append(Entry(event, event.digest))
    rest = iter(entries)
    for size in sizes:
        part = [next(rest) for _ in range(size)]
        before = segments[-1] if segments else None
        segments.append(sealed(before, [(entry.seq, entry.digest) for entry in part], NOW))
    return segments, entries


def edit(entries: list[Entry], at: int) -> None:
    """Somebody changes what an event says."""
    entries[at] = replace(entries[at], event=replace(entries[at].event, payload={"rows": -1}))


def forge(entries: list[Entry], at: int) -> None:
    """Somebody changes what an event says, and its digest with it."""
    event = replace(entries[at].event, payload={"rows": -1})
    entries[at] = Entry(event, event.digest)


def take_out(entries: list[Entry], at: int) -> None:
    """Somebody deletes an event."""
    del entries[at]


def put_in(entries: list[Entry], at: int) -> None:
    """Somebody writes an event that did not happen, between two numbers."""
    event = replace(entries[at].event, payload={"rows": 0}, seq=entries[at].seq)
    entries.insert(at, Entry(event, event.digest))


def swap(entries: list[Entry], at: int) -> None:
    """Somebody gives two events each other's number."""
    one, other = entries[at], entries[at + 1]
    entries[at] = Entry(replace(other.event, seq=one.seq), other.digest)
    entries[at + 1] = Entry(replace(one.event, seq=other.seq), one.digest)


@given(st.lists(st.integers(1, 7), max_size=5), st.integers(0, 4))
def test_a_ledger_as_it_was_written_has_no_faults(sizes: list[int], unsealed: int) -> None:
    segments, entries = ledger(sizes, unsealed)
    assert list(faults(segments, entries)) == []
    for segment in segments:
        assert list(faults(segments, entries, segment.digest)) == []


@pytest.mark.parametrize(
    ("tamper", "kinds"),
    [
        (edit, ["edited"]),
        (forge, ["broken"]),
        (take_out, ["missing"]),
        (put_in, ["inserted"]),
        (swap, ["reordered"]),
    ],
)
@given(data=st.data())
def test_each_way_to_tamper_is_told_where_it_was_done(
    tamper: Callable[[list[Entry], int], None], kinds: list[str], data: st.DataObject
) -> None:
    segments, entries = ledger([3, 4, 5])
    at = data.draw(st.sampled_from([0, 1, 3, 5, 7, 10]))
    seq = entries[at].seq
    tamper(entries, at)
    found = list(faults(segments, entries))
    assert [fault.kind for fault in found] == kinds
    assert found[0].first_seq <= seq <= found[0].last_seq


def test_a_seal_that_is_gone_is_told() -> None:
    segments, entries = ledger([3, 4, 5])
    assert "missing" in [fault.kind for fault in faults([segments[0], segments[2]], entries)]


def test_a_ledger_written_anew_as_a_whole_does_not_fit_the_head_that_was_kept() -> None:
    kept = ledger([3, 4])[0][-1].digest
    _, entries = ledger([3, 4])
    forge(entries, 2)
    first = sealed(None, [(entry.seq, entry.digest) for entry in entries[:3]], NOW)
    anew = [first, sealed(first, [(entry.seq, entry.digest) for entry in entries[3:]], NOW)]
    assert list(faults(anew, entries)) == []
    assert [fault.kind for fault in faults(anew, entries, kept)] == ["head"]


def test_a_ledger_whose_end_was_cut_off_does_not_fit_the_head_that_was_kept() -> None:
    segments, entries = ledger([3, 4])
    assert [fault.kind for fault in faults(segments[:1], entries[:3], segments[-1].digest)] == ["head"]
