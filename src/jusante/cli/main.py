"""The entry point: which commands there are, in the order of the work, and how an error ends them."""

import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from jusante import __version__

if TYPE_CHECKING:
    from jusante.errors import JusanteError

COMMANDS = {
    "init": ("start", "A new project in a folder."),
    "demo": ("demo", "A whole shop, its source systems started for real, run end to end."),
    "check": ("inspect", "Find all that is wrong in a project; touches no data."),
    "plan": ("inspect", "What a run would do, and why."),
    "drift": ("drift", "What changed at the sources, whom it touches, and what is to be done about it."),
    "run": ("run", "Make what is stale, and nothing else."),
    "backfill": ("backfill", "Make intervals of models by time, in batches, with an estimate first."),
    "up": ("conduct", "Keep everything as fresh as it should be: make what is due, when it is due."),
    "worker": ("work", "Do tasks of this project's runs, beside whoever runs it, on any machine."),
    "cancel": ("work", "Stop what runs: all of it, a run, or assets."),
    "schedule": ("conduct", "What is made when, and why."),
    "pause": ("conduct", "Make assets by hand only, until they are resumed."),
    "resume": ("conduct", "Make assets again when they are due."),
    "skip": ("conduct", "Pass over what is due next for assets."),
    "query": ("query", "Ask a question in SQL, through the gate."),
    "contract": ("contract", "What the owners of sources promise: draft it, test it, see what breaks it."),
    "catalog": ("catalog", "Find assets and business terms, and read what is known of one."),
    "classify": ("classify", "Columns that may hold personal data, and what to say of them."),
    "lineage": ("lineage", "What a table or column is made of, and who reads it."),
    "tags": ("tags", "Where personal data and other tags have come to."),
    "export": ("export", "The project in the words of other tools: Airflow, Dagster, Prefect, Mage, OpenLineage."),
    "explain": ("explain", "What a model does in words, what it reads, where its time goes."),
    "dashboard": ("dashboard", "Render dashboards as pages and pictures."),
    "runs": ("history", "What has been run."),
    "logs": ("history", "What one run did, task by task."),
    "incidents": ("incidents", "What is wrong, why, whom it touches, and what is done about it."),
    "costs": ("costs", "What everything costs, whom it is for, and what is paid for nothing."),
    "quality": (
        "quality",
        "How good tables are, by dimension: checks over time, quarantine, freshness, who can find them.",
    ),
    "metrics": ("metrics", "What the ledger knows, as OpenMetrics text for a monitoring system."),
    "audit": ("audit", "Prove that the ledger is as it was written; see what happened."),
    "replay": ("replay", "Build what a run built again, from what it read: the same, or why not."),
    "rollback": ("keep", "Make an earlier snapshot of a table the current one."),
    "maintain": ("keep", "Compact small files, expire old snapshots, sweep leftovers."),
    "migrate": ("audit", "Bring the metadata database to the revision that this version works with."),
    "import": ("imports", "Bring in what another tool keeps: a dbt project."),
    "erase": ("erase", "Take a person out of all tables, their history and their keys."),
    "reveal": ("erase", "Turn tokens back into what they stand for, for a purpose."),
    "schema": ("start", "Write JSON Schemas, for editors to complete and check project files."),
    "doctor": ("start", "See whether all that jusante needs is here."),
}


class Commands(click.Group):
    """Commands that are imported by name when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the work."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, None for an unknown one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"jusante.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does it, with the nearest name for one that is unknown."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from jusante.core.names import nearest

            near = nearest(name, COMMANDS)
            meant = f"; did you mean {near}?" if near else ""
            raise click.UsageError(f"there is no command {name}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing one of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="jusante %(version)s")
def cli() -> None:
    """The whole life of data as code: from source systems to what is served.

    A project is a folder. In it, `jusante check` finds what is wrong, `jusante plan` tells what a run would do, and
    `jusante run` does it.
    """


def main() -> None:
    """Run a command; an error is told in four words (code, what, where, fix) and ends with its exit status."""
    from jusante.errors import JusanteError

    # Imports make many objects and no garbage: looking for it is a sixth of the start of a command.
    gc.set_threshold(100_000, 20, 20)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        if "--json" in sys.argv:
            _tell(_misused(error))
        else:
            error.show()
        sys.exit(2)
    except JusanteError as error:
        _tell(error)
        sys.exit(error.exit_status)
    except Exception as error:  # the edge of the command line: a fault of ours is told like any other
        if os.environ.get("JUSANTE_TRACEBACK"):
            raise
        _tell(_fault(error))
        sys.exit(JusanteError.exit_status)


def _misused(error: click.ClickException) -> "JusanteError":
    """What click refuses, in the words of other errors."""
    from jusante.errors import UsageError

    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx else "jusante"
    return UsageError(error.format_message(), where=command, fix=f"{command} --help")


def _fault(error: Exception) -> "JusanteError":
    """An error that nobody foresaw, in our words: of a file, what is the matter with it; else the line of ours it came from."""
    import traceback
    from pathlib import Path

    from jusante.errors import JusanteError, storage_error

    if isinstance(error, OSError) and error.filename:
        return storage_error(error, str(error.filename))
    home = Path(__file__).parents[1]
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(home)]
    return JusanteError(
        f"{type(error).__name__}: {error}",
        where=f"{Path(ours[-1].filename).relative_to(home.parent)}:{ours[-1].lineno}" if ours else "",
        fix="this is a bug: please report it; with JUSANTE_TRACEBACK=1 the same command tells more",
    )


def _tell(error: Any) -> None:
    if "--json" in sys.argv:
        import json

        problems = [problem.as_dict() for problem in getattr(error, "problems", ())]
        click.echo(json.dumps({"error": error.as_dict(), **({"problems": problems} if problems else {})}))
        return
    from jusante.cli.console import tell_error

    tell_error(error)
