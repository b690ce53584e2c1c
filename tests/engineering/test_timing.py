"""Times in project files: what is wrong with them, where it is told, and that they are in no version."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from jusante.core.trigger import Timing
from jusante.engineering.project import read_problems
from jusante.engineering.schemas import schemas
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse
from projects import write

SOUND = {
    "jusante.yaml": "name: t\nenvironments:\n  dev: {pools: {heavy: 1}}\n",
    "sources/db.yaml": (
        "source: db\nkind: sqlite\nconnection: a.db\nowner: a@b.example\ntables:\n"
        "  orders:\n    key: [id]\n    ingest:\n      mode: incremental\n      cursor: id\n"
    ),
    "models/m/a.sql": "select id from db.orders",
}
INGEST = SOUND["sources/db.yaml"]

# The keys that are added to the model's header, and what is said: code, words in it, words in the fix.
OF_ASSETS = {"J137", "J240", "J241", "J242", "J244"}
"""Told of an asset as a whole: what it speaks of is missing elsewhere."""
FAULTS = [
    ("schedule: 0 26 * * *", "J131", "the hour of", "hour 0-23"),
    ("schedule: '*/15 * * * *'", "J131", "SQL ends the header at `*/` here", "write 0/15 in its place"),
    ("schedule: 0 6 * *", "J131", "not five fields", "0 6 * * 1-5 America/Sao_Paulo"),
    ("schedule: 0 0 30 2 *", "J131", "never comes", "L is the last day"),
    ("schedule: 0 6 * * * Europe/Berln", "J132", "Europe/Berln is no time zone", "did you mean Europe/Berlin?"),
    ("deadline: '07:00'", "J133", "has no time zone", "07:00 UTC"),
    ("deadline: 7am UTC", "J133", "is not a time of day", "07:00 America/Sao_Paulo"),
    ("deadline: '25:00 UTC'", "J133", "is not a time of day", "hour, minute, zone"),
    ("deadline: '07:00 Mars/Base'", "J132", "Mars/Base is no time zone", "Region/City"),
    ("every: soon", "J135", "'soon' is not a duration", ""),
    ("every: 0s", "J135", "not between", ""),
    ("fresh: 900d", "J135", "not between", ""),
    ("timeout: 1 hour", "J135", "is not a duration", ""),
    ("retries: {wait: long}", "J135", "'long' is not a duration", ""),
    ("retries: {attempts: 0}", "J103", "at least 1", ""),
    ("retries: {atempts: 2}", "J102", "unknown key atempts", "did you mean attempts?"),
    ("when: {rows: 5, file: x.csv}", "J134", "one thing", "one of rows, bytes, new, file, sql"),
    ("when: {new: true}", "J134", "nothing tells what is new", "a cursor"),
    ("when: {bytes: 1 gig}", "J134", "'1 gig' is not a size", "bytes: 1GiB"),
    ("when: {bytes: 0MB}", "J134", "is always there", "bytes: 500MB"),
    ("when: {bytes: 1MB, rows: 5}", "J134", "one thing", "one of rows, bytes, new"),
    ("when: {file: '/tmp/inbox/*.csv'}", "J134", "/tmp/inbox/*.csv leads out of the project", "inbox/*.csv; what lies"),
    ("when: {file: '../inbox/*.csv'}", "J134", "leads out of the project", "relative to the project"),
    ("when: {file: 'C:\\in\\*.csv'}", "J134", "leads out of the project", "relative to the project"),
    ("when: {file: ''}", "J134", "names no files", "inbox/*.csv"),
    ("when: {file: 'in/**.csv'}", "J134", "is a whole part", "inbox/**/*.csv"),
    ("when: [{file: x.csv}, {webhook: paid}]", "J240", "the webhook paid, which nobody may call", "hooks: {paid:"),
    ("when: {message: shop.paid}", "J241", "there is no broker", "broker: {url:"),
    ("when: {asset: marts.x}", "J242", "does not say of which project", "../other:marts.x"),
    ("when: {asset: 'other:marts.x'}", "J242", "nobody knows where other is", "projects: {other:"),
    ("when: {sql: selec 1}", "J244", "waits for a query that cannot be read", ""),
    (
        "when: {sql: select count(*) > 9 from db.ordrs}",
        "J244",
        "a query of db.ordrs, which is no table",
        "did you mean db.orders?",
    ),
    ("when: {file: x.csv, look: often}", "J135", "'often' is not a duration", ""),
    ("every: 1h\nschedule: 0 6 * * *", "J136", "schedule and every both say when", "keep one"),
    ("every: 1h\nfresh: 1h", "J136", "fresh says how old", "keep one"),
    ("catch_up: all", "J136", "there are none", "write schedule or every"),
    ("catch_up: some", "J103", "not one of", ""),
    ("priority: 1000", "J103", "at most 100", ""),
    ("pool: heavi", "J137", "which nobody has made", "did you mean heavy?"),
]


@pytest.mark.parametrize(("keys", "code", "what", "fix"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_times_that_cannot_be_meant_are_told_with_their_line_and_a_fix(
    tmp_path: Path, keys: str, code: str, what: str, fix: str
) -> None:
    model = f"/* jusante\nabout: x\n{keys}\n*/\nselect id from db.orders"
    project, problems = _read(write(tmp_path, {**SOUND, "models/m/a.sql": model}))

    assert project is None
    assert [problem.code for problem in problems] == [code]
    assert what in problems[0].what
    assert fix in problems[0].fix
    wanted = {"models/m/a.sql:3", "models/m/a.sql:4"} if code not in OF_ASSETS else {"models/m/a.sql:1"}
    assert problems[0].where in wanted


def test_a_table_of_a_source_a_step_and_a_dashboard_are_checked_alike(tmp_path: Path) -> None:
    files = {
        **SOUND,
        "sources/db.yaml": INGEST + "      every: fast\n",
        "steps/s.sh": "# jusante\n#   schedule: 99 * * * *\ntrue\n",
        "dashboards/d.yaml": "title: D\ndeadline: '07:00'\nrows: []\n",
    }
    _, problems = _read(write(tmp_path, files))

    assert {(problem.code, problem.where) for problem in problems} == {
        ("J135", "sources/db.yaml:11"),
        ("J131", "steps/s.sh:2"),
        ("J133", "dashboards/d.yaml:2"),
    }


def test_when_something_is_made_is_in_no_version(tmp_path: Path) -> None:
    model = (
        "/* jusante\nschedule: 0 6 * * 1-5 America/Sao_Paulo\ndeadline: 07:00 UTC\ncatch_up: all\npool: heavy\n"
        "retries: {attempts: 5}\npriority: 3\ntimeout: 1h\npaused: true\n*/\nselect id from db.orders"
    )
    plain, _ = _read(write(tmp_path, SOUND))
    source = INGEST + "      every: 5m\n      when: [{rows: 10}, {new: true}]\n"
    timed, problems = _read(write(tmp_path, {**SOUND, "models/m/a.sql": model, "sources/db.yaml": source}))

    assert problems == []
    assert plain
    assert timed
    assert timed.graph.versions == plain.graph.versions
    assert timed.graph["m.a"].timing.priority == 3
    assert [str(condition) for condition in timed.graph["db.orders"].timing.when] == ["rows: 10", "new: true"]


def test_a_size_of_what_reads_nothing_and_of_a_source_without_a_cursor_is_told(tmp_path: Path) -> None:
    source = INGEST.replace("mode: incremental\n      cursor: id", "mode: full\n      when: {bytes: 1GB}")
    model = "/* jusante\nwhen: {rows: 5}\n*/\nselect 1 as id"
    for name, text, where in (("models/m/a.sql", model, ":1"), ("sources/db.yaml", source, ":10")):
        _, problems = _read(write(tmp_path, {**SOUND, name: text}))
        assert [(problem.code, problem.where) for problem in problems] == [("J134", name + where)]
        assert problems[0].fix
        write(tmp_path, SOUND)


def test_the_schemas_for_editors_know_all_keys_of_times() -> None:
    made = schemas(Connectors())

    for name in ("model", "step", "dashboard"):
        assert set(Timing.model_fields) <= set(made[name]["properties"])
    assert set(Timing.model_fields) <= set(made["source"]["$defs"]["Ingest"]["properties"])


def _read(folder: Path, variables: Mapping[str, str] | None = None):
    return read_problems(folder, None, kinds=Connectors(), analyse=analyse, variables=variables or {})


def test_the_conditions_that_the_documents_show_can_be_meant(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/seen-from-outside.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (environment,) = (each for each in shown if each.startswith("name:"))
    (conditions,) = (each for each in shown if each.startswith("when:"))
    model = f"/* jusante\n{conditions}*/\nselect id from db.orders"
    names = ("PAID_SECRET", "NIGHTLY_TOKEN", "NATS_URL")
    files = {**SOUND, "jusante.yaml": environment, "models/m/a.sql": model}
    project, problems = _read(write(tmp_path, files), dict.fromkeys(names, "whsec_c29tZSBieXRlcyB0byBzaWduIHdpdGg="))
    assert problems == []
    assert project
    assert [condition.kind for condition in project.graph["m.a"].timing.when] == ["webhook", "message", "asset"]
