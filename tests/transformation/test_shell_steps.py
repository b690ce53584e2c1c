"""Shell steps get what they declare and nothing else, and leave nothing half-done."""

import os
import time
from pathlib import Path

import pytest

from jusante.core.run import Task
from projects import made, run, task, write, write_shop


def step(folder: Path, script: str, header: str = "outputs: [out/made.txt]") -> Task:
    """What a run says of a step with this script."""
    lines = "".join(f"#   {line}\n" for line in ("inputs: {orders: shop.orders}", "format: csv", *header.splitlines()))
    write(folder, {"steps/make.sh": f"#!/bin/sh\n# jusante\n{lines}\n{script}\n"})
    return task(run(folder, "+step:make"), "step:make")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The SHOP project, not yet run."""
    return write_shop(tmp_path)


def test_inputs_come_as_files_and_outputs_go_into_the_project(shop: Path) -> None:
    assert step(shop, 'head -n 2 "$INPUT_ORDERS" > out/made.txt').status == "succeeded"
    assert (shop / "out/made.txt").read_text().splitlines()[0] == "id,product,quantity,changed"


@pytest.mark.parametrize(("form", "start"), [("parquet", b"PAR1"), ("ndjson", b'{"id"'), ("csv", b"id,product")])
def test_inputs_come_in_the_format_that_was_asked_for(shop: Path, form: str, start: bytes) -> None:
    text = (
        f"# jusante\n#   inputs: {{orders: shop.orders}}\n#   format: {form}\n#   outputs: [o]\n"
        'set -e\ncat "$INPUT_ORDERS" > o\n'
    )
    write(shop, {"steps/make.sh": text})
    run(shop, "+step:make")
    assert (shop / "o").read_bytes().startswith(start)


def test_only_the_declared_environment_is_passed_on(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hidden")
    monkeypatch.setenv("DECLARED", "shown")
    step(shop, "env > out/made.txt", "outputs: [out/made.txt]\nenvironment: [DECLARED]")
    text = (shop / "out/made.txt").read_text()
    assert "DECLARED=shown" in text
    assert "hidden" not in text
    assert "HOME=" not in text


def test_a_step_is_done_anew_when_its_script_or_its_input_changes(shop: Path) -> None:
    step(shop, "echo 1 > out/made.txt")
    assert "step:make" not in made(run(shop))
    assert step(shop, "echo 2 > out/made.txt").status == "succeeded"
    assert (shop / "out/made.txt").read_text() == "2\n"


def test_a_step_that_fails_says_what_it_said_and_leaves_the_old_output(shop: Path) -> None:
    step(shop, "echo good > out/made.txt")
    failed = step(shop, "echo half > out/made.txt; echo it went wrong >&2; exit 3")
    assert failed.error is not None
    assert failed.error["code"] == "J410"
    assert "ended with status 3: it went wrong" in failed.error["what"]
    assert failed.error["where"] == "steps/make.sh"
    assert (shop / "out/made.txt").read_text() == "good\n"


def test_a_step_that_does_not_write_what_it_declared_fails(shop: Path) -> None:
    failed = step(shop, "true")
    assert failed.error is not None
    assert "did not write out/made.txt" in failed.error["what"]


def test_a_step_that_hangs_is_stopped_with_all_that_it_started(shop: Path) -> None:
    marker = shop / "still_alive"
    failed = step(
        shop,
        f"(sleep 3; touch {marker}) & sleep 60",
        "outputs: [out/made.txt]\ntimeout_seconds: 1",
    )
    assert failed.error is not None
    assert "not done after 1 s" in failed.error["what"]
    time.sleep(3.5)
    assert not marker.exists()


def test_a_step_that_says_very_much_does_no_harm(shop: Path) -> None:
    done = step(shop, "yes word | head -c 20000000; echo last; echo x > out/made.txt")
    assert done.status == "succeeded"
    assert done.notices[-1] == "last"
    assert len("".join(done.notices)) < 3000


def test_its_working_folder_is_not_the_project_and_is_gone_afterwards(shop: Path) -> None:
    step(shop, "pwd > out/made.txt; touch left_behind")
    folder = Path((shop / "out/made.txt").read_text().strip())
    assert folder != shop
    assert not folder.exists()
    assert not (shop / "left_behind").exists()
    assert os.path.commonpath([folder, shop]) == str(shop)
