"""`--log json`: one object a line, with the ids of run, task and asset; nothing else on standard error, no secret, no value."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jusante.app import Lake
from jusante.app.json_log import FIELDS, json_log
from jusante.cli.main import cli
from projects import insert, write, write_shop

PATIENCE = 120
CARD = "4111 1111 1111 1111"
NOISY = """\
import logging
import warnings

from jusante import model


@model()
def noisy(prices="files.prices"):
    logging.getLogger("somebodys_code").warning("the password is %s", "s3cret-of-ours-alone")
    logging.getLogger("somebodys_code").info("not worth a line")
    warnings.warn("soon to be gone", stacklevel=1)
    return prices


@model()
def bad(prices="files.prices"):
    raise ValueError("CARD")
""".replace("CARD", CARD)


def lines(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(line, dict) and line.keys() <= FIELDS.keys() for line in found)
    assert all(list(line)[:4] == ["time", "level", "event", "message"] for line in found)
    return found


def jusante(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jusante", *words, "--project", str(folder)]
    environment = {**os.environ, "OURS": "s3cret-of-ours-alone"}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_shop(tmp_path)
    noisy, bad = NOISY.split("\n\n\n@model()\ndef bad")
    files = {
        "models/marts/noisy.py": noisy + "\n",
        "models/marts/bad.py": "from jusante import model\n\n\n@model()\ndef bad" + bad,
        "jusante.yaml": 'name: t\nenvironments: {dev: {hooks: {x: {token: "${env:OURS}"}}}}\n',
    }
    return write(tmp_path, files)


def test_each_line_of_a_run_parses_and_bears_its_ids(shop: Path) -> None:
    done = jusante(shop, "run", "--log", "json", "--json")
    report, found = json.loads(done.stdout), lines(done.stderr)
    assert done.returncode == 1
    assert {line["run"] for line in found} == {report["run_id"]}
    assert [found[0]["event"], found[-1]["event"]] == ["run.started", "run.ended"]
    tasks = {line["asset"]: line for line in found if line["event"].startswith("task.") and "status" in line}
    assert set(tasks) == {task["asset"] for task in report["tasks"]}
    for task in report["tasks"]:
        line = tasks[task["asset"]]
        assert line["event"] == f"task.{task['status']}"
        assert line["task"] == f"{report['run_id']}/{task['asset']}"
        assert line.get("rows_out") == task["rows_out"]
    assert (tasks["marts.bad"]["level"], tasks["marts.bad"]["code"]) == ("error", "J410")
    started = {line["asset"] for line in found if line["event"] == "task.started"}
    assert started == set(tasks)


def test_what_libraries_warn_of_is_a_line_and_no_secret_or_value_is_in_any(shop: Path) -> None:
    done = jusante(shop, "run", "--log", "json")
    said = [line for line in lines(done.stderr) if line["event"] == "log"]
    assert [(line["logger"], line["level"]) for line in said] == [
        ("somebodys_code", "warning"),
        ("py.warnings", "warning"),
    ]
    assert "the password is •••" in said[0]["message"]
    assert "soon to be gone" in said[1]["message"]
    assert done.stdout == ""
    assert CARD not in done.stderr
    assert "s3cret" not in done.stderr


def test_the_project_may_ask_for_it_and_the_command_for_the_other(shop: Path) -> None:
    write(shop, {"jusante.yaml": "name: t\nenvironments: {dev: {logs: json}}\n"})
    assert lines(jusante(shop, "run", "files.prices").stderr)[-1]["status"] == "succeeded"
    assert "✓ shop.orders" in jusante(shop, "run", "shop.orders", "--log", "text").stderr


def test_up_tells_what_it_does_with_the_ids_of_its_runs(tmp_path: Path) -> None:
    write_shop(tmp_path)
    orders = (tmp_path / "sources/shop.yaml").read_text().replace("cursor: changed", "cursor: changed, every: 1s")
    write(tmp_path, {"sources/shop.yaml": orders})
    insert(tmp_path, [(9, "tea", 3, 9)])
    command = [sys.executable, "-m", "jusante", "up", "--log", "json", "--no-listen", "--project", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    text, end = "", time.monotonic() + PATIENCE
    while "task.succeeded" not in text and time.monotonic() < end:
        text += process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, rest = process.communicate(timeout=PATIENCE)
    found = lines(text + rest)
    done = next(line for line in found if line["event"] == "task.succeeded")
    assert out == ""
    events = [line["event"] for line in found]
    assert events[:3] == ["next", "never.made", "up"]
    assert events.index("stopping") < events.index("down") == len(events) - 1
    assert done["task"] == f"{done['run']}/{done['asset']}"
    assert next(line for line in found if line["event"] == "trigger.fired")["kind"] == "clock"


def test_lines_of_many_threads_are_whole_and_a_stream_that_is_gone_ends_nothing(shop: Path, monkeypatch: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setenv("OURS", "s3cret-of-ours-alone")
    stream = io.StringIO()
    with Lake.open(shop) as lake, json_log(lake.project, stream) as log:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: log.line("up", f"{number} s3cret-of-ours-alone\n" * 20), range(500)))
        assert len(lines(stream.getvalue())) == 500
        assert "s3cret" not in stream.getvalue()
        stream.close()
        log.line("up", "nobody reads this")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("nor this", stacklevel=1)
    assert not [each for each in logging.getLogger().handlers if type(each).__module__ == "jusante.app.json_log"]


def test_owners_are_told_on_the_console_by_a_line_too(tmp_path: Path) -> None:
    write_shop(tmp_path)
    (tmp_path / "prices.csv").unlink()
    choice = "name: t\nenvironments: {dev: {logs: json, notify: [{kind: console}]}}\n"
    write(tmp_path, {"jusante.yaml": choice})
    told = CliRunner().invoke(cli, ["run", "files.prices", "--project", str(tmp_path)])
    notice = next(line for line in lines(told.stderr) if line["event"] == "notice")
    assert notice["to"] == "files@b.example"
    assert "files.prices" in notice["message"]
