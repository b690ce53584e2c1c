"""What a source's owner has announced is no incident when it comes, is told to those whom it touches before, and is missed."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jusante.app import Lake
from jusante.app.announcing import announce as write_down
from jusante.app.announcing import announced, plan, settle
from jusante.app.telling import tell
from jusante.cli.main import cli
from projects import run, sql, write

PROJECT = {
    "jusante.yaml": "name: told\nenvironments:\n  dev: {notify: [{kind: file, path: told.ndjson}]}\n",
    "sources/shop.yaml": "source: shop\nkind: sqlite\nconnection: shop.db\nowner: them@b.example\n"
    "tables:\n  orders: {key: [id]}\n",
    "models/m/sums.sql": "/* jusante\nowner: sums@b.example\n*/\nselect sum(total) as revenue from shop.orders",
    "exposures/board.yaml": "exposure: board\nkind: report\nowner: board@b.example\nreads: {m.sums: [revenue]}\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project that has run once."""
    write(tmp_path, PROJECT)
    sql(tmp_path / "shop.db", "create table orders (id integer primary key, total integer, note text)")
    sql(tmp_path / "shop.db", "insert into orders values (?, ?, 'a')", [(n, n * 7919 % 1000) for n in range(60)])
    run(tmp_path)
    return tmp_path


def call(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--project", str(folder)], catch_exceptions=False)


def when(**later: int) -> str:
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(**later):%Y-%m-%d %H:%M:%S}"


def announce(folder: Path, subject: str, change: str, begin: str | None = None, end: str | None = None) -> Result:
    times = (*(("--from", begin) if begin else ()), "--until", end or when(hours=1))
    return call(folder, "drift", "announce", subject, "--change", change, *times, "--about", "the new price list")


def told(folder: Path) -> list[dict[str, Any]]:
    path = folder / "told.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_whom_it_touches_is_told_before_it_comes_and_not_when_it_does(shop: Path) -> None:
    said = announce(shop, "shop.orders.total", "dropped")
    assert said.exit_code == 0
    assert "A1 announced: shop.orders.total: dropped" in said.output
    assert "sums@b.example  m.sums" in said.output
    assert sorted((n["to"], n["kind"]) for n in told(shop)) == [
        ("board@b.example", "change.announced"),
        ("sums@b.example", "change.announced"),
    ]
    sql(shop / "shop.db", "alter table orders drop column total")
    report = run(shop)
    assert report.incidents == ()
    [note] = report.notices
    assert note.startswith("shop.orders.total is gone at the source: announced by them@b.example on ")
    assert note.endswith("(A1): the new price list")
    run(shop)
    assert len(told(shop)) == 2
    assert "came: shop.orders.total is gone" in call(shop, "drift", "announced").output


def test_of_two_that_are_announced_at_once_each_has_a_number_of_its_own(shop: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    times = (now, now + dt.timedelta(hours=1))
    with Lake.open(shop) as one, Lake.open(shop) as other:
        lakes = {"shop.orders.note": one, "shop.orders.total": other}
        planned = {name: plan(lake.system, name, "dropped", times, ("why", ""), now) for name, lake in lakes.items()}
        made = [write_down(lakes[name].system, each, now)[0].id for name, each in planned.items()]
        assert made == ["A1", "A2"]
        assert [each.subject for each in announced(one.system)] == list(planned)

        def announce_late(hours: int) -> str:
            begun = (now, now + dt.timedelta(hours=hours))
            return write_down(one.system, plan(one.system, "shop", "late", begun, ("why", ""), now), now)[0].id

        with ThreadPoolExecutor(4) as crew:
            assert sorted(crew.map(announce_late, range(1, 7))) == [f"A{n}" for n in range(3, 9)]


def test_what_it_does_not_explain_is_told_as_ever(shop: Path) -> None:
    announce(shop, "shop.orders.note", "dropped")
    sql(shop / "shop.db", "alter table orders rename column total to amount")
    report = run(shop)
    assert [(kind, each.cause.kind) for kind, each in report.incidents] == [("incident.opened", "drift")]
    assert {n["kind"] for n in told(shop)} >= {"drift.held"}


def test_of_two_changes_at_once_the_other_one_is_told(shop: Path) -> None:
    announce(shop, "shop.orders.note", "dropped")
    for statement in ("alter table orders rename column total to amount", "alter table orders drop column note"):
        sql(shop / "shop.db", statement)
    [(kind, incident)] = run(shop).incidents
    assert kind == "incident.opened"
    assert incident.cause.what.startswith("shop.orders.total is called amount at the source now")
    assert "more" not in incident.cause.what
    held = [n["subject"] for n in told(shop) if n["kind"] == "drift.held"]
    assert held
    assert not [subject for subject in held if "note" in subject]


def test_a_source_that_is_away_as_announced_is_no_incident_and_one_that_stays_away_is(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between two tries to reach it
    announce(shop, "shop", "outage", end=when(minutes=5))
    (shop / "shop.db").rename(shop / "away.db")
    report = run(shop)
    assert report.status == "failed"
    assert report.incidents == ()
    with Lake.open(shop) as lake:
        late = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=6)
        assert announced(lake.system)[0].came
        assert settle(lake.system, late) == ()
        assert not announced(lake.system)[0].explains("shop.orders", "", "outage", late)


def test_an_incident_that_goes_on_is_over_when_what_it_is_about_is_announced(shop: Path) -> None:
    sql(shop / "shop.db", "alter table orders rename column total to amount")
    [(_, opened)] = run(shop).incidents
    announce(shop, "shop.orders.total", "renamed")
    [(kind, over)] = run(shop).incidents
    assert (kind, over.id) == ("incident.resolved", opened.id)
    assert over.last("resolved").text.startswith("announced by them@b.example")


def test_what_has_not_come_in_its_time_is_told_once(shop: Path) -> None:
    announce(shop, "shop.orders.total", "retyped")
    call(shop, "drift", "announce", "shop.orders.note", "--change", "dropped", "--until", when(hours=2), "--about", "x")
    call(shop, "drift", "withdraw", "A2", "not now")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=26)
    with Lake.open(shop) as lake:
        for _ in range(3):
            tell(lake.system, settle(lake.system, later))
    missed = [n for n in told(shop) if n["kind"] == "change.missed"]
    assert sorted(n["to"] for n in missed) == ["board@b.example", "sums@b.example", "them@b.example"]
    assert {n["subject"].partition(":")[0] for n in missed} == {"A1 has not come"}
    states = {
        each["id"]: each["state"]
        for each in json.loads(call(shop, "drift", "announced", "--json").stdout)["announcements"]
    }
    assert states == {"A1": "missed", "A2": "withdrawn"}


def test_a_change_that_is_followed_by_itself_has_come(shop: Path) -> None:
    announce(shop, "shop.orders", "added")
    sql(shop / "shop.db", "alter table orders add column shade text")
    run(shop)
    with Lake.open(shop) as lake:
        assert settle(lake.system, dt.datetime.now(dt.UTC) + dt.timedelta(days=3)) == ()
        assert announced(lake.system)[0].came.startswith("shop.orders.shade")


def test_drift_marks_what_was_announced_and_what_was_announced_for_another_time(shop: Path) -> None:
    announce(shop, "shop.orders.total", "dropped")
    announce(shop, "shop.orders.note", "dropped", when(days=1), when(days=2))
    for column in ("total", "note"):
        sql(shop / "shop.db", f"alter table orders drop column {column}")
    found = {each["column"]: each for each in json.loads(call(shop, "drift", "--json").stdout)["findings"]}
    assert {name: each["announced"]["id"] for name, each in found.items()} == {"total": "A1", "note": "A2"}
    assert found["total"]["announced"]["told"].endswith("(A1): the new price list")
    assert "(A2): the new price list; but not before " in found["note"]["announced"]["told"]
    shown = call(shop, "drift").output
    assert "announced by them@b.example on" in shown
    assert "2 of them announced" in shown
    run(shop)
    held = {each["column"]: each for each in json.loads(call(shop, "drift", "--json").stdout)["findings"]}
    assert held["total"]["held_since"]
    assert held["total"]["announced"]["id"] == "A1"


def test_an_unannounced_change_bears_no_mark(shop: Path) -> None:
    announce(shop, "shop.orders.note", "dropped")
    sql(shop / "shop.db", "alter table orders drop column total")
    assert [each["announced"] for each in json.loads(call(shop, "drift", "--json").stdout)["findings"]] == [None]
    assert "of them announced" not in call(shop, "drift").output


def test_an_incident_says_what_was_announced_of_it_for_another_time(shop: Path) -> None:
    announce(shop, "shop.orders.total", "dropped", when(days=1), when(days=2))
    announce(shop, "shop.orders.note", "dropped", when(days=1), when(days=2))
    announce(shop, "shop.orders", "added")
    sql(shop / "shop.db", "alter table orders drop column total")
    [(_, opened)] = run(shop).incidents
    shown = call(shop, "incidents", "show", opened.id)
    assert "shop.orders.total: dropped, announced by them@b.example on" in " ".join(shown.output.split())
    said = json.loads(call(shop, "incidents", "show", opened.id, "--json").stdout)["announced"]
    assert [each["id"] for each in said] == ["A1"]


def test_a_model_is_explained_with_what_is_to_come_of_the_columns_that_it_reads(shop: Path) -> None:
    announce(shop, "shop.orders.total", "dropped", when(days=1), when(days=2))
    announce(shop, "shop.orders.note", "dropped", when(days=1), when(days=2))
    assert "shop.orders.total: dropped from" in call(shop, "explain", "m.sums").output
    said = json.loads(call(shop, "explain", "m.sums", "--json").stdout)["announced"]
    assert [each["id"] for each in said] == ["A1"]


@pytest.mark.parametrize(
    ("subject", "change", "end", "fix"),
    [
        ("shop.ordres", "dropped", None, "did you mean shop.orders?"),
        ("shop.orders.totl", "dropped", None, "did you mean shop.orders.total?"),
        ("shop.orders.total", "outage", None, "announce it of shop.orders, or of shop"),
        ("shop", "outage", "2020-01-01", "--from '2027-01-31 07:00' --until '2027-01-31 09:00', in UTC"),
        ("shop", "outage", "tomorrow", "--until 3h, 2d, or 2027-01-31T07:00"),
    ],
)
def test_what_cannot_be_announced_is_refused_with_the_way_out(
    shop: Path, subject: str, change: str, end: str, fix: str
) -> None:
    words = ["drift", "announce", subject, "--change", change, "--until", end or when(hours=1), "--about", "x"]
    refused = CliRunner().invoke(cli, [*words, "--project", str(shop)])
    assert getattr(refused.exception, "fix", None) == fix
