"""What all commands take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from jusante.app import Lake

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """`--json`: while the command runs, nothing but its documents comes to standard output."""
    help_text = "Print one JSON document, and nothing else."
    return click.option("--json", "as_json", is_flag=True, callback=_alone, help=help_text)(command)


def _alone(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    del param
    if value and not ctx.resilient_parsing:
        from jusante.cli.documents import alone

        ctx.find_root().with_resource(alone())  # click does not close the context of a command that was called wrongly
    return value


def log_option(command: _Command) -> _Command:
    """`--log`."""
    return click.option(
        "--log",
        type=click.Choice(["text", "json"]),
        help="How it tells what it does, on standard error: for people, or one JSON object a line. `logs` in jusante.yaml.",
    )(command)


def asset_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of a project's assets, for the shell to complete; none where the project cannot be read."""
    from jusante import app

    del param
    project, _ = app.check(Path(ctx.params.get("folder") or "."), ctx.params.get("environment"))
    above = "+" if incomplete.startswith("+") else ""
    return [above + name for name in (project.graph.ids if project else ()) if name.startswith(incomplete.lstrip("+"))]


def project_options(command: _Command) -> _Command:
    """`--project`, `--env` and `--json`."""
    command = json_option(command)
    command = click.option("--env", "environment", metavar="NAME", help="The environment; dev by default.")(command)
    return click.option(
        "--project",
        "folder",
        type=click.Path(path_type=Path),
        default=".",
        help="The project's folder; this one by default.",
    )(command)


@contextmanager
def opened(folder: Path, environment: str | None) -> Iterator["Lake"]:
    """A project, closed again at the end."""
    from jusante.app import Lake

    lake = Lake.open(folder, environment)
    try:
        yield lake
    finally:
        lake.close()
