"""`jusante up --stand-by` over HTTP, in processes of their own: it answers while it waits, and goes on when it leads."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from projects import run, write, write_shop

pytest.importorskip("uvicorn")

FILE = "name: t\nenvironments:\n  dev:\n    hooks:\n      nightly: {token: '${env:NIGHTLY_TOKEN}'}\n"
MODEL = "/* jusante\nwhen: [{webhook: nightly}]\n*/\nselect id from shop.orders"
TOKEN = "t0ken-of-a-caller"


class Process:
    """A `jusante up` that answers at `http`."""

    def __init__(self, folder: Path, *options: str) -> None:
        words = ["up", "--json", "--project", str(folder), "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jusante", *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NIGHTLY_TOKEN": TOKEN},
        )
        self.http = httpx.Client(base_url=str(self.until("listen")["url"]), timeout=30)

    def until(self, event: str) -> dict[str, object]:
        """The next that it says of an event."""
        assert self.process.stdout
        for line in self.process.stdout:
            said: dict[str, object] = json.loads(line)
            if said["event"] == event:
                return said
        raise AssertionError(f"it ended and had not said {event}")

    def call(self, name: str) -> int:
        """Call its hook."""
        headers = {"authorization": f"Bearer {TOKEN}", "webhook-id": name}
        return self.http.post("/hooks/nightly", headers=headers).status_code

    def health(self) -> tuple[int, str, bool]:
        """What it says of itself: whether it is ready, what it is at, whether it leads."""
        answer = self.http.get("/health")
        return answer.status_code, answer.json()["status"], answer.json()["leads"]


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Process]:
    """One that runs for the block."""
    process = Process(folder, *options)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.communicate()
        process.http.close()


def test_who_stands_by_answers_takes_calls_and_leads_at_the_same_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLY_TOKEN", TOKEN)
    write(write_shop(tmp_path), {"jusante.yaml": FILE, "models/marts/ids.sql": MODEL})
    run(tmp_path)
    with started(tmp_path) as first, started(tmp_path, "--stand-by") as second:
        second.until("standing.by")
        assert (first.health(), second.health()) == ((200, "up", True), (200, "standing by", False))
        assert second.http.get("/health").json()["leader"] == "another process on this machine"
        assert second.http.get("/health/live").status_code == 200
        assert "jusante_asset_last_task_succeeded" in second.http.get("/metrics").text

        assert second.call("call 1") == 202
        assert first.until("trigger.fired")["asset"] == "marts.ids"

        first.process.kill()
        second.until("up")
        assert second.health() == (200, "up", True)
        assert second.call("call 1") == 202
        assert second.call("call 2") == 202
        assert second.until("trigger.fired")["asset"] == "marts.ids"
