"""`jusante dashboard build`."""

from pathlib import Path

import click

from jusante.cli.options import opened, project_options


@click.group()
def dashboard() -> None:
    """Dashboards as pages and pictures."""


@dashboard.command()
@click.argument("names", nargs=-1)
@project_options
def build(names: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """Render dashboards, all or those named, each to one page that needs no network, and to a PNG beside it."""
    from jusante.cli.console import err, marked, out, print_json

    with opened(folder, environment) as lake, err().status("drawing"):
        pages = lake.build_dashboards(names)
    if as_json:
        print_json({"pages": [str(page) for page in pages]})
        return
    for page in pages:
        out().print(marked("✓", "green", f"{page}"))
