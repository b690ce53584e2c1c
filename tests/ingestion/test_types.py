"""Types that a project declares are applied exactly, or not at all."""

from pathlib import Path

import pytest

from jusante.core.run import Task
from projects import rows, run, task, write


def loaded(folder: Path, content: str, kind: str, rule: str = "") -> Task:
    """What a run says of a file whose column `v` is declared to be of a type."""
    table = f"t: {{path: t.csv, columns: {{v: {{type: '{kind}'}}}}{rule}}}"
    source = f"source: f\nkind: files\nowner: a@b.example\ntables:\n  {table}\n"
    write(folder, {"jusante.yaml": "name: types\n", "sources/f.yaml": source, "t.csv": "v\n" + content})
    return task(run(folder), "f.t")


def test_a_fraction_is_not_rounded_into_a_whole_number(tmp_path: Path) -> None:
    failed = loaded(tmp_path, "1\n1.5\n", "long")
    assert failed.status == "failed"
    assert "v" in str(failed.error)


def test_rows_with_a_fraction_can_be_set_aside(tmp_path: Path) -> None:
    assert loaded(tmp_path, "1\n1.5\n2.0\nx\n", "long", ", bad_rows: quarantine").status == "succeeded"
    assert rows(tmp_path, "select v from f.t order by v") == [(1,), (2,)]
    assert len(rows(tmp_path, "select * from f.t__quarantine")) == 2


@pytest.mark.parametrize(
    ("kind", "expected"), [("long", 3), ("int", 3), ("decimal(8,2)", 3), ("double", 3), ("string", "3")]
)
def test_a_type_is_applied(kind: str, expected: object, tmp_path: Path) -> None:
    assert loaded(tmp_path, "3\n", kind).status == "succeeded"
    assert rows(tmp_path, "select v from f.t") == [(expected,)]


def test_a_day_of_whole_numbers_is_no_change_of_type(tmp_path: Path) -> None:
    source = "source: f\nkind: files\nowner: a@b.example\ntables:\n  t: {path: 't*.csv', ingest: {mode: incremental}}\n"
    write(tmp_path, {"jusante.yaml": "name: types\n", "sources/f.yaml": source, "t1.csv": "v\n1.5\n"})
    run(tmp_path)
    write(tmp_path, {"t1.csv": "v\n1\n", "t2.csv": "v\n2\n"})
    second = task(run(tmp_path), "f.t")
    assert second.status == "succeeded", second
    assert rows(tmp_path, "select v from f.t order by v") == [(1.0,), (2.0,)]
