"""`jusante contract init`, `test` and `diff`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import opened, project_options

if TYPE_CHECKING:
    from jusante.app.contract_changes import Comparison


@click.group()
def contract() -> None:
    """What the owners of sources promise, as Open Data Contracts (ODCS 3) in contracts/."""


@contract.command()
@click.argument("source")
@click.option("--replace", is_flag=True, help="Write it anew where there is one; what was edited in it is lost.")
@project_options
def init(source: str, replace: bool, folder: Path, environment: str | None, as_json: bool) -> None:
    """Write a contract for SOURCE from the source as it is, for people to edit."""
    from rich.text import Text

    from jusante.app.contracts import init_contract
    from jusante.cli.console import err, marked, out, print_json

    with opened(folder, environment) as lake, err().status(Text(f"looking at {source}")):
        name = init_contract(lake.system, source, replace=replace)
    if as_json:
        print_json({"file": name})
        return
    out().print(marked("+", "green", f"{folder / name}"))
    out().print("\nRead it with its owner and edit it. Then: jusante contract test")


@contract.command()
@click.argument("sources", nargs=-1)
@project_options
def test(sources: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """Hold SOURCES, or all that have a contract, against it: columns, types, nulls, keys and quality rules. Loads nothing."""
    import datetime as dt

    from jusante.app.contracts import verify_contracts
    from jusante.cli.console import err, print_json
    from jusante.cli.contract_report import tell_tested

    with opened(folder, environment) as lake, err().status("testing") as status:
        tested = verify_contracts(
            lake.system, sources, dt.datetime.now(dt.UTC), lambda name: status.update(f"testing {name}")
        )
    if as_json:
        print_json({"sources": [each.as_dict() for each in tested]})
    else:
        for each in tested:
            tell_tested(each)
    sys.exit(0 if all(each.kept for each in tested) else 1)


@contract.command()
@click.argument("versions", nargs=-1, metavar="[OLD NEW | REV..REV]")
@click.option("--from", "since", metavar="REV", help="Compare with this revision of git.")
@click.option("--annotate", is_flag=True, help="Print GitHub's workflow commands, which mark lines in a pull request.")
@project_options
def diff(
    versions: tuple[str, ...], since: str | None, annotate: bool, folder: Path, environment: str | None, as_json: bool
) -> None:
    """What changed between two contract files, or two revisions of git, and whom it breaks. Ends with 1 if it breaks any.

    jusante contract diff old.odcs.yaml new.odcs.yaml; jusante contract diff main..HEAD; jusante contract diff --from main
    """
    from jusante.cli.console import print_json
    from jusante.cli.contract_report import tell_annotations, tell_comparison

    compared = _compared(versions, since, folder, environment)
    if as_json:
        print_json(compared.as_dict())
    elif annotate:
        tell_annotations(compared)
    else:
        tell_comparison(compared)
    sys.exit(1 if compared.breaking else 0)


def _compared(versions: tuple[str, ...], since: str | None, folder: Path, environment: str | None) -> "Comparison":
    from jusante.app import contract_changes as changes
    from jusante.errors import ProjectInvalid, UsageError

    if since and not versions:
        pair = changes.of_revisions(folder, since, changes.NOW)
    elif len(versions) == 1 and ".." in versions[0] and not since:
        old, _, new = versions[0].replace("...", "..").partition("..")
        pair = changes.of_revisions(folder, old or "HEAD", new or "HEAD")
    elif len(versions) == 2 and not since:
        pair = changes.of_files(Path(versions[0]), Path(versions[1]))
    else:
        fix = "jusante contract diff OLD NEW, or main..HEAD, or --from main"
        raise UsageError("name two files, or two revisions of git", fix=fix)
    try:
        with opened(folder, environment) as lake:
            return changes.compared(*pair, lake.system)
    except ProjectInvalid:
        return changes.compared(*pair, None)
