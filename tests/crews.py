"""Projects whose tasks are done by several processes through PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from projects import write, write_shop
from servers.postgres import Postgres

LEASE_SECONDS = 2
PATIENCE = 90
ENDLESS = "select sum(a.range * b.range % 7) as x from range(100000000) as a, range(100000000) as b"


def settings(folder: Path, server: Postgres, more: str = "parallel: 2") -> str:
    """`jusante.yaml` of a project in a database of its own; the database's name."""
    database = f"w{time.time_ns()}"
    server.run(f"create database {database}")
    url = server.url(database)
    said = f"{{metadata: '{url}', catalog: '{url}', lease: {LEASE_SECONDS}s, {more}}}"
    write(folder, {"jusante.yaml": f"name: small\nenvironments:\n  dev: {said}\n"})
    return database


def write_shop_into(folder: Path) -> None:
    """The SHOP project, under the `jusante.yaml` that is there."""
    text = (folder / "jusante.yaml").read_text()
    write_shop(folder)
    write(folder, {"jusante.yaml": text})


@contextmanager
def worker(folder: Path, *words: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """A `jusante worker`, which is up. `words` are its options, by default `--json`; with others it tells on standard error."""
    command = [sys.executable, "-m", "jusante", "worker", *(words or ["--json"]), "--project", str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )
    try:
        assert process.stdout
        assert process.stderr
        first = (process.stderr if words else process.stdout).readline()
        assert first, process.stderr.read()
        assert json.loads(first)["event"] == "worker.up"
        yield process
    finally:
        process.kill()
        process.communicate()


def until(true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until something is the case; what it gave."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def told(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """All that a worker has said, once it has ended at a signal."""
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in said.splitlines()]


def many(count: int) -> dict[str, str]:
    """So many models that take a moment each."""
    return {f"models/many/m{n:02}.sql": f"select {n} as n, sum(range) as s from range(300000)" for n in range(count)}
