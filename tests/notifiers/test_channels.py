"""Mail, chat and alerts, to real servers on this machine; and one that is down for a while."""

import asyncio
import datetime as dt
import email
import email.policy
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from jusante.app import Lake, check
from jusante.app.outbox import GIVEN_UP_AFTER, POSTED, SENT, TRIED, Outboxes
from jusante.app.telling import tell
from jusante.core.channels import names_of
from jusante.core.secret import Secret
from jusante.errors import SourceUnavailable, UsageError
from jusante.notifiers.alertmanager import NEVER, AlertmanagerNotifier
from jusante.notifiers.apprise import AppriseNotifier
from jusante.ports.notifier import Notice
from projects import run, sql, write
from receiving import receiver

NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
ABOUT = {
    "incident": "I3", "state": "open", "severity": "high", "kind": "source_down", "asset": "source:sales",
    "owner": "backend@b.example", "began": NOW.isoformat(), "ended": "",
}  # fmt: skip
NOTICE = Notice(
    "growth@b.example",
    "I3 opened: source:sales: no connection",
    "It is down.\nAs of 08:00.",
    "key-1",
    "incident.opened",
    ABOUT,
)


class _Mails:
    def __init__(self) -> None:
        self.got: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, *given: Any) -> str:
        envelope = given[-1]
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append((envelope.rcpt_tos, message))
        return "250 kept"


@contextmanager
def mail_server() -> Iterator[tuple[int, list[tuple[list[str], EmailMessage]]]]:
    """A real SMTP server; its port, and the mails that arrived."""
    from aiosmtpd.smtp import SMTP

    mails = _Mails()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(mails, loop=loop), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], mails.got
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        server.close()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def test_a_mail_goes_to_whom_it_is_for() -> None:
    with mail_server() as (port, got):
        url = f"mailto://127.0.0.1:{port}/?from=jusante@b.example&to={{to}}&mode=insecure"
        AppriseNotifier(Secret(url)).tell((NOTICE,))
    [(to, message)] = got
    assert to == ["growth@b.example"]
    assert message["subject"] == NOTICE.subject
    body = message.get_body(("plain", "html"))
    assert body is not None
    assert "It is down." in body.get_content()
    assert "As of 08:00." in body.get_content()


def test_a_subject_is_one_line_and_never_another_header() -> None:
    error = 'I3 opened: Referenced column "nix" not found\nBcc: all@b.example\r\nHINT: see row 3\u2028end'
    with mail_server() as (port, got):
        url = f"mailto://127.0.0.1:{port}/?from=jusante@b.example&to={{to}}&mode=insecure"
        AppriseNotifier(Secret(url)).tell((replace(NOTICE, subject=error),))
    [(to, message)] = got
    assert to == ["growth@b.example"]
    assert message["subject"] == 'I3 opened: Referenced column "nix" not found Bcc: all@b.example HINT: see row 3 end'
    assert {"bcc", "hint"} & {name.lower() for name in message} == set()


def test_a_chat_hears_to_whom_it_is_said() -> None:
    with receiver(200) as (url, got):
        AppriseNotifier(Secret(url.replace("http://", "json://"))).tell((NOTICE,))
    [(_, body)] = got
    said = json.loads(body)
    assert said["title"] == NOTICE.subject
    assert said["message"].startswith("to growth@b.example\nIt is down.")


def test_a_service_that_is_down_is_worth_another_try_and_a_url_that_is_none_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with receiver(500) as (url, _), pytest.raises(SourceUnavailable) as error:
        AppriseNotifier(Secret(url.replace("http://", "json://me:hushhush@"))).tell((NOTICE,))
    assert "hushhush" not in str(error.value) + caplog.text
    with pytest.raises(UsageError):
        AppriseNotifier(Secret("nonsense hushhush")).tell((NOTICE,))
    assert "hushhush" not in caplog.text


def test_an_alert_is_what_alertmanager_would_have_sent() -> None:
    over = Notice(
        NOTICE.to, "I3 is over", "Well.", "key-2", "incident.resolved",
        {**ABOUT, "state": "resolved", "severity": "medium", "ended": "2026-03-01T10:00:00+00:00"},
    )  # fmt: skip
    with receiver(200) as (url, got):
        AlertmanagerNotifier(Secret(url), Secret("hush"), "on call", "shop").tell((NOTICE, over))
    assert [headers["authorization"] for headers, _ in got] == ["Bearer hush"] * 2
    first, last = (json.loads(body) for _, body in got)
    assert set(first) == {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
        "commonAnnotations", "externalURL", "alerts",
    }  # fmt: skip
    assert (first["version"], first["status"], first["receiver"]) == ("4", "firing", "on call")
    assert first["groupKey"] == last["groupKey"] == '{}:{incident="I3", project="shop"}'
    [alert] = first["alerts"]
    assert (alert["startsAt"], alert["endsAt"]) == (NOW.isoformat(), NEVER)
    assert alert["labels"] == {
        "alertname": "source_down", "incident": "I3", "project": "shop", "asset": "source:sales",
        "severity": "critical", "owner": "backend@b.example",
    }  # fmt: skip
    assert alert["annotations"] == {"summary": NOTICE.subject, "description": NOTICE.text}
    [ended] = last["alerts"]
    assert (last["status"], ended["endsAt"]) == ("resolved", "2026-03-01T10:00:00+00:00")
    assert ended["fingerprint"] == alert["fingerprint"]


def test_what_is_no_incident_is_no_alert() -> None:
    with receiver(200) as (url, got):
        AlertmanagerNotifier(Secret(url), None, "on call", "shop").tell((Notice("a", "b", "c", "k", "drift.held"),))
    assert got == []


# -- a whole project -------------------------------------------------------------------------------------------------------


def project(folder: Path, notify: str) -> None:
    write(
        folder,
        {
            "jusante.yaml": f"name: told\nenvironments:\n  dev:\n    notify:\n{notify}",
            "sources/shop.yaml": "source: shop\nkind: sqlite\nconnection: shop.db\nowner: them@b.example\n"
            "tables:\n  orders: {key: [id]}\n",
            "models/m/sums.sql": "/* jusante\nowner: sums@b.example\n*/\nselect sum(total) as revenue from shop.orders",
            "exposures/board.yaml": "exposure: board\nkind: report\nowner: board@b.example\nreads: {m.sums: [revenue]}\n",
        },
    )
    sql(folder / "shop.db", "create table orders (id integer primary key, total integer)")
    sql(folder / "shop.db", "insert into orders values (1, 2)")


def test_a_notifier_that_is_down_for_a_while_stops_no_run_and_in_the_end_each_notice_has_come_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.notifiers.posting.FIRST_WAIT_SECONDS", 0.0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for name, scheme in (("HOOK", "http"), ("CHAT", "json")):
        monkeypatch.setenv(name, f"{scheme}://127.0.0.1:{port}/{name.lower()}")
    notify = "".join(
        f"      - {{kind: {kind}, url: '${{env:{name}}}'}}\n"
        for kind, name in (("webhook", "HOOK"), ("apprise", "CHAT"), ("alertmanager", "HOOK"))
    )
    project(tmp_path, notify)
    assert run(tmp_path).status == "succeeded"
    right = (tmp_path / "models" / "m" / "sums.sql").read_text()
    write(tmp_path, {"models/m/sums.sql": right.replace("total", "totl")})
    for _ in range(2):
        report = run(tmp_path)
        assert report.status == "failed", report.tasks
        assert len(report.notices) == 3, report.notices
    with receiver(200, port=port) as (_, got):
        write(tmp_path, {"models/m/sums.sql": right})
        assert run(tmp_path).status == "succeeded"
        assert run(tmp_path).notices == ()
    keys = [headers["webhook-id"] for headers, _ in got if "webhook-id" in headers]
    alerts = [json.loads(body)["status"] for headers, body in got if "idempotency-key" in headers]
    others = [body for headers, body in got if not {"idempotency-key", "webhook-id"} & set(headers)]
    chats = [json.loads(body)["message"].splitlines()[0] for body in others]
    assert len(keys) == len(set(keys)) == 4
    assert alerts == ["firing", "resolved"]
    assert sorted(chats) == ["to board@b.example"] * 2 + ["to sums@b.example"] * 2
    with Lake.open(tmp_path) as lake:
        timeline = lake.metadata.incidents(None, 1)[0].timeline
        choices = lake.project.environment.notify
    told = [moment.text for moment in timeline if moment.what == "told"]
    hook, chat, alerts = names_of(choices)
    assert told == [f"sums@b.example, board@b.example, by {hook} and {chat}", f"alertmanager, by {alerts}"]


def test_whoever_asks_again_and_again_tries_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.notifiers.posting.FIRST_WAIT_SECONDS", 0.0)
    clock = [dt.datetime.now(dt.UTC)]
    monkeypatch.setattr("jusante.app.clock.now", lambda: clock[0])
    with receiver(503) as (url, got):
        monkeypatch.setenv("HOOK", url)
        project(tmp_path, "      - {kind: webhook, url: '${env:HOOK}', name: chat}\n")
        with Lake.open(tmp_path) as lake:
            tell(lake.system, (Notice("a", "b", "c", "k", "drift.rejected"),), patient=True)
            for _ in range(6 * 60):  # six hours, minute by minute
                clock[0] += dt.timedelta(minutes=1)
                tell(lake.system, patient=True)
            assert 20 * 3 <= len(got) <= 35 * 3
            clock[0] += GIVEN_UP_AFTER
            assert Outboxes(lake.metadata).of("chat").unsent(9, clock[0]) == ()


def test_what_one_refuses_keeps_the_others_from_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(400, 200) as (url, got):
        monkeypatch.setenv("HOOK", url)
        project(tmp_path, "      - {kind: webhook, url: '${env:HOOK}', name: chat}\n")
        with Lake.open(tmp_path) as lake:
            notices = tuple(Notice("a", "b", "c", key, "drift.rejected") for key in ("one", "two"))
            assert "answered 400" in tell(lake.system, notices)[0]
            assert [headers["webhook-id"] for headers, _ in got] == ["one", "two"]
            assert [notice.key for notice in Outboxes(lake.metadata).of("chat").unsent(9, dt.datetime.now(dt.UTC))] == [
                "one"
            ]
            assert tell(lake.system, patient=True) == ()


def test_what_cannot_be_delivered_keeps_no_other_however_the_channel_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.notifiers.posting.FIRST_WAIT_SECONDS", 0.0)
    clock = [dt.datetime.now(dt.UTC)]
    monkeypatch.setattr("jusante.app.clock.now", lambda: clock[0])

    def noted(*words: str) -> tuple[Notice, ...]:
        return tuple(Notice("a", word, "c", word, "drift.rejected") for word in words)

    with receiver(200, never=b"poison") as (url, got):
        monkeypatch.setenv("HOOK", url)
        project(tmp_path, "      - {kind: webhook, url: '${env:HOOK}', name: chat}\n")
        with Lake.open(tmp_path) as lake:
            assert tell(lake.system, noted("poison 1", "poison 2", "one", "poison 3", "two"), patient=True)
            for _ in range(5):
                clock[0] += dt.timedelta(minutes=2)
                tell(lake.system, patient=True)
            arrived = [headers["webhook-id"] for headers, _ in got if "poison" not in headers["webhook-id"]]
            assert arrived == ["one", "two"]
            tell(lake.system, noted("three"), patient=True)
            assert [headers["webhook-id"] for headers, _ in got][-1] == "three", "what is new waits for none of them"
            assert len(got) < 100


def test_the_ledger_is_read_once_for_all_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, "".join(f"      - {{kind: file, path: {name}.ndjson}}\n" for name in "abc"))
    with Lake.open(tmp_path) as lake:
        tell(lake.system, (Notice("a", "b", "c", "one", "drift.rejected"),))
        read: list[str | None] = []
        latest = lake.metadata.latest
        monkeypatch.setattr(
            lake.metadata, "latest", lambda kind, *given, **more: read.append(kind) or latest(kind, *given, **more)
        )
        tell(lake.system, tuple(Notice("a", "b", "c", key, "drift.rejected") for key in ("one", "two")))
    assert sorted(kind for kind in read if kind and kind.startswith("notice.")) == [POSTED, SENT, TRIED]
    told = [
        [json.loads(line)["key"] for line in (tmp_path / f"{name}.ndjson").read_text().splitlines()] for name in "abc"
    ]
    assert told == [["one", "two"]] * 3


def test_after_an_outage_the_oldest_comes_first_and_few_are_tried_while_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.notifiers.posting.FIRST_WAIT_SECONDS", 0.0)
    clock = [dt.datetime.now(dt.UTC)]
    monkeypatch.setattr("jusante.app.clock.now", lambda: clock[0])
    notices = tuple(Notice("a", "b", "c", f"n{n}", "drift.rejected") for n in range(9))
    with receiver(503) as (url, got):
        monkeypatch.setenv("HOOK", url)
        port = int(url.split(":")[2].split("/")[0])
        project(tmp_path, "      - {kind: webhook, url: '${env:HOOK}', name: chat}\n")
        with Lake.open(tmp_path) as lake:
            tell(lake.system, notices, patient=True)
            for _ in range(20):
                clock[0] += dt.timedelta(minutes=3)
                tell(lake.system, patient=True)
    assert 8 * 3 <= len(got) <= 20 * 3, "two are tried, less and less often"
    with receiver(200, port=port) as (_, got), Lake.open(tmp_path) as lake:
        assert tell(lake.system) == ()
    assert [headers["webhook-id"] for headers, _ in got] == [notice.key for notice in notices]


def test_a_channel_that_is_not_as_it_should_be_is_found_by_check(tmp_path: Path) -> None:
    project(
        tmp_path,
        "      - {kind: apprise, url: 'mailto://me:pass@b.example'}\n      - {kind: console, quiet: 'at night'}\n"
        "      - {kind: console, quiet: '22:00-07:00 Europe/Lisboa'}\n      - {kind: console, after: soon}\n"
        "      - {kind: console, severity: worst}\n      - {kind: alertmanager}\n",
    )
    _, problems = check(tmp_path)
    told = " ".join(problem.what for problem in problems)
    for words in (
        "bears its password", "'at night' is not of the form", "there is no time zone Europe/Lisboa",
        "'soon' is not a duration", "severity", "an alertmanager needs a url",
    ):  # fmt: skip
        assert words in told, told


def test_each_channel_has_a_name_of_its_own(tmp_path: Path) -> None:
    project(tmp_path, "      - {kind: console, name: one}\n      - {kind: file, path: a, name: one}\n")
    _, problems = check(tmp_path)
    assert ["two channels are called one" in problem.what for problem in problems] == [True]
