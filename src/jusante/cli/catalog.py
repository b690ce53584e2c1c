"""`jusante catalog search` and `show`."""

from pathlib import Path

import click

from jusante.cli.options import asset_names, opened, project_options


@click.group()
def catalog() -> None:
    """What there is: assets and business terms, found by any of their words."""


@catalog.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many, at the most.")
@project_options
def search(words: tuple[str, ...], limit: int, folder: Path, environment: str | None, as_json: bool) -> None:
    """Find assets and terms by WORDS of their names, descriptions, columns, terms, synonyms, tags and owners.

    The beginnings of words are enough, and typing errors are forgiven.
    """
    from jusante.app.catalog import search as found

    question = " ".join(words)
    hits = found(folder, environment, question, limit)
    if as_json:
        from jusante.cli.console import print_json

        print_json({"hits": [hit.as_dict() for hit in hits]})
        return
    from jusante.cli.catalog_report import tell_hits

    tell_hits(question, hits)


@catalog.command()
@click.argument("name", shell_complete=asset_names)
@project_options
def show(name: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """One page on an asset or a business term."""
    import datetime as dt

    from jusante.app.catalog import page_of
    from jusante.cli.catalog_report import tell_page
    from jusante.cli.console import print_json

    with opened(folder, environment) as lake:
        page = page_of(lake.system, name, dt.datetime.now(dt.UTC))
    if as_json:
        print_json(page.as_dict())
    else:
        tell_page(page)
