"""The demo, small: real systems, everything built, twice; and nothing left running."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import jusante
from jusante.app import Lake
from jusante.app.tags import tags_of
from jusante.core.lineage import Origin
from jusante.demo import generate
from jusante.demo.play import prepare, systems


def processes() -> set[int]:
    """The ids of all processes that are not kernel threads or zombies."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "cmdline").read_bytes():
                found.add(int(path.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's folder, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "shop"
    done = subprocess.run(
        [sys.executable, "-m", "jusante", "demo", str(folder), "--scale", "0.02"],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def test_it_ends_by_telling_what_was_built_held_back_and_what_to_try(played: tuple[Path, str]) -> None:
    _, told = played
    for words in (
        "✓  sales.orders",
        "✓  ml.lead_scores",
        "✓  dashboard:sales",
        "products_3.csv is not UTF-8",
        "set aside in catalogue.products__quarantine",
        "quantity positive",
        "22 made in",
        "Try next",
    ):
        assert words in told, told
    tries = [line.strip() for line in told.splitlines() if line.startswith("  jusante ")]
    assert len(tries) == 3
    for line in tries:
        words = [sys.executable, "-m", *shlex.split(line)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_readme_shows_what_it_prints(played: tuple[Path, str]) -> None:
    """Word for word; sizes and times are those of scale 1."""
    _, told = played
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    block = readme.partition("It ends like this (shortened):\n\n```\n")[2].partition("```")[0]
    printed = {without_numbers(line) for line in told.splitlines()}
    shown = [without_numbers(line) for line in block.splitlines() if line.strip()]
    assert len(shown) >= 10
    assert [
        line for line in shown if not any(each.startswith(line.removesuffix("…").rstrip()) for each in printed)
    ] == []


def without_numbers(line: str) -> str:
    """A line with each figure as #, and single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "#", line)).strip()


def test_it_is_the_project_that_can_be_read_as_a_tutorial(played: tuple[Path, str]) -> None:
    folder, _ = played
    with jusante.open(folder) as lake:
        sources = {asset.definition.source.kind for asset in lake.project.graph if asset.kind == "ingested"}
        kinds = {asset.kind for asset in lake.project.graph}
        counts = {name: lake.table(name).num_rows for name in ("sales.orders", "social.posts", "catalogue.products")}
        assert lake.table("sales.customers").column_names.count("email") == 0
    assert sources == {"postgres", "files", "http"}
    assert kinds == {"ingested", "model", "view", "step", "dashboard", "exposure"}
    assert counts == {"sales.orders": 2000, "social.posts": 1000, "catalogue.products": 40}


def test_a_second_demo_finds_nothing_stale(played: tuple[Path, str]) -> None:
    folder, _ = played
    done = subprocess.run(
        [sys.executable, "-m", "jusante", "demo", str(folder), "--scale", "0.02"],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Nothing is stale: 22 assets up to date" in done.stdout, done.stdout


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="counts processes in /proc")
def test_a_demo_that_is_stopped_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jusante", "demo", str(tmp_path / "shop"), "--scale", "0.05"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    seen = b""
    while b"sales.customers" not in seen and (line := process.stderr.readline()):
        seen += line
    assert b"sales.customers" in seen, seen
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    ours = [pid for pid in processes() if group_of(pid) == process.pid]
    assert ours == []
    assert not list((tmp_path / "shop").rglob("postmaster.pid"))


def group_of(pid: int) -> int:
    """The session that a process belongs to; 0 when it has gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def test_it_is_made_up_the_same_each_time(tmp_path: Path) -> None:
    first, second = generate.generate(0.01), generate.generate(0.01)
    assert first.products == second.products
    assert first.posts == second.posts
    assert first.order_items == second.order_items


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(jusante.errors.UsageError, match="is not empty"):
        prepare(tmp_path, 0.01)


def test_its_systems_can_be_used_by_themselves(tmp_path: Path) -> None:
    """The shop's API asks for its token, limits, and fails at times, as an API does."""
    import httpx

    shop = prepare(tmp_path / "shop", 0.01)
    with systems(tmp_path / "shop", shop) as variables:
        assert httpx.get(variables["SOCIAL_URL"] + "/posts").status_code == 401
        headers = {"authorization": f"Bearer {variables['SOCIAL_TOKEN']}"}
        answers = [httpx.get(variables["SOCIAL_URL"] + "/posts", headers=headers) for _ in range(60)]
    statuses = {answer.status_code for answer in answers}
    assert 200 in statuses
    assert statuses - {200} <= {429, 500, 503}
    assert json.loads(next(a for a in answers if a.status_code == 200).text)["data"]


def test_phone_numbers_come_where_a_tag_says_so_and_mail_addresses_nowhere(played: tuple[Path, str]) -> None:
    folder, told = played
    with Lake.open(folder) as lake:
        tags = tags_of(lake.system)
        views = [asset.id for asset in lake.project.graph if asset.kind == "view"]
        held = {
            Origin(table, name): str(rows.column(name).to_pylist())
            for table in (*lake.store.pointers(), *views)
            for rows in [lake.table(table)]
            for name in rows.column_names
        }
    with_phone = {column for column, text in held.items() if "11 5550-" in text}
    assert with_phone == {Origin("sales.customers", "phone")}
    assert all(any(tag.kind == "phone" for tag in tags.of(column)) for column in with_phone)
    assert not [column for column, text in held.items() if "@example.com" in text.lower()]
    apart = {folder / ".jusante/warehouse", *(path.parent for path in folder.rglob("PG_VERSION"))}
    files = [path for path in folder.rglob("*") if path.is_file() and not apart & set(path.parents)]
    texts = [told, *(path.read_bytes().decode("latin-1") for path in files)]
    assert not [text[:80] for text in texts if "11 5550-" in text or "@example.com" in text.lower()]
