"""What runs and questions cost, measured on a real project: from the ledger to each view of it."""

import datetime as dt
import json
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from jusante.app import Lake
from jusante.app.questions import ASKED, TAKEN, take_in
from jusante.app.spending import By, spent
from jusante.cli import times
from jusante.cli.main import cli
from jusante.errors import UsageError
from projects import ORDERS, insert, run, task, write, write_shop

EXTRA = {
    "dashboards/d.yaml": (
        "dashboard: d\ntitle: D\nowner: boss@b.example\nrows:\n"
        "  - [{title: R, chart: number, sql: 'select sum(revenue) as r from marts.by_product', value: r}]\n"
    ),
    "exposures/e.yaml": "exposure: e\nkind: feature\nowner: ml@b.example\nreads: {marts.dear: []}\n",
    "steps/s.sh": (
        "# jusante\n# inputs: {P: files.prices}\n# outputs: [out.txt]\n"
        "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; echo x > out.txt\n"
    ),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop with a dashboard, a reader outside and a step, after a run and some questions; nobody changes it."""
    return asked(write(write_shop(tmp_path_factory.mktemp("whole")), EXTRA))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The small shop after a run and some questions."""
    return asked(write_shop(tmp_path / "shop"))


def asked(folder: Path) -> Path:
    run(folder)
    for _ in range(3):
        ask(folder, "select * from marts.priced where product = 'tea'")
    ask(folder, "select count(*) from marts.dear")
    return folder


def ask(folder: Path, sql: str) -> None:
    with Lake.open(folder) as lake:
        lake.ask(sql)


def events(folder: Path, kind: str) -> list[dict[str, object]]:
    with Lake.open(folder) as lake:
        take_in(lake.system)
        return [dict(event.payload) for event in lake.metadata.latest(kind, 100)]


def test_each_task_says_what_it_took_and_what_that_is_worth(shop: Path) -> None:
    insert(shop, [(9, "mug", 1, 9)])
    report = run(shop)
    priced = task(report, "marts.priced")
    assert priced.cpu_seconds is not None
    assert priced.cpu_seconds > 0
    assert priced.bytes_written
    assert priced.cost_usd == pytest.approx(priced.cpu_seconds / 3600 * 0.04048, rel=0.01)


def test_the_work_of_a_step_is_that_of_its_own_processes(whole: Path) -> None:
    with Lake.open(whole) as lake:
        told = lake.metadata.last_tasks()["step:s"]
    assert told.cpu_seconds is not None
    assert told.cpu_seconds > 0.03, "a loop of 60,000 turns in a shell"


def test_a_question_is_told_by_who_read_which_columns_and_never_by_its_text(shop: Path) -> None:
    ask(shop, "select product, count(*) as n from marts.priced where product = 'mary@x.example' group by all")
    told = events(shop, ASKED)
    text = json.dumps(told)
    assert "mary" not in text
    assert "count" not in text
    assert told[0]["columns"] == {"marts.priced": ["product"]}
    assert told[0]["reads"] == ["marts.priced"]
    assert told[-1]["columns"] == {"marts.priced": ["id", "product", "quantity", "price"]}
    assert told[1]["reads"] == ["marts.dear"], "the view, not what is behind it"
    assert told[-1]["shape"] == told[-2]["shape"]


def test_questions_are_told_once_whatever_happens_in_between(shop: Path) -> None:
    spool = shop / ".jusante" / "questions"
    lines = spool.read_text()
    assert len(events(shop, ASKED)) == 4
    with Lake.open(shop) as lake:
        batch = lake.metadata.latest(TAKEN, 1)[0].payload["batch"]
    spool.with_name(f"questions.{batch}").write_text(lines)  # as if the file had not gone after it was told
    assert len(events(shop, ASKED)) == 4
    assert not list(spool.parent.glob("questions*"))


def test_questions_asked_at_once_while_they_are_taken_in_are_all_told(shop: Path) -> None:
    with Lake.open(shop) as lake:
        threads = [threading.Thread(target=lake.ask, args=("select 1 as a",)) for _ in range(24)]
        for number, thread in enumerate(threads):
            thread.start()
            if number % 4 == 0:
                take_in(lake.system)
        for thread in threads:
            thread.join()
    assert len(events(shop, ASKED)) == 28


def test_where_nothing_can_be_put_down_a_question_is_answered_all_the_same(shop: Path) -> None:
    spool = shop / ".jusante" / "questions"
    spool.unlink()
    spool.mkdir()  # whoever runs the tests, nobody can write into it as into a file
    with Lake.open(shop) as lake:
        assert lake.ask("select * from marts.priced").table.num_rows == len(ORDERS)


@pytest.mark.parametrize("by", ["asset", "owner", "dashboard", "source", "person", "day"])
def test_each_view_adds_up_to_the_whole(whole: Path, by: By) -> None:
    with Lake.open(whole) as lake:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        spending = spent(lake.system, until - dt.timedelta(days=3), until)
    assert spending.total > 0
    assert sum(line.own for line in spending.grouped(by)) == spending.total
    assert sum(spending.flow.kept.values()) == spending.total
    if by == "owner":
        assert sum(line.full for line in spending.grouped(by)) == spending.total


def test_costs_travel_to_dashboards_readers_outside_and_people(whole: Path) -> None:
    with Lake.open(whole) as lake:
        until = dt.datetime.now(dt.UTC)
        spending = spent(lake.system, until - dt.timedelta(days=1), until)
    handed = spending.flow.handed
    person = next(line.name for line in spending.lines() if line.kind == "person")
    assert handed["marts.by_product", "dashboard:d"] > 0
    assert handed["marts.dear", "exposure:e"] > 0
    assert handed["marts.dear", person] > 0
    assert handed["marts.priced", person] == pytest.approx(
        3 * handed["marts.priced", "marts.by_product"], rel=Decimal("0.01")
    )
    ends = {line.name: line.own for line in spending.grouped("dashboard")}
    assert {"dashboard:d", "exposure:e", "step:s", "people who ask", "nobody"} >= ends.keys()
    assert ends["dashboard:d"] > 0
    assert ends["exposure:e"] > 0


def test_storage_is_paid_for_with_the_snapshots_that_are_kept_until_they_are_swept(shop: Path) -> None:
    with Lake.open(shop) as lake:
        first = {each.asset: each.bytes for each in lake.metadata.stored(*[dt.datetime.now(dt.UTC)] * 2)}
    insert(shop, [(7, "mug", 2, 7)])
    run(shop)
    with Lake.open(shop) as lake:
        grown = {each.asset: each.bytes for each in lake.metadata.stored(*[dt.datetime.now(dt.UTC)] * 2)}
        lake.maintain(keep=dt.timedelta(0))
        swept = {each.asset: each.bytes for each in lake.metadata.stored(*[dt.datetime.now(dt.UTC)] * 2)}
        folder = shop / ".jusante" / "warehouse" / "marts" / "priced"
        there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert first["marts.priced"] < grown["marts.priced"]
    assert swept["marts.priced"] < grown["marts.priced"]
    assert swept["marts.priced"] == there
    assert first["marts.names"] == grown["marts.names"]


def test_the_tables_of_costs_can_be_made_anew_from_the_ledger(whole: Path) -> None:
    with Lake.open(whole) as lake:
        take_in(lake.system)
        until = dt.datetime.now(dt.UTC)
        window = (until - dt.timedelta(days=1), until)
        before = (lake.metadata.metered(*window), lake.metadata.stored(*window))
        lake.metadata.rebuild()
        assert (lake.metadata.metered(*window), lake.metadata.stored(*window)) == before
        assert len(before[0]) > 5


def test_a_dashboard_rendered_by_hand_has_read_its_tables(tmp_path: Path) -> None:
    folder = write(write_shop(tmp_path / "shop"), {"dashboards/d.yaml": EXTRA["dashboards/d.yaml"]})
    run(folder)
    call(folder, "dashboard", "build", "d")
    told = events(folder, ASKED)
    assert told[0]["reads"] == ["marts.by_product"]
    with Lake.open(folder) as lake:
        until = dt.datetime.now(dt.UTC)
        spending = spent(lake.system, until - dt.timedelta(days=1), until)
    line = next(line for line in spending.lines() if line.name == "dashboard:d")
    assert line.times == 2, "in the run, and by hand"
    assert sum(spending.flow.kept.values()) == spending.total


def test_files_that_are_loaded_are_scanned_by_their_size(whole: Path) -> None:
    with Lake.open(whole) as lake:
        told = lake.metadata.last_tasks()["files.prices"]
    assert told.bytes_scanned == (whole / "prices.csv").stat().st_size


@pytest.mark.parametrize(
    ("since", "began_at"),
    [
        ("7d", "2026-04-24T12:00:00+00:00"),
        ("2026-04-01", "2026-04-01T00:00:00+00:00"),
        ("36h", "2026-04-30T00:00:00+00:00"),
    ],
)
def test_since_is_a_duration_or_a_day(since: str, began_at: str) -> None:
    assert times.since(since, dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)).isoformat() == began_at


@pytest.mark.parametrize("since", ["soon", "2030-01-01", "0d"])
def test_since_that_means_no_moment_in_the_past_is_told(since: str) -> None:
    with pytest.raises(UsageError, match=r"(is no time|is not in the past)"):
        times.since(since, dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC))


def test_a_project_that_has_never_run_costs_nothing(tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "shop")
    assert "Nothing was measured yet" in call(folder, "costs")
    assert json.loads(call(folder, "costs", "--json"))["usd"] == 0
    assert "too early" in call(folder, "costs", "--waste")


def call(shop: Path, *words: str) -> str:
    found = CliRunner().invoke(cli, [*words, "--project", str(shop)])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_costs_and_questions_are_printed_and_given_as_json(whole: Path) -> None:
    told = json.loads(call(whole, "costs", "--json"))
    assert told["usd"] > 0
    assert sum(Decimal(str(line["usd"])) for line in told["groups"]) == pytest.approx(Decimal(str(told["usd"])))
    asset = next(each for each in told["assets"] if each["asset"] == "marts.priced")
    assert asset["cpu_seconds"] > 0
    assert asset["bytes_scanned"] > 0
    assert asset["bytes_stored"] > 0
    assert "marts.priced" in call(whole, "costs")
    assert "dashboard:d" in call(whole, "costs", "--by", "dashboard")
    asked = json.loads(call(whole, "query", "select 1 as a", "--json"))
    assert asked["cost_usd"] > 0
    assert asked["cpu_seconds"] > 0
