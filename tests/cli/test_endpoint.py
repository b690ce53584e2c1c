"""What `jusante up` answers over HTTP, over real sockets: health, metrics, and calls that are neither lost nor taken twice."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import queue
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest

from jusante.app import Lake
from jusante.app import conductor as conducting
from jusante.app.conductor import Conductor, Notice
from jusante.app.duty import Duty
from jusante.app.endpoint import MOST_AT_ONCE
from jusante.app.hooks import LONGEST_BODY_BYTES, Answer, Hooks, answered
from jusante.app.listening import listening
from jusante.core.event import Event
from jusante.errors import UsageError
from projects import run, write, write_shop

pytest.importorskip("uvicorn")

KEY = b"a key of callers"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TOKEN = "t0ken-of-a-caller"
FILE = """\
name: t
environments:
  dev:
    hooks:
      paid: {secret: "${env:PAID_SECRET}"}
      nightly: {token: "${env:NIGHTLY_TOKEN}", per_minute: 60}
"""
MODEL = "/* jusante\nwhen: [{webhook: paid}, {webhook: nightly}, {file: 'prices*.csv'}]\n*/\nselect id from shop.orders"


class Up:
    """A conductor with its endpoint. No thread decides: the tests do."""

    def __init__(self, lake: Lake, conductor: Conductor, url: str, stop: threading.Event) -> None:
        self.lake = lake
        self.conductor = conductor
        self.stop = stop
        self.http = httpx.Client(base_url=url, timeout=30)

    def call(self, body: bytes = b"{}", *, name: str = "m1", **other: str) -> httpx.Response:
        return self.http.post("/hooks/paid", content=body, headers=signed(body, name) | other)

    def due(self, seconds: float = 0) -> list[str]:
        now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
        return [due.why for due in self.conductor.turn(now).due if due.asset == "marts.ids"]

    def kept(self) -> list[dict[str, object]]:
        return [dict(event.payload) for event in self.lake.metadata.latest("hook.called", 100_000)]


def signed(body: bytes, name: str, key: bytes = KEY, at: dt.datetime | None = None) -> dict[str, str]:
    stamp = str(int((at or dt.datetime.now(dt.UTC)).timestamp()))
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,bm90IHRoaXM= v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Up]:
    monkeypatch.setenv("PAID_SECRET", SECRET)
    monkeypatch.setenv("NIGHTLY_TOKEN", TOKEN)
    write(write_shop(tmp_path), {"jusante.yaml": FILE, "models/marts/ids.sql": MODEL})
    run(tmp_path)
    stop = threading.Event()
    with Lake.open(tmp_path) as lake:
        conductor = Conductor(lake, dt.datetime.now(dt.UTC))
        with listening(lake.system, Duty(conductor), stop, "127.0.0.1:0") as url:
            found = Up(lake, conductor, url, stop)
            assert found.due() == ["a file came: prices*.csv"]
            yield found
            found.http.close()


def test_a_signed_call_makes_what_waits_for_it_once_and_nothing_of_it_is_kept(up: Up) -> None:
    assert up.due() == []
    assert up.call(b'{"card": "4111111111111111"}').status_code == 202
    assert up.due() == ["the webhook paid was called"]
    assert up.due() == []
    assert "4111" not in json.dumps(up.kept())
    assert up.kept()[0]["body"] == hashlib.sha256(b'{"card": "4111111111111111"}').hexdigest()


def test_a_call_that_comes_again_is_answered_alike_and_is_no_news_also_after_a_restart(up: Up) -> None:
    assert [up.call().status_code, up.call().status_code] == [202, 202]
    assert up.due() == ["the webhook paid was called"]
    conductor = Conductor(up.lake, dt.datetime.now(dt.UTC))
    with listening(up.lake.system, Duty(conductor), up.stop, "127.0.0.1:0") as url:
        assert httpx.post(f"{url}/hooks/paid", content=b"{}", headers=signed(b"{}", "m1")).status_code == 202
    assert len(up.kept()) == 1
    assert conductor.turn(dt.datetime.now(dt.UTC)).due == ()


def test_a_call_that_was_taken_by_one_process_is_known_by_all_and_heeded_by_the_one_that_leads(up: Up) -> None:
    assert up.call(name="m1").status_code == 202
    assert up.due() == ["the webhook paid was called"]
    with (
        Lake.open(up.lake.project.folder) as other,
        listening(other.system, Duty(), up.stop, "127.0.0.1:0") as url,
        httpx.Client(base_url=url) as http,
    ):
        assert http.post("/hooks/paid", content=b"{}", headers=signed(b"{}", "m1")).status_code == 202
        assert up.due() == []
        assert http.post("/hooks/paid", content=b"{}", headers=signed(b"{}", "m2")).status_code == 202
        assert up.due() == ["the webhook paid was called"]
        assert up.call(name="m2").status_code == 202
        assert up.due() == []
    assert len(up.kept()) == 2


LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
REFUSED: dict[str, dict[str, str]] = {
    "nothing signs it": {},
    "another key signs it": signed(b"{}", "m1", b"another key"),
    "the body was changed": signed(b"{ }", "m1"),
    "the time was changed": signed(b"{}", "m1") | {"webhook-timestamp": "1"},
    "it is a copy from long ago": signed(b"{}", "m1", at=LONG_AGO),
    "the id was changed": signed(b"{}", "m1") | {"webhook-id": "m2"},
    "the signature is no base64": signed(b"{}", "m1") | {"webhook-signature": "v1,%%%"},
    "the time is no number": signed(b"{}", "m1") | {"webhook-timestamp": "soon"},
    "a token is no signature": {"authorization": f"Bearer {TOKEN}"},
}


def test_who_does_not_sign_is_refused_and_nothing_is_written_down(up: Up) -> None:
    answers = {why: up.http.post("/hooks/paid", content=b"{}", headers=headers) for why, headers in REFUSED.items()}
    assert {why: answer.status_code for why, answer in answers.items()} == dict.fromkeys(REFUSED, 401)
    assert SECRET not in "".join(answer.text for answer in answers.values())
    assert up.kept() == []


def test_a_call_is_heard_at_once_and_the_second_signal_is_not_needed_to_stop(up: Up) -> None:
    told: queue.Queue[Notice] = queue.Queue()
    conductor = Conductor(up.lake, dt.datetime.now(dt.UTC), told.put)
    thread = threading.Thread(target=conductor.conduct, args=(up.stop,))
    with listening(up.lake.system, Duty(conductor), up.stop, "127.0.0.1:0") as url:
        thread.start()
        assert httpx.post(f"{url}/hooks/paid", content=b"{}", headers=signed(b"{}", "m1")).status_code == 202
        heard = next(notice for notice in iter(lambda: told.get(timeout=60), None) if notice.event == "trigger.fired")
        up.stop.set()
        thread.join(60)
    assert heard.what == "marts.ids: the webhook paid was called"
    assert not thread.is_alive()


def test_a_token_opens_its_own_hook_alone(up: Up) -> None:
    def called(given: str) -> int:
        return up.http.post("/hooks/nightly", headers={"authorization": given}).status_code

    assert called(f"Bearer {TOKEN}") == 202
    assert called(f"Bearer {TOKEN}x") == 401
    assert called("Bearer") == 401
    assert up.due() == ["the webhook nightly was called"]
    assert up.http.post("/hooks/nihgtly", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 404


def test_calls_without_an_id_are_calls_of_their_own(up: Up) -> None:
    for _ in range(3):
        up.http.post("/hooks/nightly", headers={"authorization": f"Bearer {TOKEN}"})
    assert len(up.kept()) == 3


def test_a_body_that_is_too_large_is_not_read_to_its_end(up: Up) -> None:
    body = b"x" * (LONGEST_BODY_BYTES + 1)
    assert up.call(body).status_code == 413
    assert up.kept() == []


def test_of_a_flood_of_ten_thousand_calls_some_are_told_to_wait_and_none_that_was_taken_is_lost(up: Up) -> None:
    known = up.lake.project.environment.hooks
    hooks = Hooks(known, up.lake.metadata.take, up.conductor.heed, lambda: dt.datetime.now(dt.UTC))

    def flood(part: int) -> list[tuple[str, Answer]]:
        names = [f"{part}-{number}" for number in range(1_250)]
        calls = [(name, hooks.call("paid", signed(b"{}", name), b"{}")) for name in names]
        return [(name, call if isinstance(call, Answer) else answered(call.exception())) for name, call in calls]

    with ThreadPoolExecutor(8) as pool:
        answers = [each for part in pool.map(flood, range(8)) for each in part]
    hooks.close()
    assert len(answers) == 10_000
    assert {answer.status for _, answer in answers} <= {202, 429, 503}
    assert all(answer.again_after for _, answer in answers if answer.status != 202)
    taken = _only_what_was_taken_is_kept(up, {name: answer.status for name, answer in answers})
    assert 600 <= taken < 1_000


def test_callers_that_come_together_are_answered_each(up: Up) -> None:
    _only_what_was_taken_is_kept(up, _flood(up, 50))


@pytest.mark.slow
def test_ten_thousand_calls_over_http(up: Up) -> None:
    answers = _flood(up, 1_250)
    assert len(answers) == 10_000
    assert _only_what_was_taken_is_kept(up, answers) < 2_000


def _flood(up: Up, each: int) -> dict[str, int]:
    """Eight callers at once: the status of each call, by its name."""

    def flood(part: int) -> dict[str, int]:
        with httpx.Client(base_url=up.http.base_url, timeout=60) as client:
            names = [f"{part}-{number}" for number in range(each)]
            return {n: client.post("/hooks/paid", content=b"{}", headers=signed(b"{}", n)).status_code for n in names}

    with ThreadPoolExecutor(8) as pool:
        return {name: status for part in pool.map(flood, range(8)) for name, status in part.items()}


def _only_what_was_taken_is_kept(up: Up, answers: dict[str, int]) -> int:
    """All that was taken stands in the ledger, once, and makes one run; how many."""
    taken = {hashlib.sha256(name.encode()).hexdigest() for name, status in answers.items() if status == 202}
    assert set(answers.values()) <= {202, 429, 503}
    assert {call["message"] for call in up.kept()} == taken
    assert len(up.kept()) == len(taken)
    assert up.due() == ["the webhook paid was called"]
    assert up.due() == []
    return len(taken)


def test_a_call_that_cannot_be_written_down_is_not_taken_and_may_come_again(
    up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jusante.errors import StorageFull

    def full(events: object) -> None:
        raise StorageFull("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(up.lake.metadata, "take", full)
        refused = up.call()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "J301" in refused.text
    assert up.call().status_code == 202


def test_metrics_are_what_the_command_prints(up: Up) -> None:
    from jusante.app.metrics import openmetrics

    answer = up.http.get("/metrics")
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text == openmetrics(up.lake.system)
    assert 'jusante_asset_last_task_succeeded{asset="marts.ids",kind="model"} 1' in answer.text


def test_health_says_what_is_wrong(up: Up) -> None:
    well = up.http.get("/health")
    assert (well.status_code, well.json()["status"]) == (200, "up")
    up.conductor.decided_at = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=10)
    silent = up.http.get("/health")
    assert (silent.status_code, silent.json()["live"]) == (503, False)
    assert "nothing was decided for 600 s" in silent.json()["wrong"][0]
    assert up.http.get("/health/live").status_code == 503
    up.due()
    up.stop.set()
    stopping = up.http.get("/health")
    assert (stopping.status_code, stopping.json()["status"]) == (503, "stopping")
    assert up.http.get("/health/live").status_code == 200


def test_a_conductor_whose_ledger_is_away_is_not_well_and_is_not_to_be_started_anew(up: Up) -> None:
    now = dt.datetime.now(dt.UTC)
    up.conductor.decided_at, up.conductor.turned_at = now - dt.timedelta(minutes=10), now
    assert (up.http.get("/health").status_code, up.http.get("/health/live").status_code) == (503, 200)
    up.conductor.turned_at = now - dt.timedelta(minutes=10)
    assert up.http.get("/health/live").status_code == 503


def test_a_ledger_that_cannot_be_read_is_told_by_health(up: Up) -> None:
    database = up.lake.settings.state / "metadata.db"
    up.lake.metadata.close()
    database.rename(database.with_suffix(".away"))
    database.mkdir()
    told, metrics = up.http.get("/health").json(), up.http.get("/metrics")
    database.rmdir()
    database.with_suffix(".away").rename(database)
    assert (told["status"], told["live"]) == ("degraded", True)
    assert "J300" in told["wrong"][0]
    assert metrics.status_code == 503


def test_an_address_that_is_taken_is_told_and_the_usual_one_gives_way(up: Up) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with (
            pytest.raises(UsageError, match="cannot be used"),
            listening(up.lake.system, Duty(up.conductor), up.stop, taken),
        ):
            raise AssertionError("nobody should answer there")
    with (
        pytest.raises(UsageError, match="is no address"),
        listening(up.lake.system, Duty(up.conductor), up.stop, "here"),
    ):
        raise AssertionError("nobody should answer there")
    anywhere = partial(listening, up.lake.system, Duty(up.conductor), up.stop, None)
    with anywhere() as one, anywhere() as other_url:
        assert one != other_url
        assert httpx.get(f"{other_url}/health/live").status_code == 200


def test_callers_who_say_nothing_are_hung_up_on_and_keep_nobody_out(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jusante.app.endpoint.LONGEST_READ_SECONDS", 0.3)
    with listening(up.lake.system, Duty(up.conductor), up.stop, "127.0.0.1:0") as url:
        place = (httpx.URL(url).host, httpx.URL(url).port)
        silent = [socket.create_connection(place, timeout=60) for _ in range(MOST_AT_ONCE)]
        silent[0].sendall(b"GET /health HTT")
        assert [_end_of(each) for each in silent] == [b""] * MOST_AT_ONCE
        assert httpx.get(f"{url}/health").status_code == 200
        for each in silent:
            each.close()


def _end_of(caller: socket.socket) -> bytes:
    try:
        return caller.recv(1)
    except ConnectionResetError:
        return b""


def test_what_was_taken_before_a_crash_is_made_at_the_next_start(up: Up) -> None:
    assert up.call().status_code == 202
    again = Conductor(up.lake, dt.datetime.now(dt.UTC))
    assert [due.why for due in again.turn(dt.datetime.now(dt.UTC)).due] == ["the webhook paid was called"]


def test_what_was_heeded_is_known_also_when_thousands_of_calls_came_since(
    up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert up.call().status_code == 202
    assert up.due() == ["the webhook paid was called"]
    now = dt.datetime.now(dt.UTC)
    others = [{"hook": "other", "message": f"m{number}"} for number in range(50)]
    up.lake.metadata.tell([Event("hook.called", now, asset="hook:other", payload=each) for each in others])
    monkeypatch.setattr(conducting, "REMEMBERED_EVENTS", 20)
    assert Conductor(up.lake, now).turn(now).due == ()
