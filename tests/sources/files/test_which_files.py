"""Which files a table is made of: globs, names, and what is said where there is none."""

import os
from pathlib import Path

import pytest
from shelf import Shelf, gz

from jusante.errors import SourceUnavailable
from jusante.sources.files.listing import find

ODD_NAMES = [
    "two words.csv",
    "it's.csv",
    'with "quotes".csv',
    "a[1].csv",
    "{x,y}.csv",
    "what?.csv",
    "all*.csv",
    "ünï 日本.csv",
    "100%.csv",
    "semi;colon.csv",
    "two.dots.csv",
    "back\\slash.csv",
    "a: colon.csv",
    "-dash.csv",
]


def test_a_glob_brings_all_files_that_match(shelf: Shelf) -> None:
    for name, text in {"a/1.csv": "id\n1\n", "a/2.csv": "id\n2\n", "b/3.csv": "id\n3\n", "a/4.txt": "id\n4\n"}.items():
        shelf.put(name, text)
    assert shelf.load("a/*.csv").column("id") == [1, 2]
    assert shelf.load("*/*.csv").column("id") == [1, 2, 3]
    assert shelf.load("**/*.csv").origins == {"a/1.csv", "a/2.csv", "b/3.csv"}


def test_several_globs_bring_a_file_once(shelf: Shelf) -> None:
    for number in (1, 2, 3):
        shelf.put(f"{number}.csv", f"id\n{number}\n")
    assert shelf.load(["1.csv", "[12].csv", "3.csv"]).column("id") == [1, 2, 3]


def test_each_of_several_globs_must_match(shelf: Shelf) -> None:
    shelf.put("orders.csv", "id\n1\n")
    error = shelf.refusal(["orders.csv", "returns_*.csv"])
    assert "no file matches returns_*.csv" in error.what


def test_a_glob_can_be_absolute_or_lead_upwards(shelf: Shelf) -> None:
    elsewhere = shelf.put("../elsewhere/a.csv", "id\n1\n").resolve()
    assert shelf.load(str(elsewhere.parent / "*.csv")).origins == {elsewhere.as_posix()}
    assert shelf.load("../elsewhere/*.csv").origins == {"../elsewhere/a.csv"}


def test_hidden_files_and_folders_do_not_match_unless_they_are_named(shelf: Shelf) -> None:
    shelf.put("a.csv", "id\n1\n")
    shelf.put(".b.csv", "id\n2\n")
    shelf.put(".jusante/warehouse/c.csv", "id\n3\n")
    assert shelf.load("**/*.csv").origins == {"a.csv"}
    assert shelf.load(".jusante/**/*.csv").origins == {".jusante/warehouse/c.csv"}
    assert shelf.load(".b.csv").origins == {".b.csv"}
    assert shelf.load(".[b]*").origins == {".b.csv"}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_may_have_any_name(name: str, shelf: Shelf) -> None:
    shelf.put("in[ner] 'x'/" + name, "id,name\n1,é\n")
    shelf.put("in[ner] 'x'/zz.csv", "id,name\n2,è\n")
    found = shelf.load("in*/*.csv")
    assert found.rows == [(1, "é"), (2, "è")]
    assert found.origins == {"in[ner] 'x'/" + name, "in[ner] 'x'/zz.csv"}
    assert shelf.unchanged("in*/*.csv", found.marker)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_that_has_to_be_copied_may_have_any_name(name: str, shelf: Shelf) -> None:
    shelf.put(name, "id,name\n1,é\n", "utf-16")
    shelf.put(name + ".zz.csv", "id,name\n2,è\n", "utf-16")
    found = shelf.load("*.csv")
    assert (found.rows, found.origins) == ([(1, "é"), (2, "è")], {name, name + ".zz.csv"})


def test_a_name_with_wildcards_means_the_file_of_that_name_if_there_is_one(shelf: Shelf) -> None:
    shelf.put("day[1].csv", "id\n1\n")
    shelf.put("day1.csv", "id\n2\n")
    assert shelf.load("day[1].csv").origins == {"day[1].csv"}


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("data/order.csv", "there is orders.csv in data: did you mean that?"),
        ("dada/orders.csv", "there is data in the project's folder: did you mean that?"),
        ("zzz", "in the project's folder there is data"),
        ("data", "add `/*.csv`"),
        ("data/[", "there is orders.csv"),
    ],
)
def test_a_glob_that_matches_nothing_is_told_what_is_near(path: str, fix: str, shelf: Shelf) -> None:
    shelf.put("data/orders.csv", "id\n1\n")
    error = shelf.refusal(path)
    assert path in error.what
    assert fix in error.fix


@pytest.mark.parametrize("path", ["", "a**b/../**c", "x" * 5000, "no\0ne.csv"])
def test_what_is_no_glob_is_refused(path: str, shelf: Shelf) -> None:
    shelf.put("orders.csv", "id\n1\n")
    assert shelf.refusal(path).fix


def test_the_format_goes_by_the_ending_and_several_are_refused(shelf: Shelf) -> None:
    shelf.put("a.csv.gz", gz("id\n1\n"))
    shelf.put("A.TSV", "id\n2\n")
    shelf.put("b.json", '[{"id": 3}]')
    shelf.put("c.dat", "id\n4\n")
    assert shelf.load(["a.csv.gz", "A.TSV"]).column("id") == [1, 2]
    assert "several formats: A.TSV is csv and b.json is json" in shelf.refusal(["A.TSV", "b.json"]).what
    assert "format: csv" in shelf.refusal("c.dat").fix
    assert shelf.load("c.dat", format="csv").column("id") == [4]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.csv.gz"])
def test_a_file_that_may_not_be_read_is_named(name: str, shelf: Shelf) -> None:
    shelf.put(name, "id\n1\n").chmod(0)
    error = shelf.refusal(name)
    assert (error.what, error.where) == ("the file may not be read", name)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(shelf: Shelf) -> None:
    folder = shelf.put("closed/a.csv", "id\n1\n").parent
    folder.chmod(0)
    try:
        assert "may not be read" in shelf.refusal("closed/a.csv").what
    finally:
        folder.chmod(0o700)


def test_a_file_that_went_away_before_it_was_read_is_told_as_passing(shelf: Shelf) -> None:
    path = shelf.put("a.csv", "id\n1\n")
    reading = shelf.connector().read(shelf.request("a.csv"))
    path.unlink()
    with pytest.raises(Exception, match="the file is gone") as caught:
        shelf.take(reading)
    assert getattr(caught.value, "where", "") == "a.csv"


def test_a_link_that_leads_nowhere_is_no_file(shelf: Shelf) -> None:
    shelf.put("a.csv", "id\n1\n")
    (shelf.folder / "b.csv").symlink_to("nowhere.csv")
    assert shelf.load("*.csv").origins == {"a.csv"}


def test_a_file_that_has_gone_counts_as_written_to(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (file,) = find(tmp_path, ("*.csv",))
    file.path.unlink()
    assert file.moved_on()
    assert SourceUnavailable.retryable
