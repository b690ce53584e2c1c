"""`jusante metrics`: what the ledger knows, for a monitoring system."""

from pathlib import Path

import click

from jusante.cli.options import opened, project_options


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="A file to write, in one step, as a node exporter collects it."
)
@project_options
def metrics(out: Path | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """When each asset was last made, how long it took, which incidents go on: as OpenMetrics text."""
    from jusante.app.metrics import openmetrics
    from jusante.cli.console import print_json

    with opened(folder, environment) as lake:
        text = openmetrics(lake.system)
    if out is not None:
        _put(out, text)
    if as_json:
        print_json({"openmetrics": text})
    elif out is None:
        click.echo(text, nl=False)


def _put(path: Path, text: str) -> None:
    """In one step: who collects it never sees half of it."""
    from jusante.errors import storage_error

    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise storage_error(error, str(path)) from None
