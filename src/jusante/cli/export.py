"""`jusante export`: the project in the words of other tools."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.documents import documents
from jusante.cli.options import opened, project_options

if TYPE_CHECKING:
    from jusante.app.handover import Tool
    from jusante.orchestration.handover.plan import Granularity, Handover, Written


@click.group()
def export() -> None:
    """The project in the words of other tools."""


@export.command()
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it there.")
@project_options
def openlineage(path: Path | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """The graph as it stands, by column, as OpenLineage events: one JSON document a line; one list with --json."""
    from jusante.app.openlineage import standing
    from jusante.cli.console import marked, out, print_json
    from jusante.core.words import counted
    from jusante.errors import storage_error

    with opened(folder, environment) as lake:
        lines = list(standing(lake.system))
    text = "".join(f"{line}\n" for line in lines)
    if path is None:
        click.echo("[\n" + ",\n".join(lines) + "\n]" if as_json else text, file=documents(), nl=as_json)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise storage_error(error, str(path)) from None
    if as_json:
        print_json({"file": str(path), "events": len(lines)})
    else:
        out().print(marked("✓", "green", f"{path}: {counted(len(lines), 'event')}"))


def _handed(tool: "Tool", about: str) -> click.Command:
    """The command that hands the project over to an orchestrator."""
    to = "Write it there: a folder." if tool == "mage" else "Write it there: a file that ends in .py, or a folder."

    @export.command(name=tool, help=about)
    @click.option("--to", type=click.Path(path_type=Path), metavar="PATH", help=to)
    @click.option(
        "--granularity",
        type=click.Choice(["asset", "source", "run"]),
        default="asset",
        help="A task for each asset; for the tables of a source together; or for all that begins together.",
    )
    @click.option("--at", metavar="FOLDER", help="Where the project lies there; where it lies here by default.")
    @click.option("--command", default="jusante", help="How jusante is called there.")
    @click.option(
        "--wait",
        "wait_seconds",
        type=click.IntRange(min=0),
        default=3600,
        help="How many seconds a task waits for another run to end.",
    )
    @project_options
    def command(  # noqa: PLR0913  # one argument for each option
        to: Path | None,
        granularity: "Granularity",
        at: str | None,
        command: str,
        wait_seconds: int,
        folder: Path,
        environment: str | None,
        as_json: bool,
    ) -> None:
        from jusante.app.handover import hand_over, put, write_for
        from jusante.errors import UsageError
        from jusante.orchestration.handover.plan import Call

        now = dt.datetime.now(dt.UTC)
        with opened(folder, environment) as lake:
            handover = hand_over(lake, granularity, now)
            place = at or str(lake.project.folder.resolve())
        written = write_for(tool, handover, Call(command, place, handover.environment, wait_seconds), now.date())
        if to is None and not as_json and tool == "mage":
            raise UsageError("Mage takes a folder of files", fix="name it: --to FOLDER")
        paths = put(written, to) if to else ()
        _tell(tool, handover, written, paths, as_json=as_json)

    return command


def _tell(tool: "Tool", handover: "Handover", written: "Written", paths: tuple[Path, ...], *, as_json: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from jusante.cli.console import err, marked, out, print_json
    from jusante.core.words import counted

    notes = list(map(str, written.notes))
    if as_json:
        files = {"files": list(map(str, paths))} if paths else {"texts": written.files}
        print_json({"tool": tool, **handover.as_dict(), "notes": notes, **files})
        return
    if not paths:
        click.echo("".join(written.files.values()), nl=False)
    else:
        named = str(paths[0]) if len(paths) == 1 else counted(len(paths), "file")
        works = sum(1 for _ in handover.works)
        out().print(
            marked("✓", "green", f"{named}: {counted(works, 'task')} in {counted(len(handover.flows), 'flow')}")
        )
    if notes:
        console = err()
        console.print("\nOther than in jusante" if paths else "Other than in jusante", style="bold")
        for note in notes:
            console.print(Padding(Text(f"· {note}"), (0, 0, 0, 2), expand=False))


airflow = _handed(
    "airflow", "The graph as DAGs for Airflow 3 and 2.10: a task for each asset, each calling `jusante run`."
)
dagster = _handed("dagster", "The graph as assets for Dagster, each made by `jusante run`.")
prefect = _handed("prefect", "The graph as flows for Prefect 3: a task for each asset, each calling `jusante run`.")
mage = _handed("mage", "The graph as pipelines for Mage: a block for each asset, each calling `jusante run`.")
