"""Owners are told once, by what they chose; a receiver that is down keeps nobody from working."""

import base64
import datetime as dt
import hashlib
import hmac
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from jusante.app import Lake, check
from jusante.app.outbox import Outboxes
from jusante.app.telling import tell
from jusante.core.channels import names_of
from jusante.core.secret import Secret
from jusante.errors import SourceUnavailable, UsageError
from jusante.notifiers.console import ConsoleNotifier, block
from jusante.notifiers.file import FileNotifier
from jusante.notifiers.webhook import WebhookNotifier
from jusante.ports.notifier import Notice
from projects import run, sql, write
from receiving import receiver

NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
NOTICE = Notice("growth@b.example", "total waits", "It is called amount now.\nDecide.", "key-1", "drift.held")
BARE = b"a secret of some length"
SECRET = Secret("whsec_" + base64.b64encode(BARE).decode())


def webhook(url: str, secret: Secret | None = SECRET) -> WebhookNotifier:
    return WebhookNotifier(Secret(url), secret, lambda: NOW, lambda _: None)


def test_a_webhook_is_signed_as_the_standard_says() -> None:
    with receiver(204) as (url, got):
        webhook(url).tell((NOTICE,))
    [(headers, body)] = got
    assert headers["webhook-id"] == "key-1"
    content = f"key-1.{int(NOW.timestamp())}.".encode() + body
    expected = base64.b64encode(hmac.new(BARE, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body) == {
        "type": "drift.held",
        "timestamp": NOW.isoformat(),
        "data": {"to": NOTICE.to, "subject": NOTICE.subject, "text": NOTICE.text},
    }


def test_a_receiver_that_fails_in_passing_is_tried_again_with_the_same_id() -> None:
    with receiver(503, 429, 200) as (url, got):
        webhook(url).tell((NOTICE,))
    assert [headers["webhook-id"] for headers, _ in got] == ["key-1"] * 3


def test_a_receiver_that_stays_down_is_worth_another_try_and_one_that_refuses_is_not() -> None:
    with receiver(500) as (url, got), pytest.raises(SourceUnavailable):
        webhook(url).tell((NOTICE,))
    assert len(got) == 3
    with receiver(401) as (url, got), pytest.raises(UsageError):
        webhook(url).tell((NOTICE,))
    assert len(got) == 1


def test_a_secret_that_is_none_is_refused_without_showing_it() -> None:
    with receiver(200) as (url, got), pytest.raises(UsageError) as error:
        webhook(url, Secret("not base64!")).tell((NOTICE,))
    assert "not base64!" not in str(error.value)
    assert got == []


def test_a_file_gets_a_line_for_each_notice(tmp_path: Path) -> None:
    notifier = FileNotifier(tmp_path / "a" / "told.ndjson", lambda: NOW)
    notifier.tell((NOTICE, NOTICE))
    notifier.tell((NOTICE,))
    lines = (tmp_path / "a" / "told.ndjson").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == [NOTICE.text] * 3


def test_the_console_shows_to_whom_what() -> None:
    stream = io.StringIO()
    ConsoleNotifier(stream).tell((NOTICE,))
    assert stream.getvalue() == "to growth@b.example:\n  total waits\n  It is called amount now.\n  Decide.\n\n"


def test_the_console_does_not_say_twice_what_the_subject_says_and_fits_a_terminal() -> None:
    notice = Notice(
        "a@b.example",
        "I1 opened: m.sums: " + "it fails " * 9,
        "m.sums: " + "it fails " * 8 + "it fails\n  jusante drift",
        "k",
        "x",
    )
    assert block(notice, 40) == [
        "to a@b.example:",
        "  I1 opened: m.sums: it fails it fails",
        "    it fails it fails it fails it fails",
        "    it fails it fails it fails",
        "    jusante drift",
        "",
    ]


# -- a whole project -------------------------------------------------------------------------------------------------------


def project(folder: Path, notify: str) -> None:
    write(
        folder,
        {
            "jusante.yaml": f"name: told\nenvironments:\n  dev:\n    notify: {notify}\n",
            "sources/shop.yaml": "source: shop\nkind: sqlite\nconnection: shop.db\nowner: them@b.example\n"
            "tables:\n  orders: {key: [id]}\n",
            "models/m/sums.sql": "/* jusante\nowner: sums@b.example\n*/\nselect sum(total) as revenue from shop.orders",
            "models/m/more.sql": "/* jusante\nowner: sums@b.example\n*/\nselect revenue + 1 as more from m.sums",
        },
    )
    sql(folder / "shop.db", "create table orders (id integer primary key, total integer)")
    sql(folder / "shop.db", "insert into orders values (?, ?)", [(n, n * 7919 % 1000) for n in range(60)])


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "told.ndjson").read_text().splitlines()]


def test_each_owner_is_told_once_for_each_finding_of_what_is_theirs(tmp_path: Path) -> None:
    project(tmp_path, "[{kind: file, path: told.ndjson}]")
    run(tmp_path)
    assert not (tmp_path / "told.ndjson").exists()
    sql(tmp_path / "shop.db", "alter table orders rename column total to amount")
    run(tmp_path)
    run(tmp_path)
    notices = told(tmp_path)
    assert sorted(notice["to"] for notice in notices) == ["sums@b.example", "them@b.example"]
    mine = next(notice for notice in notices if notice["to"] == "sums@b.example")
    assert mine["subject"].startswith("2 things of yours wait: shop.orders.total is called amount")
    assert "m.more, m.sums" in mine["text"]
    theirs = next(notice for notice in notices if notice["to"] == "them@b.example")
    assert "sums@b.example: m.more, m.sums" in theirs["text"]
    sql(tmp_path / "shop.db", "alter table orders rename column amount to total")
    run(tmp_path)
    sql(tmp_path / "shop.db", "alter table orders rename column total to amount")
    run(tmp_path)
    kinds = [notice["kind"] for notice in told(tmp_path)]
    assert kinds.count("drift.held") == 4, "the same change another time is news"
    assert kinds.count("incident.resolved") == len(kinds) - 4 == 2, "each owner hears when it is over"


def test_a_receiver_that_is_down_fails_no_run_and_gets_the_notice_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.notifiers.posting.FIRST_WAIT_SECONDS", 0.0)
    with receiver(*[500] * 3, 200) as (url, got):
        monkeypatch.setenv("HOOK", url)
        project(tmp_path, "[{kind: webhook, url: '${env:HOOK}'}]")
        run(tmp_path)
        sql(tmp_path / "shop.db", "alter table orders rename column total to amount")
        report = run(tmp_path)
        assert report.status == "partial"
        assert "the receiver of notices answered 500" in report.notices[0]
        assert len(got) == 3
        assert run(tmp_path).notices == ()
        assert len(got) == 5
        run(tmp_path)
        assert len(got) == 5
    with Lake.open(tmp_path) as lake:
        [channel] = names_of(lake.project.environment.notify)
        assert Outboxes(lake.metadata).of(channel).unsent(10, dt.datetime.now(dt.UTC)) == ()


def test_what_waits_for_one_channel_goes_to_no_other_that_is_put_before_it(tmp_path: Path) -> None:
    with receiver(400) as (first, _), receiver(200) as (second, got):
        project(tmp_path, f"[{{kind: webhook, url: '{first}'}}]")
        with Lake.open(tmp_path) as lake:
            assert "answered 400" in tell(lake.system, (NOTICE,))[0]
        text = (tmp_path / "jusante.yaml").read_text()
        write(tmp_path, {"jusante.yaml": text.replace("[{", f"[{{kind: webhook, url: '{second}'}}, {{")})
        with Lake.open(tmp_path) as lake:
            [said] = tell(lake.system)
        assert got == []
        assert re.match(r"webhook [0-9a-f]{4} \(notify 2\): the receiver of notices answered 400", said)


def test_a_way_to_tell_that_lacks_something_is_found_by_check(tmp_path: Path) -> None:
    project(tmp_path, "[{kind: file}, {kind: webhook, url: 'https://x.example', secret: whsec_abc}]")
    _, problems = check(tmp_path)
    told = " ".join(problem.what for problem in problems)
    assert "a file needs a path" in told
    assert "the secret of a webhook stands in the file" in told
