"""`jusante query`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jusante.cli.options import opened, project_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from jusante.core.tag import Tag
    from jusante.serving.gate import Answer

ROWS_SHOWN = 50


@click.command()
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "arrow", "parquet"]),
    default="table",
    show_default=True,
)
@project_options
def query(sql: str, form: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Ask a question in SQL. `-` reads it from standard input. Reads published tables and nothing else.

    csv, arrow (an IPC stream) and parquet go to standard output as they are.
    """
    text = sys.stdin.read() if sql == "-" else sql
    with opened(folder, environment) as lake:
        from jusante.app.costs import answer_usd

        answer = lake.ask(text)
        tags = lake.tags_of(text, answer.table.column_names) if as_json or form in {"json", "table"} else ()
        usd = answer_usd(lake.system, answer)
    if as_json or form == "json":
        from jusante.cli.console import print_json

        print_json(document(answer, tags, usd))
    elif form == "table":
        _print_table(answer, usd)
        _tell_tags(answer, tags)
    else:
        _write(answer.table, form)


def document(answer: "Answer", tags: "Sequence[Sequence[Tag]]", usd: float) -> dict[str, Any]:
    """The answer as `--json` prints it; `tags` are those of each column, `usd` is what it was worth."""
    names = [list(dict.fromkeys(tag.name for tag in of_column)) for of_column in tags]
    columns = [column.to_pylist() for column in answer.table.columns]
    return {
        "columns": [
            {"name": field.name, "type": str(field.type), "tags": of_column}
            for field, of_column in zip(answer.table.schema, names, strict=True)
        ],
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "masked": [],
        "seconds": answer.seconds,
        "bytes_scanned": answer.bytes_scanned,
        "cpu_seconds": answer.cpu_seconds,
        "cost_usd": usd,
    }


def _print_table(answer: "Answer", usd: float) -> None:
    import pyarrow as pa
    from rich.text import Text

    from jusante.cli.console import err, grid, out, size
    from jusante.cli.fitting import fitted
    from jusante.core.money import dollars
    from jusante.core.words import counted

    table = answer.table
    numbers = tuple(
        f.name
        for f in table.schema
        if pa.types.is_integer(f.type) or pa.types.is_floating(f.type) or pa.types.is_decimal(f.type)
    )
    columns = [column.to_pylist() for column in table.slice(0, ROWS_SHOWN).columns]
    texts = [["null" if value is None else str(value) for value in row] for row in zip(*columns, strict=True)]
    headers, *rows = fitted([table.column_names, *texts], out().width)
    shown = grid(*headers, numbers=tuple(headers[table.column_names.index(name)] for name in numbers))
    for number, row in enumerate(rows):
        values = [column[number] for column in columns]
        shown.add_row(*(Text(text, "dim" if value is None else "") for text, value in zip(row, values, strict=True)))
    out().print(shown)
    more = f" (the first {ROWS_SHOWN} are shown; --format csv gives all)" if table.num_rows > ROWS_SHOWN else ""
    err().print(
        f"{counted(table.num_rows, 'row')}{more} in {answer.seconds:.2f} s from {size(answer.bytes_scanned)}, "
        f"{dollars(usd)}",
        style="dim",
    )


def _tell_tags(answer: "Answer", tags: "Sequence[Sequence[Tag]]") -> None:
    """Which columns hold personal data, and what they are kept for."""
    from rich.text import Text

    from jusante.cli.console import err
    from jusante.core.form import WORDS

    for name, of_column in zip(answer.table.column_names, tags, strict=True):
        for tag in (tag for tag in of_column if tag.kind):
            what = f"  {tag.kind} of {tag.origin}, {WORDS[tag.form]}, kept for {' or '.join(tag.purposes)}"
            err().print(Text.assemble(("! ", "yellow"), (name, "bold"), (what, "dim")))


def _write(table: "pa.Table", form: str) -> None:
    import pyarrow as pa

    sink = sys.stdout.buffer
    if form == "csv":
        from pyarrow import csv

        csv.write_csv(_flat(table), sink)
    elif form == "arrow":
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        from pyarrow import parquet

        buffer = pa.BufferOutputStream()
        parquet.write_table(table, buffer)
        sink.write(buffer.getvalue())


def _flat(table: "pa.Table") -> "pa.Table":
    """Nested columns as JSON text: CSV has no other way to hold them."""
    import json

    import pyarrow as pa

    for number, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            values = [
                None if value is None else json.dumps(value, default=str) for value in table.column(number).to_pylist()
            ]
            table = table.set_column(number, field.name, pa.array(values, pa.string()))
    return table
