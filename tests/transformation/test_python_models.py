"""Python models: functions on Arrow, with modules of the project, several at once, and errors at their line."""

from pathlib import Path

import pytest

from projects import made, rows, run, task, write, write_shop

HEAD = "import pyarrow as pa\nfrom jusante import model\n\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The SHOP project, not yet run."""
    return write_shop(tmp_path)


def test_it_gets_tables_and_gives_one(shop: Path) -> None:
    body = (
        "@model(grain=['n'], checks=[{'positive': 'n'}])\n"
        "def counts(orders: pa.Table = 'shop.orders', prices: pa.Table = 'files.prices') -> pa.Table:\n"
        "    return pa.table({'n': [orders.num_rows, prices.num_rows]})\n"
    )
    write(shop, {"models/py/m.py": HEAD + body})
    run(shop, "+py.counts")
    assert rows(shop, "select n from py.counts order by n") == [(3,), (4,)]


def test_a_stream_of_batches_is_as_good_as_a_table(shop: Path) -> None:
    body = (
        "@model()\ndef many(orders='shop.orders'):\n"
        "    schema = pa.schema([('i', pa.int64())])\n"
        "    batches = (pa.record_batch({'i': list(range(n, n + 1000))}, schema) for n in range(0, 50_000, 1000))\n"
        "    return pa.RecordBatchReader.from_batches(schema, batches)\n"
    )
    write(shop, {"models/py/m.py": HEAD + body})
    run(shop, "+py.many")
    assert rows(shop, "select count(*), sum(i) from py.many") == [(50_000, 50_000 * 49_999 // 2)]


def test_modules_of_the_project_can_be_imported_and_may_change(shop: Path) -> None:
    body = "import factor\n@model()\ndef f(orders='shop.orders'):\n    return pa.table({'f': [factor.FACTOR]})\n"
    write(shop, {"models/py/m.py": HEAD + body, "models/py/factor.py": "FACTOR = 2\n"})
    run(shop, "+py.f")
    assert rows(shop, "select f from py.f") == [(2,)]
    write(shop, {"models/py/factor.py": "FACTOR = 3\n"})
    run(shop, "py.f", anew=True)
    assert rows(shop, "select f from py.f") == [(3,)]


def test_several_at_once_do_not_take_each_others_modules(shop: Path) -> None:
    body = "".join(
        f"@model()\ndef m{n}(orders='shop.orders'):\n    import time, shared\n    time.sleep(0.02 * {n % 3})\n"
        f"    import later\n    return pa.table({{'n': [shared.VALUE + later.VALUE + {n}]}})\n"
        for n in range(8)
    )
    write(
        shop,
        {"models/py/m.py": HEAD + body, "models/py/shared.py": "VALUE = 100\n", "models/py/later.py": "VALUE = 0\n"},
    )
    report = run(shop)
    assert {f"py.m{n}" for n in range(8)} <= made(report), [t.error for t in report.tasks if t.error]
    assert rows(shop, "select n from py.m7") == [(107,)]


WRONG = [
    ("raise ValueError('no')", "ValueError: no", "models/py/m.py:6"),
    ("return {'a': 1}", "bad returned a dict", "models/py/m.py"),
    ("return helper.go()", "ZeroDivisionError", "models/py/helper.py:2"),
]


@pytest.mark.parametrize(("body", "what", "where"), WRONG, ids=[what for _, what, _ in WRONG])
def test_what_goes_wrong_is_told_with_its_line(shop: Path, body: str, what: str, where: str) -> None:
    text = HEAD.replace("import model\n", "import model\n") + f"@model()\ndef bad(orders='shop.orders'):\n    {body}\n"
    text = text.replace("    return helper", "    import helper; return helper")
    write(shop, {"models/py/m.py": text, "models/py/helper.py": "def go():\n    return 1 / 0\n"})
    failed = task(run(shop, "+py.bad"), "py.bad")
    assert failed.error is not None
    assert failed.error["code"] == "J410"
    assert what in failed.error["what"]
    assert failed.error["where"] == where


def test_reading_a_project_runs_no_code_of_it(shop: Path) -> None:
    from jusante import app

    write(shop, {"models/py/m.py": HEAD + "raise SystemExit('ran')\n@model()\ndef f(o='shop.orders'): ...\n"})
    project, problems = app.check(shop)
    assert project is not None
    assert not [problem for problem in problems if problem.severity == "error"]
