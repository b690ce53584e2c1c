"""`jusante export airflow` and its kin as a shell sees them."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from projects import run, write, write_shop


def jusante(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command, as a process of its own, without a terminal."""
    command = [sys.executable, "-m", "jusante", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that nobody has run."""
    return write_shop(tmp_path_factory.mktemp("handed"))


def test_code_goes_to_standard_output_and_what_is_lost_to_standard_error(shop: Path) -> None:
    told = jusante("export", "airflow", folder=shop)

    assert told.returncode == 0
    compile(told.stdout, "dag.py", "exec")
    assert str(shop.resolve()) in told.stdout
    assert "Airflow tries all that failed again" in told.stderr
    assert not (shop / ".jusante" / "metadata.db").exists(), "to look makes no ledger"


def test_a_folder_gets_a_file_and_a_file_its_name(shop: Path, tmp_path: Path) -> None:
    into = jusante("export", "dagster", "--to", str(tmp_path / "code"), folder=shop)
    named = jusante("export", "prefect", "--to", str(tmp_path / "code" / "mine.py"), folder=shop)

    assert (into.returncode, named.returncode) == (0, 0)
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == ["jusante_small.py", "mine.py"]
    assert "6 tasks in 1 flow" in into.stdout


def test_mage_gets_a_folder_and_says_so(shop: Path, tmp_path: Path) -> None:
    without = jusante("export", "mage", folder=shop)
    within = jusante("export", "mage", "--to", str(tmp_path), folder=shop)

    assert (without.returncode, within.returncode) == (2, 0)
    assert "--to" in without.stderr
    assert (tmp_path / "pipelines/small__by_hand/metadata.yaml").is_file()
    assert (tmp_path / "custom/small__marts__priced.py").is_file()


def test_the_graph_is_told_as_one_document(shop: Path) -> None:
    told = json.loads(jusante("export", "airflow", "--json", "--granularity", "source", folder=shop).stdout)
    [flow] = told["flows"]
    after = {work["name"]: work["after"] for work in flow["works"]}

    assert after["marts.priced"] == ["source:files", "source:shop"]
    assert list(told["texts"]) == ["jusante_small.py"]


def test_where_the_project_lies_and_how_it_is_called_there_can_be_said(shop: Path) -> None:
    told = jusante(
        "export", "airflow", "--at", "/srv/the shop", "--command", "/opt/j/bin/jusante -x", "--wait", "7", folder=shop
    )

    assert "/opt/j/bin/jusante -x run marts.priced " in told.stdout
    assert "--project '/srv/the shop' --env dev --wait 7" in told.stdout


@pytest.mark.slow
def test_calls_in_the_order_that_is_written_make_each_asset_once(tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "shop")
    told = json.loads(jusante("export", "mage", "--json", folder=folder).stdout)
    names = [name for flow in told["flows"] for work in flow["works"] for name in work["assets"]]
    calls = [
        shlex.join([sys.executable, "-m", "jusante", "run", "--project", str(folder), "--", name]) for name in names
    ]
    done = subprocess.run(["sh", "-ec", "\n".join(calls)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert {task.status for task in run(folder).tasks} == {"skipped"}


def test_tasks_that_two_orchestrators_begin_at_once_wait_for_each_other(tmp_path: Path) -> None:
    folder = write(tmp_path, {"jusante.yaml": "name: two\n", "a.csv": "n\n1\n", "b.csv": "n\n1\n"})
    write(folder, {"sources/f.yaml": "source: f\nkind: files\ntables:\n  a: {path: a.csv}\n  b: {path: b.csv}\n"})
    told = json.loads(jusante("export", "airflow", "--json", folder=folder).stdout)
    command = [sys.executable, "-m", "jusante", "run", "--project", str(folder), "--wait", "60"]
    begun = [
        subprocess.Popen([*command, work["name"]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
        for flow in told["flows"]
        for work in flow["works"]
    ]

    assert [process.wait(120) for process in begun] == [0, 0]
