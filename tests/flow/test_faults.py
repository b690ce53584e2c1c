"""A disk that is full or read-only, two runs at once, sources that are down: what is whole stays so, and is told."""

import datetime as dt
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jusante.app import Lake
from jusante.core.run import Run
from jusante.errors import ProjectBusy, ProjectInvalid
from jusante.storage.run_lock import held
from projects import made, rows, run, sql, task, write, write_shop

JUSANTE = f"{sys.executable} -m jusante"


def has_namespaces() -> bool:
    """Whether a test may mount file systems of its own here (Linux, user namespaces)."""
    try:
        done = subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


needs_mounts = pytest.mark.skipif(not has_namespaces(), reason="no user namespaces: a test cannot mount a small disk")


def mounted(mount: str, *commands: str) -> list[tuple[int, str]]:
    """Run commands in a mount namespace of their own; the exit status of each and what it printed."""
    script = f"set -e; {mount}; set +e; " + "; ".join(f"{command} 2>&1; echo ' =>' $?" for command in commands)
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", script], capture_output=True, text=True, check=True)
    parts = done.stdout.split(" => ")
    ends = [int(part.split("\n", 1)[0]) for part in parts[1:]]
    texts = [parts[0], *(part.split("\n", 1)[1] for part in parts[1:-1])]
    return list(zip(ends, texts, strict=True))


# -- the disk ----------------------------------------------------------------------------------------------------------


@needs_mounts
def test_a_full_disk_stops_what_does_not_fit_and_nothing_else(tmp_path: Path) -> None:
    write_shop(tmp_path)
    numbers = "with recursive n(i) as (select 100 union all select i + 1 from n where i < 200000)"
    sql(tmp_path / "shop.db", f"{numbers} insert into orders select i, hex(randomblob(20)), i, i from n")
    state = tmp_path / ".jusante"
    state.mkdir()
    full, again, more = mounted(
        f"mount -t tmpfs -o size=3m none {state}",
        f"{JUSANTE} run --project {tmp_path}",
        f"{JUSANTE} query --project {tmp_path} 'select count(*) as n from files.prices'",
        f"mount -o remount,size=300m {state}; {JUSANTE} run --project {tmp_path}",
    )
    assert full[0] == 1
    assert "J301 shop.orders  the disk is full" in full[1]
    assert "partial  2 made, 1 failed, 3 left as they were" in full[1]
    assert again[0] == 0
    assert more[0] == 0
    assert "4 made, 2 up to date" in more[1]


@needs_mounts
def test_a_folder_that_cannot_be_written_is_told_and_can_be_read(tmp_path: Path) -> None:
    write_shop(tmp_path)
    run(tmp_path)
    ran, asked, checked = mounted(
        f"mount --bind {tmp_path} {tmp_path}; mount -o remount,ro,bind {tmp_path}",
        f"{JUSANTE} run --project {tmp_path}",
        f"{JUSANTE} query --project {tmp_path} 'select * from marts.by_product'",
        f"{JUSANTE} check --project {tmp_path}",
    )
    assert ran[0] == 1
    assert "J300 read-only file system" in ran[1]
    assert "make the folder writable" in ran[1]
    assert "Traceback" not in ran[1]
    assert asked[0] == checked[0] == 0
    assert "coffee" in asked[1]


@needs_mounts
def test_a_first_run_in_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write_shop(tmp_path)
    [(status, text)] = mounted(
        f"mount --bind {tmp_path} {tmp_path}; mount -o remount,ro,bind {tmp_path}",
        f"{JUSANTE} run --project {tmp_path}",
    )
    assert status == 1
    assert text.startswith("J300 read-only file system")


# -- two runs at once --------------------------------------------------------------------------------------------------


def test_a_second_run_says_who_holds_the_project(tmp_path: Path) -> None:
    write_shop(tmp_path)
    with Lake.open(tmp_path) as lake:
        other = Run("r-other", "run", "dev", dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "host-1", 4711)
        with held(lake.settings.lock, other, 0), pytest.raises(ProjectBusy) as busy:
            lake.run()
        assert "run r-other, process 4711 on host-1, since 2026-01-02" in busy.value.what
        assert lake.run().status == "succeeded"


def test_a_second_run_waits_if_it_is_told_to(tmp_path: Path) -> None:
    write_shop(tmp_path)
    command = [sys.executable, "-m", "jusante", "run", "--project", str(tmp_path), "--json"]
    both = [subprocess.Popen([*command, "--wait", "60"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "12"]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert len(rows(tmp_path, "select * from shop.orders")) == 4
    with Lake.open(tmp_path) as lake:
        assert [one.status for one in lake.metadata.runs(10)] == ["succeeded", "succeeded"]


# -- sources -----------------------------------------------------------------------------------------------------------

PAGE = b'[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]'


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    """Half of a page, then nothing: the connection is dropped."""
    handler.send_response(200)
    handler.send_header("content-length", str(len(PAGE)))
    handler.end_headers()
    handler.wfile.write(PAGE[:20])
    handler.wfile.flush()
    handler.connection.close()


def half_a_document(handler: BaseHTTPRequestHandler) -> None:
    """Half of a page, that says it is whole."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(PAGE[:20])


def slow(handler: BaseHTTPRequestHandler) -> None:
    """Nothing, for longer than anybody waits."""
    time.sleep(1.5)
    handler.close_connection = True


def broken(handler: BaseHTTPRequestHandler) -> None:
    """An error of the server's."""
    handler.send_error(503)


def whole(handler: BaseHTTPRequestHandler) -> None:
    """A page as it should be."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(PAGE)


class Api:
    """A web API on this machine that behaves as told."""

    def __init__(self) -> None:
        self.behaviour: Callable[[BaseHTTPRequestHandler], None] = whole
        self.asked = 0
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.asked += 1
                api.behaviour(self)

            def log_message(self, *args: object) -> None:
                pass

            def finish(self) -> None:
                with suppress(OSError, ValueError):
                    super().finish()

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """The SHOP project with a web API beside its other sources, and a model on it."""
    write_shop(tmp_path)
    api = Api()
    write(
        tmp_path,
        {
            "sources/api.yaml": (
                f"source: api\nkind: http\nowner: a@b.example\nconnection: http://127.0.0.1:{api.server.server_port}\n"
                "limits: {attempts: 2, timeout_seconds: 0.5}\n"
                "tables:\n  people: {path: /people, key: [id], columns: {name: {not_personal: made up}}}\n"
            ),
            "models/marts/people.sql": "select id, name from api.people",
        },
    )
    yield api
    api.close()


@pytest.mark.parametrize("fault", [cut_short, half_a_document, slow, broken])
def test_a_source_that_misbehaves_fails_its_branch_and_no_other(
    api: Api, fault: Callable[[BaseHTTPRequestHandler], None], tmp_path: Path
) -> None:
    assert "marts.people" in made(run(tmp_path))
    before = api.asked
    api.behaviour = fault
    write(
        tmp_path, {"prices_2.csv": "product,price\ncup,3.00\n", "models/marts/people.sql": "select id from api.people"}
    )
    report = run(tmp_path)
    failed = task(report, "api.people")
    assert report.status == "partial"
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error["code"] in {"J200", "J201"}
    assert "source api" in failed.error["where"]
    assert 1 <= api.asked - before <= 4
    assert task(report, "marts.people").reason == "left as it was: api.people did not succeed"
    assert {"files.prices", "marts.priced", "marts.by_product"} <= made(report)
    assert rows(tmp_path, "select * from marts.people order by id") == [(1, "a"), (2, "b")]
    api.behaviour = whole
    assert made(run(tmp_path)) == {"marts.people"}
    assert rows(tmp_path, "select * from marts.people order by id") == [(1,), (2,)]


def test_a_source_that_is_down_fails_its_branch_and_no_other(api: Api, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"sources/api.yaml": (tmp_path / "sources/api.yaml").read_text().replace("127.0.0.1:", "127.0.0.1:1 #")},
    )
    report = run(tmp_path)
    assert task(report, "api.people").error["code"] == "J201"
    assert "marts.by_product" in made(report)


def test_a_bug_in_a_model_fails_its_branch_and_no_other(tmp_path: Path) -> None:
    write_shop(tmp_path)
    names = "from jusante import model\n\n@model()\ndef names(prices='files.prices'):\n    return prices['nothing']\n"
    write(tmp_path, {"models/marts/names.py": names})
    report = run(tmp_path)
    error = task(report, "marts.names").error
    assert error is not None
    assert error["code"] == "J410"
    assert error["where"] == "models/marts/names.py:5"
    assert "marts.by_product" in made(report)


def test_a_missing_secret_keeps_a_source_from_being_asked_and_nothing_else(tmp_path: Path) -> None:
    write_shop(tmp_path)
    run(tmp_path)
    source = (tmp_path / "sources/files.yaml").read_text()
    write(
        tmp_path, {"sources/files.yaml": source.replace("kind: files\n", "kind: files\nconnection: ${env:NOT_SET}\n")}
    )
    with Lake.open(tmp_path) as lake:
        assert lake.table("files.prices").num_rows == 3
        assert lake.run(("shop.orders",)).status == "succeeded"
        with pytest.raises(ProjectInvalid, match="NOT_SET is not set"):
            lake.run()
