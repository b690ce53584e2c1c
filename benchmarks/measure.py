"""Runs commands in turn, measures what each costs, and keeps the tables of RESULTS.md.

CPU seconds are those of a command and of all the processes it waited for, as the kernel counts them. Peak memory is that
of the largest single process among them. All that is made lies in `.benchmarks/`, and is used again by the next run.
"""

import argparse
import contextlib
import hashlib
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".benchmarks"
RESULTS = Path(__file__).resolve().with_name("RESULTS.md")
JUSANTE = str(Path(sysconfig.get_path("scripts")) / "jusante")
LONGEST_SECONDS = 300.0
QUIET = {  # nobody measures how fast a tool calls home
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A command to be measured. `prepare` runs before each round and is not measured."""

    name: str
    command: Sequence[str]
    folder: Path = WORK
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None


# -- running -------------------------------------------------------------------------------------------------------------


def run(contender: Contender) -> Cost:
    """Run a command once. Raises RuntimeError with the end of its output where it fails or takes too long."""
    log = WORK / "logs" / f"{re.sub(r'[^a-z0-9]+', '-', contender.name.lower()).strip('-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **QUIET, **contender.environment}
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*contender.command],
            cwd=contender.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        status, used = _waited(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)  # it was reaped here, not by subprocess
    wall = time.monotonic() - began
    if process.returncode:
        raise RuntimeError(f"{contender.name} ended with {process.returncode}:\n{log.read_text()[-3000:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, _megabytes(used.ru_maxrss))


def _waited(pid: int) -> tuple[int, "object"]:
    """Wait for a process, kill it and what it started where it takes too long; its status and what it used."""
    guard = threading.Timer(LONGEST_SECONDS, _kill, [pid])
    guard.start()
    try:
        _, status, used = os.wait4(pid, 0)
    except BaseException:
        _kill(pid)
        raise
    finally:
        guard.cancel()
    return status, used


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _megabytes(maxrss: int) -> float:
    return maxrss / 1024**2 if sys.platform == "darwin" else maxrss / 1024


def in_turn(contenders: Sequence[Contender], rounds: int, once: Collection[str] = ()) -> dict[str, list[Cost]]:
    """Run each contender once a round, one after the other, so that a busy moment hits all of them alike.

    Those named in `once` run in the first round only.
    """
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            if number > 1 and contender.name in once:
                continue
            contender.prepare()
            cost = run(contender)
            costs[contender.name].append(cost)
            tell(f"{number}/{rounds} {contender.name}: {cost.cpu:.2f} CPU s, {cost.wall:.2f} s, {cost.peak_mb:.0f} MB")
    return costs


def median(costs: Iterable[Cost]) -> Cost:
    """The median of each figure by itself."""
    found = list(costs)
    return Cost(
        statistics.median(cost.wall for cost in found),
        statistics.median(cost.cpu for cost in found),
        statistics.median(cost.peak_mb for cost in found),
    )


def tell(text: str) -> None:
    """Say how far things are."""
    print(text, file=sys.stderr, flush=True)


def rounds(default: int) -> int:
    """How many rounds the command line asks for."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--rounds", type=int, default=default, help="how often each is run; the median counts")
    return int(parser.parse_args().rounds)


# -- what contenders need ------------------------------------------------------------------------------------------------


def environment(name: str, *requirements: str) -> Path:
    """The `bin` folder of a virtual environment with these packages, made anew only where they changed."""
    folder = WORK / "venvs" / name
    stamp = folder / ".requirements"
    wanted = "\n".join((platform.python_version(), *requirements))
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    if stamp.is_file() and stamp.read_text() == wanted:
        return scripts
    tell(f"installing {', '.join(requirements)}")
    _ignored()
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    stamp.write_text(wanted)
    return scripts


def data(name: str, recipe: str, make: Callable[[Path], None]) -> Path:
    """A folder of data, made anew only where its recipe changed."""
    folder = WORK / "data" / name
    stamp = folder.with_suffix(".recipe")
    wanted = hashlib.sha256(recipe.encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        tell(f"making {name}")
        _ignored()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        stamp.write_text(wanted)
    return folder


def _ignored() -> None:
    """Keep all that is made out of git."""
    WORK.mkdir(exist_ok=True)
    (WORK / ".gitignore").write_text("*\n")


def written(path: Path, text: str) -> Path:
    """A text file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def versions(scripts: Path, *names: str) -> str:
    """The versions of packages in a virtual environment, as `name 1.2.3, name 4.5.6`."""
    code = "import sys; from importlib.metadata import version as v; print(*(f'{n} {v(n)}' for n in sys.argv[1:]), sep=', ')"
    command = [str(scripts / "python"), "-c", code, *names]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def own_versions(*names: str) -> str:
    """The versions of packages beside jusante."""
    return ", ".join(f"{name} {version(name)}" for name in ("jusante", *names))


# -- telling -------------------------------------------------------------------------------------------------------------


def machine() -> str:
    """The machine in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, its first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def costs_table(costs: Mapping[str, Iterable[Cost]]) -> str:
    """The median costs of each contender."""
    rows = ((name, median(found)) for name, found in costs.items())
    cells = ([name, f"{c.cpu:.2f}", f"{c.wall:.2f}", f"{c.peak_mb:.0f}"] for name, c in rows)
    return table(["", "CPU s", "wall s", "peak MB"], cells)


@dataclass(frozen=True, slots=True)
class Target:
    """A number to reach: `measured` must be below `bound`, or above it where `at_least`."""

    what: str
    bound: float
    measured: float
    unit: str = ""
    at_least: bool = False

    def cells(self) -> tuple[str, str, str, str]:
        """A row of the table of targets."""
        reached = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        sign = "≥" if self.at_least else "≤"
        unit = self.unit if self.unit == "×" else f" {self.unit}".rstrip()
        return (
            self.what,
            f"{sign} {round(self.bound, 2):g}{unit}" if self.bound < 100 else f"{sign} {self.bound:.0f}{unit}",
            f"{self.measured:.3g}{unit}" if self.measured < 100 else f"{self.measured:.0f}{unit}",
            "reached" if reached else "**missed**",
        )


def targets_table(targets: Iterable[Target]) -> str:
    """The targets, and whether they were reached."""
    return table(["target", "bound", "measured", ""], (target.cells() for target in targets))


HEAD = """\
# Results

Each section is written by the script of its name. Contenders take turns; figures are medians of all rounds, each by itself.
CPU seconds are user and system time of a command and the processes it waited for, without servers it talks to. Peak
memory is that of the largest single process; less than 22 MB, which the measuring script takes, cannot be told.
"""


def publish(name: str, *parts: str) -> None:
    """Write a benchmark's section of RESULTS.md anew, and leave the others as they are."""
    text = RESULTS.read_text() if RESULTS.is_file() else HEAD
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    body = "\n\n".join((begin, f"## {name}", *parts, f"Machine: {machine()}.", end))
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", text, re.DOTALL)
    text = text[: found.start()] + body + text[found.end() :] if found else f"{text.rstrip()}\n\n{body}\n"
    RESULTS.write_text(text)
    print(body)
