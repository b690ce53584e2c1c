"""What is new since the marker: files that came, changed, were touched or went; and files that are being written."""

import gzip
import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from shelf import Shelf

from jusante.core.schema import Column, Schema
from jusante.errors import SourceUnavailable
from jusante.sources.files.listing import find

INCREMENTAL = {"ingest": {"mode": "incremental"}}
KNOWN = Schema((Column("id", "long"), Column("price", "double")))


@pytest.fixture
def days(shelf: Shelf) -> Shelf:
    shelf.put("day1.csv", "id,price\n1,1.5\n")
    shelf.put("day2.csv", "id,price\n2,2.5\n")
    return shelf


def test_the_first_load_brings_all(days: Shelf) -> None:
    found = days.load("*.csv", **INCREMENTAL)
    assert found.column("id") == [1, 2]
    assert found.reading.complete


def test_later_only_new_and_changed_files_come_and_stand_for_their_old_rows(days: Shelf) -> None:
    before = days.load("*.csv", **INCREMENTAL)
    days.put("day2.csv", "id,price\n20,2.5\n21,2.5\n")
    days.put("day3.csv", "id,price\n3,3.5\n")
    assert not days.unchanged("*.csv", before.marker, **INCREMENTAL)
    found = days.load("*.csv", marker=before.marker, **INCREMENTAL)
    assert found.column("id") == [20, 21, 3]
    assert found.origins == {"day2.csv", "day3.csv"}
    assert (found.reading.complete, found.reading.replaces) == (False, ("_file",))
    assert days.unchanged("*.csv", found.marker, **INCREMENTAL)


def test_a_file_that_was_only_touched_is_not_read_again(days: Shelf) -> None:
    before = days.load("*.csv", **INCREMENTAL)
    os.utime(days.folder / "day1.csv", (1, 1))
    assert days.unchanged("*.csv", before.marker, **INCREMENTAL)
    assert days.load("*.csv", marker=before.marker, **INCREMENTAL).rows == []


@pytest.mark.parametrize(("time", "is_seen"), [(4_000_000_000, True), (1_000_000_000, False)])
def test_a_change_that_leaves_size_and_time_alone_is_seen_while_a_file_is_young(
    time: int, is_seen: bool, days: Shelf
) -> None:
    """A file written twice within a tick of the clock bears the same time. One from tomorrow stays young, for the test."""
    path = days.folder / "day1.csv"
    os.utime(path, (time, time))
    before = days.load("*.csv", **INCREMENTAL)
    path.write_text("id,price\n7,1.5\n")
    os.utime(path, (time, time))
    assert days.unchanged("*.csv", before.marker, **INCREMENTAL) is not is_seen
    assert days.load("*.csv", marker=before.marker, **INCREMENTAL).column("id") == ([7] if is_seen else [])


def test_a_file_that_is_gone_keeps_its_rows_and_is_told(days: Shelf) -> None:
    before = days.load("*.csv", **INCREMENTAL)
    (days.folder / "day1.csv").unlink()
    assert not days.unchanged("*.csv", before.marker, **INCREMENTAL)
    found = days.load("*.csv", marker=before.marker, **INCREMENTAL)
    assert found.rows == []
    assert found.notices == ["files that are gone: day1.csv. Their rows stay; mode full would remove them"]
    assert days.unchanged("*.csv", found.marker, **INCREMENTAL)


def test_a_full_load_brings_all_files_each_time(days: Shelf) -> None:
    before = days.load("*.csv")
    assert days.unchanged("*.csv", before.marker)
    (days.folder / "day1.csv").unlink()
    days.put("day3.csv", "id,price\n3,3.5\n")
    found = days.load("*.csv", marker=before.marker)
    assert found.column("id") == [2, 3]
    assert (found.reading.complete, found.reading.replaces) == (True, ())


def test_a_marker_that_is_not_ours_counts_as_none(days: Shelf) -> None:
    for marker in ("", "null", "[]", "{", '{"day1.csv": 7}', '{"day1.csv": [1]}', '{"x": ["a", "b", "c"]}'):
        assert not days.unchanged("*.csv", marker, **INCREMENTAL)
        assert days.load("*.csv", marker=marker, **INCREMENTAL).reading.complete


def test_a_day_of_whole_numbers_changes_no_type(days: Shelf) -> None:
    before = days.load("*.csv", **INCREMENTAL)
    days.put("day1.csv", "id,price\n1,1\n")
    days.put("day2.csv", "id,price\n2,2\n")
    assert days.schema("*.csv") == {"id": "long", "price": "long"}
    assert days.schema("*.csv", KNOWN) == {"id": "long", "price": "double"}
    found = days.load("*.csv", marker=before.marker, known=KNOWN, **INCREMENTAL)
    assert found.types == {"id": "long", "price": "double"}
    assert found.rows == [(1, 1.0), (2, 2.0)]


def test_a_known_type_that_does_not_hold_the_values_gives_way(days: Shelf) -> None:
    days.put("day1.csv", "id,price\nx1,1.5\n")
    assert days.schema("*.csv", KNOWN) == {"id": "string", "price": "double"}


def test_files_without_rows_keep_the_known_columns(days: Shelf) -> None:
    days.put("day1.csv", "")
    days.put("day2.csv", "\n \n")
    assert days.schema("*.csv", KNOWN) == {"id": "long", "price": "double"}
    found = days.load("*.csv", known=KNOWN)
    assert (found.rows, found.types) == ([], {"id": "long", "price": "double"})
    assert found.notices == ["day1.csv is empty", "day2.csv is empty"]


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """A file to which somebody writes all the time, with each write at another size."""
    is_over, has_begun = threading.Event(), threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for number in itertools.count():
                file.write(b"%d,1.5\n" % number)
                has_begun.set()
                if is_over.is_set() or number > 2_000_000:
                    return

    writer = threading.Thread(target=write)
    writer.start()
    has_begun.wait()
    try:
        yield
    finally:
        is_over.set()
        writer.join()


def fill(path: Path) -> None:
    """So much that looking at it takes longer than many writes to it."""
    path.write_bytes(b"id,price\n" + b"1,1.5\n" * 2_000_000)


def test_a_new_file_that_is_being_written_waits_for_the_next_run(days: Shelf) -> None:
    request = days.request("*.csv")
    fill(days.folder / "day3.csv")
    with growing(days.folder / "day3.csv"):
        reading = days.connector().read(request)
    found = days.take(reading)
    assert found.origins == {"day1.csv", "day2.csv"}
    assert found.notices == ["day3.csv is being written to: it is left for the next run"]
    assert not days.unchanged("*.csv", found.marker)


def test_a_known_file_that_is_being_written_keeps_its_rows_till_the_next_run(days: Shelf) -> None:
    before = days.load("*.csv", **INCREMENTAL)
    request = days.request("*.csv", marker=before.marker, **INCREMENTAL)
    fill(days.folder / "day2.csv")
    with growing(days.folder / "day2.csv"):
        found = days.take(days.connector().read(request))
    assert found.rows == []
    assert not days.unchanged("*.csv", found.marker, **INCREMENTAL)


def test_a_full_load_waits_for_a_known_file_that_is_being_written(days: Shelf) -> None:
    request = days.request("*.csv", marker=days.load("*.csv").marker)
    fill(days.folder / "day2.csv")
    with growing(days.folder / "day2.csv"), pytest.raises(SourceUnavailable, match="being written") as caught:
        days.connector().read(request)
    assert caught.value.where == "day2.csv"


def test_a_file_has_moved_on_when_its_size_or_its_time_is_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id\n1\n"))
    (file,) = find(tmp_path, ("*.gz",))
    assert not file.moved_on()
    os.utime(path, (1, 1))
    assert file.moved_on()
    os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
    with path.open("ab") as more:
        more.write(gzip.compress(b"2\n"))
    os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
    assert file.moved_on()
