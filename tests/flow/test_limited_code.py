"""Code of the project that hangs or eats memory is ended, told of, and takes nothing else with it."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from crews import until
from jusante.app import Lake, Report
from jusante.core import size
from projects import rows, run, task, write, write_shop

HEAD = "import pyarrow as pa\nfrom jusante import model\n\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The SHOP project, not yet run."""
    return write_shop(tmp_path)


def started() -> list[psutil.Process]:
    """The processes that run code of the project: those of this process that have begun as such."""
    words = ("jusante.transformation.python_apart", "sleep", ".sh", "python3 -c")
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [process] if any(word in " ".join(process.cmdline()) for word in words) else []
    return found


def test_a_function_in_a_process_of_its_own_makes_the_same_table(shop: Path) -> None:
    body = (
        "import os\n@model({})\ndef {}(orders: pa.Table = 'shop.orders', prices: pa.Table = 'files.prices'):\n"
        "    print('prints go to standard error')\n"
        "    return pa.table({{'orders': [orders.num_rows], 'prices': [prices.num_rows], 'pid': [os.getpid()]}})\n"
    )
    here, apart = HEAD + body.format("", "here"), HEAD + body.format("memory='2GB'", "apart")
    write(shop, {"models/py/here.py": here, "models/py/apart.py": apart})
    assert run(shop).status == "succeeded"

    found = rows(shop, "select orders, prices, pid from py.here union all select orders, prices, pid from py.apart")
    assert found[0][:2] == found[1][:2]
    assert [pid == os.getpid() for *_, pid in found] == [True, False]
    assert not list((shop / ".jusante").glob("scratch/*/*"))


def test_what_takes_too_much_memory_is_stopped_and_the_others_are_made(shop: Path) -> None:
    eats = (
        "@model(memory='300MB')\ndef eats(orders='shop.orders'):\n"
        "    held = []\n    while True:\n        held.append(bytearray(20_000_000))\n"
    )
    write(
        shop,
        {
            "models/py/eats.py": HEAD + eats,
            "models/marts/below.sql": "select * from py.eats",
            "steps/eats.sh": "# jusante\n#   memory: 100MB\npython3 -c 'x = [bytearray(10_000_000) for _ in range(100_000)]'\n",
        },
    )
    report = run(shop)

    for name, place, most in (("py.eats", "models/py/eats.py", "300 MB"), ("step:eats", "steps/eats.sh", "100 MB")):
        error = task(report, name).error or {}
        assert error["code"] == "J432"
        assert error["where"] == place
        assert error["what"].endswith(f"where it may take {most}, and was stopped")
    assert task(report, "marts.below").status == "skipped"
    assert task(report, "marts.priced").status == "succeeded"
    assert started() == []


def test_a_function_that_hangs_is_stopped_with_all_it_has_started(shop: Path) -> None:
    body = (
        "import subprocess\n@model(timeout='3s')\ndef hangs(orders='shop.orders'):\n"
        "    subprocess.run(['sleep', '600'])\n    return pa.table({'a': [1]})\n"
    )
    write(shop, {"models/py/hangs.py": HEAD + body})
    report = run(shop, "+py.hangs")

    assert (task(report, "py.hangs").error or {})["code"] == "J430"
    assert started() == []


@pytest.mark.parametrize("name", ["py.hangs", "step:hangs"])
def test_code_is_stopped_with_the_run_that_it_belongs_to(shop: Path, name: str) -> None:
    hangs = "import time\n@model(timeout='10m')\ndef hangs(orders='shop.orders'):\n    time.sleep(600)\n"
    write(shop, {"models/py/hangs.py": HEAD + hangs, "steps/hangs.sh": "# jusante\n#   about: It hangs.\nsleep 600\n"})
    run(shop, "shop.orders")
    reports: list[Report] = []
    with Lake.open(shop) as lake:
        working = threading.Thread(target=lambda: reports.append(lake.run((name,))))
        working.start()
        while working.is_alive() and not started():
            time.sleep(0.01)
        lake.stop()
        working.join(60)

    assert (task(reports[0], name).error or {})["code"] == "J431"
    assert started() == []


def test_a_function_ends_with_the_run_that_was_killed(shop: Path) -> None:
    sleeps = (
        "import os, pathlib, time\n@model(memory='2GB')\ndef sleeps(orders='shop.orders'):\n"
        f"    pathlib.Path({str(shop / 'draft')!r}).write_text(str(os.getpid()))\n"
        f"    os.rename({str(shop / 'draft')!r}, {str(shop / 'pid')!r})\n    time.sleep(600)\n"
    )
    write(shop, {"models/py/sleeps.py": HEAD + sleeps})
    killed = subprocess.Popen([sys.executable, "-m", "jusante", "run", "+py.sleeps", "--project", str(shop)])
    until((shop / "pid").exists)
    killed.kill()
    killed.wait()
    until(lambda: not psutil.pid_exists(int((shop / "pid").read_text())))


def test_a_function_that_raises_or_dies_is_told_at_its_line(shop: Path) -> None:
    raises = "@model(memory='1GB')\ndef raises(orders='shop.orders'):\n    return 1 / 0\n"
    dies = "@model(memory='1GB')\ndef dies(orders='shop.orders'):\n    import os\n    os.abort()\n"
    nothing = "@model(memory='1GB')\ndef nothing(orders='shop.orders'):\n    return None\n"
    write(shop, {f"models/py/{n}.py": HEAD + t for n, t in (("r", raises), ("d", dies), ("n", nothing))})
    report = run(shop)

    error = task(report, "py.raises").error or {}
    assert (error["code"], error["what"], error["where"]) == (
        "J410",
        "ZeroDivisionError: division by zero",
        "models/py/r.py:6",
    )
    assert "its process ended with status -6" in (task(report, "py.dies").error or {})["what"]
    assert "returned a NoneType" in (task(report, "py.nothing").error or {})["what"]


def test_a_limit_that_nobody_can_keep_is_a_problem(shop: Path) -> None:
    write(shop, {"models/marts/m.sql": "/* jusante\nmemory: 2GB\n*/\nselect 1 as a"})
    with pytest.raises(Exception, match="J138") as caught:
        Lake.open(shop)
    (problem,) = caught.value.problems
    assert problem.where == "models/marts/m.sql:1"


@pytest.mark.parametrize(
    ("text", "count"), [("500KB", 500_000), ("2GB", 2_000_000_000), ("2 GiB", 2 * 1024**3), ("1.5MB", 1_500_000)]
)
def test_sizes_are_read_as_people_write_them(text: str, count: int) -> None:
    assert size.parse(text) == count


@pytest.mark.parametrize("text", ["", "2", "GB", "2 gb", "-1GB", "2GB!"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        size.parse(text)
