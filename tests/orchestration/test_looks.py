"""Looks at conditions: what fires, what does not, and what cannot be looked at."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from jusante.app import Lake, probing
from jusante.app.conductor import Conductor, Notice
from jusante.app.probing import Looked, look
from jusante.core.event import Event
from jusante.orchestration.conducting.deciding import decide
from jusante.orchestration.conducting.decision import Probe
from projects import SHOP, insert, sql, write

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
WAITS = "/* jusante\nwhen: {file: 'in/*.csv', look: 1s}\n*/\nselect 1 as id"


class Watching:
    """Looks at what m.a waits for, one after the other, as the ledger would remember the one before."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.mark = ""

    def looked(self) -> Looked:
        asset = self.lake.project.graph["m.a"]
        found = look(self.lake.system, asset, None, self.lake.look, self.mark)
        self.mark = found.probe.mark
        return found

    def came(self) -> bool:
        return self.looked().probe.holds


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Watching]:
    write(tmp_path, {"jusante.yaml": "name: t\n", "models/m/a.sql": WAITS})
    with Lake.open(tmp_path) as lake:
        yield Watching(lake)


@pytest.mark.parametrize("told_apart", [250, 1])
def test_a_file_that_is_taken_away_fires_nothing_and_one_that_comes_or_changes_does(
    inbox: Watching, tmp_path: Path, told_apart: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "MOST_TOLD_APART", told_apart)
    assert not inbox.came()
    write(tmp_path, {"in/a.csv": "1", "in/b.csv": "2"})
    assert inbox.came()
    (tmp_path / "in/a.csv").unlink()
    assert inbox.came() == (told_apart == 1)
    (tmp_path / "in/b.csv").unlink()
    assert not inbox.came()
    for _ in range(2):
        write(tmp_path, {"in/b.csv": "2"})
        assert inbox.came()
        assert not inbox.came()
        (tmp_path / "in/b.csv").unlink()
        assert not inbox.came()
    write(tmp_path, {"in/b.csv": "2"})
    assert inbox.came()
    write(tmp_path, {"in/b.csv": "longer"})
    assert inbox.came()
    write(tmp_path, {"in/c.csv": "2"})
    (tmp_path / "in/b.csv").unlink()
    assert inbox.came()
    assert not inbox.came()


def test_a_file_that_vanishes_during_a_look_is_not_there(
    inbox: Watching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"in/a.csv": "1", "in/b.csv": "2"})
    assert inbox.came()
    found = sorted(tmp_path.glob("in/*.csv"))
    (tmp_path / "in/b.csv").unlink()
    monkeypatch.setattr(Path, "glob", lambda *_: found)
    assert inbox.looked() == Looked(Probe(inbox.mark, holds=False, why=""))


def test_what_nobody_foresaw_in_one_look_is_told_and_ends_nothing(
    inbox: Watching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"in/a.csv": "1"})
    told: list[Notice] = []
    conductor = Conductor(inbox.lake, NOW, told.append)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "glob", lambda *_: 1 // 0)
        assert conductor.situation(NOW).probes["m.a"].holds is False
    assert [(notice.event, notice.what) for notice in told] == [
        ("probe.failed", "m.a: ZeroDivisionError: integer division or modulo by zero")
    ]
    assert conductor.situation(NOW + MINUTE).probes["m.a"].holds


@pytest.mark.parametrize(("sensitive", "shown"), [(True, False), (False, True)])
def test_the_words_of_a_condition_that_fails_quote_no_personal_data(
    tmp_path: Path, *, sensitive: bool, shown: bool
) -> None:
    people = "columns: {word: {sensitive: health, purpose: [support]}}" if sensitive else ""
    source = f"source: crm\nkind: files\nowner: a@b.example\ntables:\n  people: {{path: p.csv, {people}}}\n"
    when = "when: {sql: 'select max(cast(word as integer)) > 3 from crm.people', look: 1s}"
    model = f"/* jusante\n{when}\n*/\nselect 1 as id"
    files = {"jusante.yaml": "name: t\n", "sources/crm.yaml": source, "models/m/a.sql": model}
    write(tmp_path, {**files, "p.csv": "id,word\n1,planted\n"})
    told: list[Notice] = []
    with Lake.open(tmp_path) as lake:
        assert lake.run(("crm.people",)).status == "succeeded"
        Conductor(lake, NOW, told.append).situation(NOW)
    assert [notice.event for notice in told] == ["probe.failed"]
    assert ("planted" in repr(told)) == shown
    assert ("m.a waits for personal data" in told[0].what) != shown


def _due(lake: Lake, now: dt.datetime) -> list[str]:
    """What m.a or shop.orders are due for at a look of a process that has just begun, told to the ledger as fired."""
    decided = decide(Conductor(lake, NOW).situation(now), now)
    lake.metadata.tell([due.event(now) for due in decided.due if due.kind == "condition"])
    lake.metadata.tell([Event("trigger.settled", now, asset=due.asset, payload={"seconds": 0}) for due in decided.due])
    return [due.why for due in decided.due if due.kind == "condition"]


@pytest.mark.parametrize("condition", ["rows: 2", "new: true"])
def test_a_source_that_was_empty_when_it_was_first_loaded_is_loaded_when_rows_come(
    tmp_path: Path, condition: str
) -> None:
    source = SHOP["sources/shop.yaml"].replace("cursor: changed", f"cursor: changed, when: {{{condition}, look: 1s}}")
    write(tmp_path, {"jusante.yaml": "name: t\n", "sources/shop.yaml": source})
    columns = "id integer primary key, product text, quantity integer, changed integer"
    sql(tmp_path / "shop.db", f"create table orders ({columns})")
    with Lake.open(tmp_path) as lake:
        assert _due(lake, NOW) == ["never loaded before"]
        lake.run()
        assert lake.metadata.states()["shop.orders"].cursor is None
        assert _due(lake, NOW + MINUTE) == []
        insert(tmp_path, [(1, "tea", 1, 1), (2, "tea", 1, 2)])
        assert len(_due(lake, NOW + 2 * MINUTE)) == 1
        assert _due(lake, NOW + 3 * MINUTE) == []


def test_what_was_tried_and_never_made_is_tried_again_when_it_is_mended_when_more_comes_and_at_a_new_start(
    tmp_path: Path,
) -> None:
    model = "/* jusante\nwhen: {rows: 1, look: 1s}\n*/\nselect %s as id from f.rows"
    files = "source: f\nkind: files\nowner: a@b.example\ntables:\n  rows: {path: 'r*.csv'}\n"
    write(tmp_path, {"jusante.yaml": "name: t\n", "sources/f.yaml": files, "models/m/a.sql": model % "error('no')"})
    write(tmp_path, {"r1.csv": "id\n1\n"})
    with Lake.open(tmp_path) as lake:
        lake.run(("f.rows",))
        assert _due(lake, NOW) == ["never made before"]
        assert _due(lake, NOW + MINUTE) == []
        assert decide(Conductor(lake, NOW + MINUTE).situation(NOW + MINUTE), NOW + MINUTE).due, "a new start"
        write(tmp_path, {"r2.csv": "id\n2\n"})
        lake.run(("f.rows",))
        assert _due(lake, NOW + 2 * MINUTE) == ["never made before"]
    write(tmp_path, {"models/m/a.sql": model % "id"})
    with Lake.open(tmp_path) as lake:
        assert _due(lake, NOW + 3 * MINUTE) == ["never made before"]
        lake.run()
        assert _due(lake, NOW + 4 * MINUTE) == []
