"""Shell steps: a script that reads tables as files and writes files, and gets nothing that it has not declared."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from jusante.core import size
from jusante.core.literals import text
from jusante.core.model import ShellStep, Step
from jusante.core.names import quote_table
from jusante.errors import ExtraMissing, StepFailed
from jusante.ports.engine import Session
from jusante.transformation.build import Built, Job, Workshop
from jusante.transformation.watching import Limits, watched

TAIL = 2_000


def run(workshop: Workshop, job: Job) -> Built:
    """Run the script in a folder of its own; what it declared to write is moved into the project when it ends well."""
    step = job.asset.definition
    assert isinstance(step, ShellStep)
    place = workshop.scratch(job.asset.id)
    place.mkdir(parents=True, exist_ok=True)
    try:
        with workshop.engine.session() as session:
            read = workshop.show(session, job.asset)
            files = {name: _written(session, table, place, step.header) for name, table in step.header.inputs.items()}
            output = _execute(workshop, step, place, files, session)
        _move(step, place, workshop.folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Built(None, read, () if workshop.hides(job.asset) else tuple(output.splitlines()[-3:]))


def _written(session: Session, table: str, place: Path, step: Step) -> Path:
    """An input as a file in the format that the step asked for."""
    suffix = {"csv": "csv", "parquet": "parquet", "ndjson": "ndjson"}[step.format]
    options = {"csv": "format csv, header true", "parquet": "format parquet", "ndjson": "format json"}[step.format]
    path = place / "inputs" / f"{table}.{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    session.rows(f"copy (select * from {quote_table(table)}) to {text(str(path))} ({options})")
    return path


def _execute(workshop: Workshop, step: ShellStep, place: Path, files: dict[str, Path], session: Session) -> str:
    script = workshop.folder / step.file
    for output in step.header.outputs:
        (place / output).parent.mkdir(parents=True, exist_ok=True)
    said = place / ".said"
    with said.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # the script is the project's own, and no shell reads its name
            [_shell(script), str(script)],
            cwd=place,
            env=_environment(step.header, files),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status = watched(process, _limits(step.header, workshop), session, step.file)
    if status:
        raise StepFailed(
            f"ended with status {status}: {_tail(said)}",
            where=step.file,
            fix="run it by hand to see more",
            unquoted=f"ended with status {status}",
        )
    return _tail(said)


def _limits(step: Step, workshop: Workshop) -> Limits:
    """A timeout is kept by the engine, which ends the session."""
    seconds = None if step.timeout else float(step.timeout_seconds)
    return Limits(seconds, size.parse(step.memory) if step.memory else None, workshop.spent)


def _tail(log: Path) -> str:
    """The end of what the script said, however much that was."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - TAIL, 0))
        return file.read().decode(errors="replace").strip()


def _shell(script: Path) -> str:
    """The shell that the first line asks for, else sh."""
    with script.open(encoding="utf-8") as file:
        first = file.readline()
    wanted = "bash" if first.startswith("#!") and "bash" in first else "sh"
    found = shutil.which(wanted)
    if not found:
        raise ExtraMissing(
            f"{wanted} is needed for {script.name}", fix=f"install {wanted} (on Windows, Git for Windows has it)"
        )
    return found


def _environment(step: Step, files: dict[str, Path]) -> dict[str, str]:
    """PATH, what was declared, and where the inputs are; nothing else, secrets least of all."""
    passed = ("PATH", *step.environment, *(("SYSTEMROOT",) if sys.platform == "win32" else ()))
    inputs = {f"INPUT_{name.upper()}": str(path) for name, path in files.items()}
    return {name: os.environ[name] for name in passed if name in os.environ} | inputs


def _move(step: ShellStep, place: Path, project: Path) -> None:
    """Put every declared output into the project, each by one rename, once all of them are there."""
    missing = [output for output in step.header.outputs if not (place / output).is_file()]
    if missing:
        raise StepFailed(
            f"did not write {', '.join(missing)}", where=step.file, fix="write it, relative to the current folder"
        )
    drafts = []
    for output in step.header.outputs:
        target = project / output
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        shutil.copyfile(place / output, draft)
        drafts.append((draft, target))
    for draft, target in drafts:
        draft.replace(target)
