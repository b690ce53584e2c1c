"""What it takes to know what everything costs, and how near the parts come to the whole."""

import datetime as dt
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import measure
from jusante.app import Lake, costs, questions
from jusante.app.spending import spent
from jusante.architecture.cost.metering import Meter
from jusante.core.event import Event
from jusante.core.run import Task
from measure import Target

MODELS = 24
ROWS = 1_500_000
QUESTIONS = 200
EVENTS = 100_000


def main() -> None:
    rounds = measure.rounds(3)
    at_once = [run_once(parallel=4) for _ in range(rounds)]
    alone = [run_once(parallel=1) for _ in range(rounds)]
    near = statistics.median(each["claimed"] for each in at_once)
    off = statistics.median(
        statistics.median(deviations(one, other)) for one, other in zip(at_once, alone, strict=True)
    )
    noise = statistics.median(statistics.median(deviations(one, other)) for one, other in pairwise(alone))
    share = statistics.median(each["metering"] / each["process"] for each in at_once)
    asked, noted, taken = question_times()
    looked = report_time()
    measure.publish(
        "metering",
        f"A run of {MODELS} models over {ROWS:,} rows, four at once and one after the other; {QUESTIONS} questions through the "
        f"gate; a report over {EVENTS:,} tasks. Medians of {rounds} rounds.",
        measure.table(
            ["", "measured"],
            [
                ["CPU seconds of the process in the run, four at once", f"{at_once[0]['process']:.2f}"],
                ["of these put down to a task", f"{near:.1%}"],
                ["a task's CPU seconds four at once against alone, median deviation", f"{off:.1%}"],
                ["the same between two runs alone", f"{noise:.1%}"],
                [
                    "CPU seconds of metering, pricing and weighing tables",
                    f"{statistics.median(e['metering'] for e in at_once):.4f}",
                ],
                ["a question, ms", f"{asked:.2f}"],
                ["of these to put it down, ms", f"{noted:.2f}"],
                ["to take one into the ledger, ms", f"{taken:.2f}"],
                [f"costs over {EVENTS:,} tasks, CPU s", f"{looked:.2f}"],
            ],
        ),
        measure.targets_table(
            [
                Target("measuring, as a share of a run's CPU seconds", 0.02, share, ""),
                Target("putting a question down", 3, noted, "ms"),
            ]
        ),
        f"Versions: {measure.own_versions('duckdb', 'sqlalchemy')}.",
    )


def project(folder: Path, parallel: int) -> Path:
    """Models of unlike weight over one wide range of numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "models" / "m").mkdir(parents=True, exist_ok=True)
    (folder / "jusante.yaml").write_text(f"name: metering\nenvironments: {{dev: {{parallel: {parallel}}}}}\n")
    for number in range(MODELS):
        rows, groups = ROWS * (1 + number % 4), 10 ** (2 + number % 5)
        sql = f"select range % {groups} as k, count(*) as n, sum(range) as s from range({rows}) group by k"
        (folder / "models" / "m" / f"m{number}.sql").write_text(sql)
    return folder


def run_once(parallel: int) -> dict[str, Any]:
    """One run: what the process used, which part of it was put down to tasks, what measuring itself took."""
    import tempfile

    with tempfile.TemporaryDirectory() as name, Timed() as timed, Lake.open(project(Path(name), parallel)) as opened:
        opened.metadata.states()  # what is imported once is no part of a run
        before = time.process_time()
        report = opened.run()
        process = time.process_time() - before
    assert report.status == "succeeded", report
    tasks = {task.asset: task.cpu_seconds or 0.0 for task in report.tasks}
    return {
        "process": process,
        "claimed": sum(tasks.values()) / process,
        "metering": timed.seconds,
        "tasks": tasks,
    }


def deviations(one: dict[str, Any], other: dict[str, Any]) -> list[float]:
    return [abs(one["tasks"][name] - seconds) / seconds for name, seconds in other["tasks"].items()]


class Timed:
    """Counts the CPU seconds that go into measuring, while it is entered."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._before: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> "Timed":
        for owner, name in (
            (Meter, "_settle"),
            (Meter, "_count_queries"),
            (costs, "measure_storage"),
            (costs, "usage_of"),
        ):
            self._before.append((owner, name, getattr(owner, name)))
            setattr(owner, name, self._counted(getattr(owner, name)))
        return self

    def _counted(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*args, **named)
            finally:
                self.seconds += time.thread_time() - began

        return counted

    def __exit__(self, *_: object) -> None:
        for owner, name, work in self._before:
            setattr(owner, name, work)


def question_times() -> tuple[float, float, float]:
    """Milliseconds of a question, of putting it down, of taking one into the ledger."""
    import tempfile

    with tempfile.TemporaryDirectory() as name, Lake.open(project(Path(name), 4)) as opened:
        opened.run(("m.m1",))
        asked, noted = [], []
        for number in range(QUESTIONS):
            began = time.perf_counter()
            answer = opened.ask(f"select * from m.m1 where k = {number}")
            between = time.perf_counter()
            questions.note(opened.system, answer, dt.datetime.now(dt.UTC))
            noted.append(time.perf_counter() - between)
            asked.append(between - began)
        began = time.perf_counter()
        count = questions.take_in(opened.system)
        taken = (time.perf_counter() - began) / count
    return 1e3 * statistics.median(asked), 1e3 * statistics.median(noted), 1e3 * taken


def report_time() -> float:
    """CPU seconds of a report over a month of many tasks."""
    import tempfile

    now = dt.datetime.now(dt.UTC)
    with tempfile.TemporaryDirectory() as name, Lake.open(project(Path(name), 4)) as opened:
        for start in range(0, EVENTS, 10_000):
            opened.metadata.tell([_event(number, now) for number in range(start, start + 10_000)])
        began = time.process_time()
        assert spent(opened.system, now - dt.timedelta(days=30), now).total > 0
        return time.process_time() - began


def _event(number: int, now: dt.datetime) -> Event:
    task = Task(
        f"m.m{number % MODELS}", "build", "succeeded", rows_out=1, cpu_seconds=0.5, bytes_scanned=1, bytes_written=1
    )
    at = now - dt.timedelta(seconds=number * 25)
    return Event("task.succeeded", at, "r0", task.asset, {"task": task.as_dict()})


if __name__ == "__main__":
    main()
