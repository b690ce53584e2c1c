"""Masks are made in the query that reads, so that no plain value rests anywhere."""

import datetime as dt
import hashlib
import hmac
import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jusante import app
from jusante.app import Lake
from jusante.core.mask import Mask
from jusante.core.secret import Secret
from jusante.engines.duckdb.engine import DuckDBEngine
from jusante.errors import JusanteError, StorageError, UsageError
from jusante.ingestion.masks import text_of
from jusante.security.masking import MaskKeys
from jusante.storage.key_file import kept_or_made
from projects import rows, run, sql, task, write
from remains import holding

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef"
PLANTED = [f"planted-{name}@mail.example" for name in ("ada", "bob", "cyd")]
HEAD = "source: crm\nkind: sqlite\nconnection: crm.db\nowner: a@b.example\ntables:\n  people:\n    key: [id]\n"


def crm(folder: Path, columns: str, *, more: str = "", key: str = "") -> Path:
    """A project with three people; `columns` are the rules of their columns, `more` other settings of the table."""
    environment = f"environments:\n  dev: {{keys: {{masks: '{key}'}}}}\n" if key else ""
    indented = "".join(f"      {line}\n" for line in columns.splitlines())
    write(folder, {"jusante.yaml": "name: people\n" + environment})
    write(folder, {"sources/crm.yaml": HEAD + more + "    columns:\n" + indented})
    if not (folder / "crm.db").exists():
        names = "id integer primary key, mail text, born text, pay integer, ip text, post text, n integer"
        sql(folder / "crm.db", f"create table people ({names})")
        people = [
            (1, PLANTED[0], "1984-05-06", 4321, "203.0.113.77", "SW1A 1AA", 1),
            (2, PLANTED[1], "1999-12-31", -7, "2001:db8:1:2:3::4", "01310-100", 2),
            (3, None, None, None, None, None, 3),
        ]
        sql(folder / "crm.db", "insert into people values (?, ?, ?, ?, ?, ?, ?)", people)
    return folder


PERSONAL = "{name}: {{sensitive: x, purpose: [tests], type: {type}, mask: {mask}}}"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MASK_KEY", KEY)
    return "${env:MASK_KEY}"


REST = "mail: {sensitive: email}\nborn: {sensitive: birth_date}\npay: {sensitive: pay}\nip: {sensitive: ip}"
RESULTS: dict[str, tuple[str, str, str, list[Any]]] = {
    "the first characters": ("mail", "string", "{truncate: 4}", ["plan", "plan", None]),
    "the last characters": ("mail", "string", "{truncate: -7}", ["example", "example", None]),
    "a number's first digits": ("pay", "long", "{truncate: 2}", ["43", "-7", None]),
    "a year": ("born", "date", "{generalise: year}", [dt.date(1984, 1, 1), dt.date(1999, 1, 1), None]),
    "a month": ("born", "date", "{generalise: month}", [dt.date(1984, 5, 1), dt.date(1999, 12, 1), None]),
    "a range": ("pay", "long", "{generalise: 1000}", [4000, -1000, None]),
    "a network": ("ip", "string", "{generalise: ip}", ["203.0.113.0/24", "2001:db8:1::/48", None]),
    "a postcode": ("post", "string", "{generalise: postcode}", ["SW1", "013", None]),
}


@pytest.mark.parametrize(("column", "kind", "mask", "expected"), RESULTS.values(), ids=RESULTS)
def test_what_a_mask_leaves(tmp_path: Path, column: str, kind: str, mask: str, expected: list[Any]) -> None:
    rest = "\n".join(line for line in REST.splitlines() if not line.startswith(column))
    crm(tmp_path, rest + "\n" + PERSONAL.format(name=column, type=kind, mask=mask))
    assert run(tmp_path).status == "succeeded"
    assert [row[0] for row in rows(tmp_path, f"select {column} from crm.people order by id")] == expected


def test_a_hash_is_what_everybody_calls_hmac(tmp_path: Path, key: str) -> None:
    crm(tmp_path, PERSONAL.format(name="mail", type="string", mask="hash"), key=key)
    run(tmp_path)
    derived = hmac.digest(KEY.encode(), b"jusante masks 1 hash", "sha256")
    expected = [hmac.digest(derived, mail.encode(), hashlib.sha256).hex() for mail in PLANTED[:2]]
    assert [row[0] for row in rows(tmp_path, "select mail from crm.people order by id")] == [*expected, None]


def test_a_token_can_be_turned_back_and_joins(tmp_path: Path, key: str) -> None:
    crm(tmp_path, PERSONAL.format(name="mail", type="string", mask="tokenise"), key=key)
    sql(tmp_path / "crm.db", "create table letters (id integer primary key, to_mail text)")
    sql(tmp_path / "crm.db", "insert into letters values (?, ?)", [(1, PLANTED[1]), (2, PLANTED[1]), (3, "")])
    rule = PERSONAL.format(name="to_mail", type="string", mask="tokenise")
    more = f"  letters:\n    columns:\n      {rule}\n"
    write(tmp_path, {"sources/crm.yaml": (tmp_path / "sources/crm.yaml").read_text() + more})
    assert run(tmp_path).status == "succeeded"
    joined = "select p.mail from crm.people as p join crm.letters as l on p.mail = l.to_mail"
    tokens = [row[0] for row in rows(tmp_path, joined)]
    (empty,) = rows(tmp_path, "select to_mail from crm.letters where id = 3")
    with Lake.open(tmp_path) as lake:
        opened = [lake.system.masks().tokens.open(token) for token in [*tokens, empty[0]]]
        assert opened == [PLANTED[1], PLANTED[1], ""]
        for wrong in (tokens[0][:-4], "nonsense", "t", "", tokens[0][:-1] + "A" * 2):
            with pytest.raises(UsageError):
                lake.system.masks().tokens.open(wrong)


def test_equal_numbers_of_other_types_have_equal_hashes() -> None:
    with closing(DuckDBEngine()) as engine, engine.session() as session:
        values = {"long": "7::bigint", "decimal(12,2)": "7.00::decimal(12,2)", "double": "7::double", "string": "'7'"}
        assert {session.rows(f"select {text_of(sql, kind)}")[0][0] for kind, sql in values.items()} == {"7"}
        others = {"100": "100::decimal(12,2)", "0": "0::decimal(9,3)", "1.5": "1.50::decimal(9,3)"}
        for expected, value in others.items():
            assert session.rows(f"select {text_of(value, 'decimal(9,3)')}")[0][0] == expected


def test_a_masked_key_replaces_rows_as_a_plain_one_does(tmp_path: Path, key: str) -> None:
    more = "    ingest: {mode: incremental, cursor: n}\n"
    crm(tmp_path, PERSONAL.format(name="mail", type="string", mask="hash"), more=more, key=key)
    text = (tmp_path / "sources/crm.yaml").read_text().replace("key: [id]", "key: [mail]")
    write(tmp_path, {"sources/crm.yaml": text})
    sql(tmp_path / "crm.db", "delete from people where mail is null")
    run(tmp_path)
    sql(tmp_path / "crm.db", "update people set post = 'new', n = 9 where id = 1")
    sql(tmp_path / "crm.db", "insert into people values (8, ?, null, null, null, 'third', 10)", [(PLANTED[2],)])
    assert run(tmp_path).status == "succeeded"
    assert rows(tmp_path, "select id, post from crm.people order by id") == [(1, "new"), (2, "01310-100"), (8, "third")]


def test_another_key_loads_all_anew(tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    crm(tmp_path, PERSONAL.format(name="mail", type="string", mask="hash"), key=key)
    run(tmp_path)
    before = rows(tmp_path, "select mail from crm.people order by id")
    assert task(run(tmp_path), "crm.people").status == "skipped"
    monkeypatch.setenv("MASK_KEY", KEY[::-1])
    assert task(run(tmp_path), "crm.people").status == "succeeded"
    after = rows(tmp_path, "select mail from crm.people order by id")
    assert not {row for row in before if row[0]} & set(after)


WRONG = {
    "a cursor": ("mail: {mask: hash}", "    ingest: {mode: incremental, cursor: mail}\n", "J151"),
    "a key cut short": ("id: {mask: {truncate: 2}}", "", "J151"),
    "a key that is dropped": ("id: {mask: drop}", "", "J151"),
    "a year of a number": ("pay: {type: long, mask: {generalise: year}}", "", "J151"),
    "no mask": ("mail: {mask: scramble}", "", "J103"),
    "a width of one": ("pay: {mask: {generalise: 1}}", "", "J103"),
    "two words at once": ("mail: {mask: {truncate: 2, generalise: year}}", "", "J103"),
    "personal and not": ("mail: {sensitive: email, not_personal: it is none}", "", "J154"),
    "none as a kind": ("mail: {sensitive: none}", "", "J154"),
    "a subject unread": ("mail: {sensitive: email}", "    subject: mail\n", "J153"),
    "a subject cut short": ("mail: {mask: {truncate: 2}}", "    subject: mail\n", "J153"),
}


@pytest.mark.parametrize(("columns", "more", "code"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_told_before_anything_is_read(tmp_path: Path, columns: str, more: str, code: str) -> None:
    problems = app.check(crm(tmp_path, columns, more=more))[1]
    assert [problem.code for problem in problems if problem.severity == "error"] == [code]
    assert all(problem.fix and problem.where.startswith("sources/crm.yaml:") for problem in problems)


def test_a_mask_of_the_wrong_type_is_refused_before_a_row_is_read(tmp_path: Path) -> None:
    crm(tmp_path, "mail: {sensitive: email, purpose: [tests], mask: {generalise: 10}}")
    done = task(run(tmp_path), "crm.people")
    assert done.status == "failed"
    assert done.error is not None
    assert "column mail cannot be masked by {generalise: 10}" in done.error["what"]


def test_a_value_that_does_not_fit_is_in_no_error(tmp_path: Path) -> None:
    for rule in ("{sensitive: x, purpose: [t], type: date}", "{type: long, mask: hash}"):
        crm(tmp_path, f"mail: {rule}")
        done = task(run(tmp_path), "crm.people")
        assert done.status == "failed"
        assert done.error is not None
        assert "column mail holds something that is no" in done.error["what"]
        assert "planted" not in str(done)


ALL = """\
mail: {sensitive: email, purpose: [tests], mask: hash}
born: {sensitive: birth_date, purpose: [tests], type: date, mask: {generalise: year}}
ip: {sensitive: ip, purpose: [tests], mask: tokenise}
post: {mask: {truncate: 1}}"""
PLAIN = [*PLANTED, "1984-05-06", "203.0.113.77", "SW1A"]


@pytest.mark.parametrize("bad_rows", ["fail", "quarantine"])
@pytest.mark.parametrize("point", ["before_stage", "after_stage", "after_commit"])
def test_no_plain_value_rests_anywhere_not_even_after_a_kill(tmp_path: Path, bad_rows: str, point: str) -> None:
    more = f"    bad_rows: {bad_rows}\n    ingest: {{mode: incremental, cursor: n}}\n"
    crm(tmp_path, ALL, more=more)
    environment = {**os.environ, "JUSANTE_KILL_AT": point, "TMPDIR": str(tmp_path / ".jusante")}
    command = [sys.executable, "-m", "jusante", "run", "--project", str(tmp_path)]
    assert subprocess.run(command, env=environment, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert list((tmp_path / ".jusante").rglob("*.parquet"))
    assert holding(tmp_path / ".jusante", *PLAIN) == set()
    assert run(tmp_path).status == "succeeded"
    assert holding(tmp_path / ".jusante", *PLAIN) == set()


def test_a_row_that_is_set_aside_shows_nothing_that_is_masked(tmp_path: Path) -> None:
    crm(tmp_path, ALL.replace("type: date", "type: timestamptz"), more="    bad_rows: quarantine\n")
    sql(tmp_path / "crm.db", "update people set born = 'planted-nonsense' where id = 2")
    assert run(tmp_path).status == "succeeded"
    assert rows(tmp_path, "select id, born from crm.people order by id") == [(1, dt.date(1984, 1, 1)), (3, None)]
    assert rows(tmp_path, "select _row from crm.people__quarantine") == [("•••",)]
    assert holding(tmp_path / ".jusante", *PLAIN, "planted-nonsense") == set()


# -- keys ----------------------------------------------------------------------------------------------------------------


def test_a_project_without_a_key_gets_one_that_only_its_owner_can_read(tmp_path: Path) -> None:
    crm(tmp_path, PERSONAL.format(name="mail", type="string", mask="tokenise"))
    told = [notice for notice in task(run(tmp_path), "crm.people").notices if "a key for masks was made" in notice]
    assert len(told) == 1
    (file,) = (tmp_path / ".jusante" / "keys").glob("masks.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((file.parent / "subjects.db").stat().st_mode) == 0o600
    assert "a key for masks" not in str(run(tmp_path))
    assert holding(tmp_path / ".jusante" / "warehouse", file.read_text().strip()) == set()


def test_of_many_who_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    found: list[tuple[Secret, bool]] = []
    threads = [
        threading.Thread(target=lambda: found.append(kept_or_made(tmp_path / "keys" / "masks.key"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({secret.reveal() for secret, _ in found}) == 1
    assert sum(made for _, made in found) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["masks.key"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    kept_or_made(tmp_path / "masks.key")
    (tmp_path / "masks.key").chmod(0o644)
    with pytest.raises(StorageError, match="others on this machine"):
        kept_or_made(tmp_path / "masks.key")


@pytest.mark.parametrize(("given", "code"), [("short", "J152"), ("ab" * 40, "J152")])
def test_a_key_that_can_be_guessed_is_refused(
    tmp_path: Path, key: str, given: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASK_KEY", given)
    problems = app.check(crm(tmp_path, "mail: {mask: hash}", key=key))[1]
    assert code in [problem.code for problem in problems]
    assert given not in str(problems)


def test_a_key_that_is_written_out_is_refused(tmp_path: Path) -> None:
    problems = app.check(crm(tmp_path, "mail: {mask: hash}", key=KEY))[1]
    assert "J106" in [problem.code for problem in problems]


def test_a_key_shows_itself_nowhere() -> None:
    keys = MaskKeys(Secret(KEY))
    assert KEY not in repr(keys) + keys.id
    assert len({keys.hash, keys.token[:32], keys.token[32:], keys.wrap[:32], keys.subject}) == 5


def test_errors_of_a_mask_are_told_as_they_are() -> None:
    with pytest.raises(ValueError, match="ranges are made of numbers"):
        Mask(kind="generalise", to=10).type_of("date")
    assert issubclass(UsageError, JusanteError)
