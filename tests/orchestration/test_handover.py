"""A graph handed over: by pairs what is handed over; what is written for each tool, to the letter; names and quoting."""

import datetime as dt
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jusante.app import Lake
from jusante.app.handover import Tool, hand_over, put, write_for
from jusante.core import duration
from jusante.core.asset import Asset, Ingested
from jusante.core.cron import Cron
from jusante.core.graph import Graph
from jusante.core.model import Model, Query, SqlModel
from jusante.core.place import Place
from jusante.core.source import Ingest, Limits, Source, SourceTable
from jusante.core.trigger import TIMING
from jusante.orchestration.conducting.clocks import Every
from jusante.orchestration.handover import airflow, crons, names
from jusante.orchestration.handover.handing import handed_over
from jusante.orchestration.handover.plan import Call, Handover
from jusante.orchestration.handover.writing import Code, call, literal
from projects import write

CASES = yaml.safe_load(Path(__file__).with_name("handovers.yaml").read_text())
GOLDEN = Path(__file__).with_name("handed")
DAY = dt.date(2026, 1, 1)
CALL = Call("jusante", "/srv/small", "dev", 3600)
TOOLS: tuple[Tool, ...] = ("airflow", "dagster", "prefect", "mage")


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_handover(case: dict[str, Any]) -> None:
    handover = _handover(case["assets"], case.get("leads", {}), case.get("granularity", "asset"))
    expected = case["expect"]
    works = [work for _, work in handover.works]
    found = {
        "flows": {_start(flow): sorted(work.name for work in flow.works) for flow in handover.flows},
        "after": {work.name: list(work.after) for work in works if work.after},
        "outside": {work.name: list(work.outside) for work in works if work.outside},
        "called_by": {_start(flow): list(flow.called_by) for flow in handover.flows if flow.called_by},
    }

    assert {key: found[key] for key in expected if key != "notes"} == {
        k: v for k, v in expected.items() if k != "notes"
    }
    told = [str(note) for note in handover.notes]
    assert all(any(note.startswith(part) for note in told) for part in expected.get("notes", [])), told
    assert "notes" in expected or "fresh" in str(case) or "deadline" in str(case) or not told, told


@given(st.data())
def test_every_asset_is_in_one_work_and_every_edge_is_an_order_or_told_of(data: st.DataObject) -> None:
    assets: dict[str, dict[str, Any]] = {}
    for number in range(data.draw(st.integers(1, 12))):
        above = data.draw(st.sets(st.sampled_from(sorted(assets)), max_size=3)) if assets else set()
        timing = data.draw(
            st.sampled_from([{}, {"every": "1h"}, {"schedule": "0 6 * * *"}, {"fresh": "1h"}, {"paused": True}])
        )
        assets[f"m.x{number}"] = {**timing, "inputs": sorted(above)}
    granularity = data.draw(st.sampled_from(["asset", "source", "run"]))
    handover = _handover(assets, {}, granularity)
    place = {name: (flow.name, work) for flow, work in handover.works for name in work.assets}

    assert sorted(name for _, work in handover.works for name in work.assets) == sorted(assets)
    for name, about in assets.items():
        flow, work = place[name]
        for above in about["inputs"]:
            there, other = place[above]
            assert (other is work or other.name in work.after) if there == flow else above in work.outside
    for flow in handover.flows:
        seen: set[str] = set()
        for work in flow.works:
            assert set(work.after) <= seen
            seen.add(work.name)


THEIRS = {
    "0 6 * * 1-5": "0 6 * * 1-5",
    "*/5 8-18 1,15 * *": "*/5 8-18 1,15 * *",
    "0 6 * * mon-fri": "0 6 * * MON-FRI",
    "0 6 * * 5L": "0 6 * * L5",
    "0 6 * * 0L,3L": "0 6 * * L0,L3",
    "0 6 * * 7#2": "0 6 * * 0#2",
    "0 6 * * 5-7": "0 6 * * 0,5,6",
    "0 6 * * 2-2": "0 6 * * 2",
    "5/20 * 28-30,L 7/2 *": "5,25,45 * 28,29,30,L 7,9,11 *",
    "0 6 1 * 1": "0 6 1 * 1",
    "0 6 LW * *": None,  # they have none
    "0 6 * * 1,5L": None,  # a day of all weeks beside one of the last
    "0 6 1-7 * 1#1": None,  # they take what fits both, cron takes either
    "0 6 */2 * 1": None,  # the other way round
}
"""Crons of ours, and the same times as others write them. `croniter` was asked for the ticks of some thousands of both."""


@pytest.mark.parametrize("ours", THEIRS)
def test_a_clock_is_told_others_as_they_write_it_or_not_at_all(ours: str) -> None:
    clock, theirs = Cron.parse(f"{ours} Europe/Lisbon"), THEIRS[ours]
    assert crons.exactly(clock) == (theirs and Cron(theirs, "Europe/Lisbon"))
    assert crons.is_said(clock) == (theirs is not None)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_is_given_a_schedule_in_its_own_form_or_none(tool: Tool) -> None:
    assets = {"in.a": {"schedule": "0 6 * * 5L"}, "in.b": {"schedule": "0 7 LW * *"}}
    written = write_for(tool, _handover(assets), CALL, DAY)
    text = _as_one(written.files)
    assert "0 6 * * L5" in text
    assert text.count("0 7 LW * *") == text.count("made 0 7 LW * * UTC in jusante, ") >= 1
    assert any("0 7 LW * *" in str(note) for note in written.notes)


# -- what is written -----------------------------------------------------------------------------------------------------

ALL: Mapping[str, Mapping[str, Any]] = {
    "in.orders": {"every": "15m", "timeout": "10m", "pool": "sales", "priority": 5, "quiet": "09:00-11:00 UTC"},
    "in.prices": {"schedule": "0 6 * * 1-5 America/Sao_Paulo", "catch_up": "all"},
    "in.visits": {"when": {"rows": 1000}},
    "in.stock": {},
    "m.lines": {"inputs": ["in.orders"], "retries": {"attempts": 6, "wait": "10m", "longest": "30m"}},
    "m.priced": {"inputs": ["m.lines", "in.prices"]},
    "m.left": {"inputs": ["in.stock"], "fresh": "30m", "deadline": "07:00 America/Sao_Paulo"},
}


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_written_for_a_tool_is_as_it_was_looked_at(tool: Tool, tmp_path: Path) -> None:
    text = _as_one(write_for(tool, _handover(ALL), CALL, DAY).files)

    assert text == (GOLDEN / f"{tool}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("granularity", ["asset", "source", "run"])
def test_code_compiles_and_is_as_a_formatter_would_leave_it(tool: Tool, granularity: str, tmp_path: Path) -> None:
    put(write_for(tool, _handover(ALL, {}, granularity), CALL, DAY), tmp_path)
    for path in tmp_path.rglob("*.py"):
        compile(path.read_text(), str(path), "exec", dont_inherit=True)
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--no-cache", str(tmp_path)]
    subprocess.run([*ruff, "check", *options], check=True, capture_output=True)
    subprocess.run([*ruff, "format", "--check", "--line-length", "120", *options], check=True, capture_output=True)


@pytest.mark.parametrize("tool", TOOLS)
def test_all_that_a_tool_cannot_say_stands_at_the_head_of_its_file(tool: Tool) -> None:
    written = write_for(tool, _handover(ALL), CALL, DAY)
    first = " ".join(next(text for name, text in written.files.items() if text and "custom/" not in name).split())

    assert any("rows: 1000" in str(note) for note in written.notes)
    for note in written.notes:
        assert " ".join(str(note).split()) in first.replace(" # ", " ")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_project_without_assets_is_code_that_does_nothing(tool: Tool) -> None:
    files = write_for(tool, _handover({}), CALL, DAY).files
    for name, text in files.items():
        compile(text, name, "exec", dont_inherit=True)


@pytest.mark.parametrize("tool", TOOLS)
def test_names_that_are_code_elsewhere_stay_names(tool: Tool, tmp_path: Path) -> None:
    hostile = [
        "m.it's",
        'm.say "so"',
        "m.$(touch x)",
        "m.{{ 1 }}",
        "m.a b",
        "m.x.sh",
        "m.ça",
        "m.\\n",
        "m.A",
        "m.a",
        '"""m.q"""',
    ]
    written = write_for(tool, _handover({name: {} for name in hostile}), CALL, DAY)
    for name, text in written.files.items():
        if name.endswith(".py"):
            compile(text, name, "exec", dont_inherit=True)
    [flow] = _handover({name: {} for name in hostile}).flows

    assert len({names.identifier(work.name) for work in flow.works}) == len(hostile)
    assert {name for work in flow.works for name in shlex.split(shlex.join(CALL.arguments(work.assets)))} > set(hostile)


def test_a_shell_and_a_template_leave_the_command_as_it_is() -> None:
    handover = _handover({"m.{{ 1 }}$(x)": {}})
    [text] = airflow.written(handover, Call("jusante", "/srv/{{ a }}", "dev", 60), DAY).files.values()

    assert "{% raw %}jusante run 'm.{{ 1 }}$(x)'{% endraw %} " in text
    assert """{% raw %}--project '/srv/{{ a }}' --env dev --wait 60{% endraw %}""" in text


# -- names ---------------------------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), min_size=1, max_size=12) | st.from_regex(
    r"[a-c_A]{1,3}([.:_-]{1,3}[a-c_]{1,3}){0,2}", fullmatch=True
)


@given(st.sets(NAMES, min_size=2, max_size=30))
def test_no_two_assets_share_a_name(found: set[str]) -> None:
    assert len({names.identifier(name) for name in found}) == len(found)
    assert len({names.dotted(name) for name in found}) == len(found)
    assert all(names.identifier(name).isidentifier() for name in found)


@given(NAMES)
def test_a_name_in_an_address_is_read_back(name: str) -> None:
    assert unquote(names.in_address(name)) == name
    assert names.in_address(name).isascii()


def test_names_can_be_read() -> None:
    assert names.identifier("marts.daily_sales") == "marts__daily_sales"
    assert names.identifier("step:export") == "step___export"
    assert names.dotted("marts.daily_sales") == "marts.daily_sales"
    assert names.dotted("step:export") == "step--export"
    assert names.slugs(["0 6 * * 1-5 UTC", "every 15m"]) == {
        "0 6 * * 1-5 UTC": "0_6_x_x_1-5_UTC",
        "every 15m": "every_15m",
    }


def test_schedules_that_look_alike_have_names_of_their_own() -> None:
    texts = ["*/5 * * * * UTC", "x-5 * * * * UTC"]

    assert len(set(names.slugs(texts).values())) == 2


@given(st.text())
def test_text_is_written_as_code_that_gives_it_back(text: str) -> None:
    assert eval(literal(text)) == text
    assert eval(call("dict", a=text, b=[text, text], c=Code("1"))) == {"a": text, "b": [text, text], "c": 1}


# -- clocks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1m", "5m", "15m", "30m", "1h", "6h", "12h", "1d", "24h"])
def test_an_interval_told_as_times_has_the_same_ticks(text: str) -> None:
    every = Every.parse(text)
    cron = crons.exactly(every)
    moment = dt.datetime(2026, 3, 28, 22, 7, tzinfo=dt.UTC)

    assert cron
    for _ in range(60):
        assert cron.after(moment) == every.after(moment)
        moment = every.after(moment)


@pytest.mark.parametrize(
    ("text", "near"),
    [("90s", "* * * * *"), ("7m", "*/6 * * * *"), ("90m", "0 * * * *"), ("5h", "0 */4 * * *"), ("2d", "0 0 * * *")],
)
def test_an_interval_that_no_times_tell_becomes_the_longest_shorter_one(text: str, near: str) -> None:
    assert crons.exactly(Every.parse(text)) is None
    assert crons.nearly(Every.parse(text)) == Cron(near)


# -- the command ---------------------------------------------------------------------------------------------------------


def test_five_hundred_assets_are_read_back_from_what_the_command_tells(tmp_path: Path) -> None:
    write(tmp_path, {"jusante.yaml": "name: many\n", "models/m/x0.sql": "select 1 as a"})
    write(
        tmp_path,
        {f"models/m/x{n}.sql": f"select a from m.x{n // 2} union all select a from m.x{n - 1}" for n in range(1, 500)},
    )
    with Lake.open(tmp_path) as lake:
        graph = lake.project.graph
        handover = hand_over(lake, "asset", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    told = json.loads(json.dumps(handover.as_dict()))
    [flow] = told["flows"]

    assert {work["name"]: set(work["after"]) for work in flow["works"]} == {a.id: set(a.inputs) for a in graph}
    for tool in TOOLS:
        assert len(_as_one(write_for(tool, handover, CALL, DAY).files)) > 50_000


def _handover(
    assets: Mapping[str, Mapping[str, Any]], leads: Mapping[str, str] | None = None, granularity: Any = "asset"
) -> Handover:
    graph = Graph([_asset(name, given) for name, given in assets.items()])
    measured = {name: duration.parse(text) for name, text in (leads or {}).items()}
    return handed_over("small", "dev", graph, measured, granularity)


def _asset(name: str, given: Mapping[str, Any]) -> Asset:
    timing = {key: value for key, value in given.items() if key in TIMING}
    inputs = tuple(given.get("inputs", ()))
    if name.startswith("in."):
        table = SourceTable(ingest=Ingest(**timing), about="What came in.")
        source = Source(source="in", kind="sqlite", owner="in@b.example", limits=Limits(not_during=given.get("quiet")))
        return Asset(name, Place("sources/in.yaml", 1), inputs, Ingested(source, table, name))
    return Asset(name, Place("models/m.sql", 1), inputs, SqlModel(Model(**timing), Query("", inputs, "")))


def _start(flow: Any) -> str:
    return f"{flow.start} all" if flow.start.catch_up == "all" else str(flow.start)


def _as_one(files: Mapping[str, str]) -> str:
    return "".join(f"==> {name}\n{text}" for name, text in files.items())
