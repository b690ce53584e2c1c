"""`jusante audit` and `jusante migrate`: the ledger as a whole."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.core.event import Fault

LOOKED_AT = 1_000
"""So many events say which kinds there are."""


@click.group()
def audit() -> None:
    """What happened, and the proof that it was not touched since."""


@audit.command()
@click.option("--head", metavar="DIGEST|FILE", help="A head that was kept elsewhere, or the file it was kept in.")
@click.option(
    "--projections",
    is_flag=True,
    help="Also hold runs, states, incidents and costs against it; nobody writes meanwhile.",
)
@project_options
def verify(head: str | None, projections: bool, folder: Path, environment: str | None, as_json: bool) -> None:
    """Find every edit, deletion and change of order in the ledger.

    Somebody who can write the database could seal a forged ledger anew. Keep its head elsewhere (`jusante audit head`) and
    hand it back here: then that shows, too.
    """
    from jusante.cli.console import err, marked, out, print_json, tell
    from jusante.core.words import counted

    with opened(folder, environment) as lake:
        with err().status("reading the ledger"):
            faults = lake.metadata.verify(_digest(head))
            strays = lake.metadata.strays() if projections and not faults else ()
        last = lake.metadata.latest(None, 1)
    upto = last[0].seq if last else 0
    for fault in () if as_json else faults:
        tell(err(), fault.kind, fault.what, _where(fault), "compare with a copy of the database from before", "red")
    for stray in () if as_json else strays:
        tell(err(), "projection", stray.what, stray.projection, "jusante audit rebuild", "red")
    if as_json:
        found = {"faults": [each.as_dict() for each in faults], "projections": [each.as_dict() for each in strays]}
        print_json(found | {"events": upto})
    elif faults or strays:
        err().print(f"\n{counted(len(faults) + len(strays), 'fault')}", style="bold")
    else:
        also = ", and all that follows from it is as it should be" if projections else ""
        told = "" if head else ". Keep its head elsewhere: jusante audit head > head.txt"
        out().print(marked("✓", "green", f"the ledger is as it was written, up to event {upto:,}{also}{told}"))
    sys.exit(1 if faults or strays else 0)


def _where(fault: "Fault") -> str:
    if fault.first_seq == fault.last_seq:
        return f"event {fault.first_seq:,}"
    return f"events {fault.first_seq:,} to {fault.last_seq:,}"


def _digest(head: str | None) -> str | None:
    """The digest that was kept. Raises UsageError for a text that is none, and for a file that holds none or is not there."""
    from jusante.errors import UsageError

    if head is None:
        return None
    text = Path(head).read_text(encoding="utf-8", errors="replace") if Path(head).is_file() else head
    found = re.match(r"\s*([0-9a-f]{64})\b", text)
    if found is None:
        what = "holds no head" if Path(head).is_file() else "is no head, and no file that holds one"
        raise UsageError(f"{head!r} {what}", where="--head", fix="jusante audit head > head.txt writes one")
    return found[1]


@audit.command()
@project_options
def head(folder: Path, environment: str | None, as_json: bool) -> None:
    """Seal the ledger and print its head: a digest of all that it says. Keep it where others cannot write."""
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        last = lake.metadata.head()
    if as_json:
        print_json({"head": last.as_dict() if last else None})
    elif last:
        out().print(f"{last.digest}  event {last.last_seq}  {last.sealed_at:%Y-%m-%dT%H:%M:%SZ}")
    else:
        out().print("The ledger is empty. Next: jusante run")


@audit.command()
@click.option("--kind", help="Only of this kind: run.started, task.failed, drift.found …")
@click.option("--asset", help="Only about this asset.", shell_complete=asset_names)
@click.option("--since", metavar="TIME", help="Only since then: `7d`, or a day as 2026-11-01.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=30, show_default=True, help="How many, at the most.")
@project_options
def events(  # noqa: PLR0913  # the options of a command
    kind: str | None,
    asset: str | None,
    since: str | None,
    limit: int,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """What happened, newest first: who did what to which asset, when."""
    from jusante.cli import times
    from jusante.cli.console import WIDE, grid, out, print_json

    start = times.since(since, times.now()) if since else None
    with opened(folder, environment) as lake:
        found = lake.metadata.latest(kind, limit, asset=asset, since=start)
        nothing = "" if found else _nothing(lake, kind, asset)
    if as_json:
        print_json({"events": [event.as_dict() for event in found]})
        return
    console = out()
    head = ("event", "at (UTC)", "kind", "about", "by")
    table = grid(*head, numbers=("event",), whole=("event", "at (UTC)"), names=("kind", "about"))
    form = "%Y-%m-%d %H:%M:%S" if console.width >= WIDE else "%d %b %H:%M"
    for event in found:
        about = event.asset or event.run_id or ""
        table.add_row(f"{event.seq:,}", f"{event.at:{form}}", event.kind, about, event.actor)
    console.print(table if found else nothing)


def _nothing(lake: "Lake", kind: str | None, asset: str | None) -> str:
    """That nothing like that has happened, in words. Raises UsageError for an asset that is neither here nor in the ledger."""
    from jusante.core.names import nearest
    from jusante.errors import UsageError

    def has_happened(**of: str | None) -> bool:
        return bool(lake.metadata.latest(of.get("kind"), 1, asset=of.get("asset")))

    if asset and asset not in lake.project.graph and not has_happened(asset=asset):
        near = nearest(asset, lake.project.graph.ids)
        fix = f"did you mean {near}?" if near else "jusante lineage lists all"
        raise UsageError(f"nothing is called {asset!r} here, or was", where="--asset", fix=fix)
    if kind and not has_happened(kind=kind):
        kinds = sorted({event.kind for event in lake.metadata.latest(None, LOOKED_AT)})
        near = nearest(kind, kinds)
        return f"Nothing of the kind {kind} has happened. {f'Did you mean {near}? ' if near else ''}There are {', '.join(kinds)}."
    return "Nothing of that has happened."


@audit.command()
@project_options
def rebuild(folder: Path, environment: str | None, as_json: bool) -> None:
    """Work out anew, from the ledger, runs and their tasks, states of assets, incidents, usage and storage."""
    from jusante.cli.console import err, marked, out, print_json
    from jusante.core.words import counted

    with opened(folder, environment) as lake, err().status("reading the ledger"):
        count = lake.metadata.rebuild()
    if as_json:
        print_json({"events": count})
    else:
        out().print(marked("✓", "green", f"runs, states, incidents and costs made anew from {counted(count, 'event')}"))


@click.command()
@click.option("--to", "target", metavar="REVISION", help="Another revision than this version's, also an older one.")
@click.option(
    "--adopt",
    is_flag=True,
    help="From now on it is this project's: it, or the environment, was renamed, or it is a copy.",
)
@project_options
def migrate(target: str | None, adopt: bool, folder: Path, environment: str | None, as_json: bool) -> None:
    """Bring the metadata database to the revision that this version works with.

    A SQLite file is copied first. Of a database on a server, make a dump before.
    """
    from dataclasses import asdict

    from jusante.app.migration import adopt_database, migrate_project
    from jusante.cli.console import marked, out, print_json
    from jusante.errors import UsageError

    if adopt and target:
        raise UsageError("a database is taken over at the revision of this version", where="--to", fix="leave --to out")
    done = migrate_project(folder, environment, target)
    before = adopt_database(folder, environment) if adopt else None
    if as_json:
        copy = str(done.copy) if done.copy else None
        taken = {"adopted_from": asdict(before) if before else None} if adopt else {}
        print_json({"before": done.before, "after": done.after, "copy": copy, **taken})
        return
    if done.before == done.after:
        out().print(marked("✓", "green", f"the metadata database is of revision {done.after}: nothing to do"))
    else:
        kept = f"; what it was before is kept in {done.copy}" if done.copy else ""
        out().print(
            marked(
                "✓", "green", f"the metadata database went from revision {done.before or 'none'} to {done.after}{kept}"
            )
        )
    if adopt:
        told = f"; it was that of {before}" if before else ""
        out().print(marked("✓", "green", f"it is this project's now{told}"))
