"""`jusante maintain` and `jusante rollback`."""

from pathlib import Path

import click

from jusante.cli.options import asset_names, opened, project_options


@click.command()
@click.argument("tables", nargs=-1, shell_complete=asset_names)
@click.option("--keep", default="7d", show_default=True, help="How long old snapshots can be gone back to.")
@click.option("--wait", "wait_seconds", type=float, default=0.0, help="How many seconds to wait for a run to end.")
@project_options
def maintain(
    tables: tuple[str, ...], keep: str, wait_seconds: float, folder: Path, environment: str | None, as_json: bool
) -> None:
    """Compact small files, expire old snapshots, and remove files that no snapshot needs. All TABLES by default.

    Whatever --keep says, a table that is made often keeps its last 20 to 40 snapshots only: each commit writes all of them down.
    """
    from dataclasses import asdict

    from jusante.cli.console import err, grid, out, print_json, size
    from jusante.core import duration
    from jusante.errors import UsageError

    try:
        kept = duration.parse(keep)
    except ValueError as error:
        raise UsageError(str(error), where="--keep") from None
    with opened(folder, environment) as lake, err().status("sweeping"):
        swept = lake.maintain(tables, keep=kept, wait_seconds=wait_seconds)
    if as_json:
        print_json({"tables": [asdict(each) for each in swept]})
        return
    table = grid(
        "table",
        "files",
        "snapshots expired",
        "files removed",
        "freed",
        numbers=("files", "snapshots expired", "files removed", "freed"),
    )
    for each in swept:
        files = (
            f"{each.files_before} → {each.files_after}"
            if each.files_before != each.files_after
            else str(each.files_after)
        )
        table.add_row(
            each.name, files, f"{each.snapshots_expired:,}", f"{each.orphans_removed:,}", size(each.bytes_freed)
        )
    out().print(table)


@click.command()
@click.argument("table", shell_complete=asset_names)
@click.argument("snapshot_id", type=int, required=False)
@click.option("--list", "listing", is_flag=True, help="Only list the snapshots there are.")
@project_options
def rollback(
    table: str, snapshot_id: int | None, listing: bool, folder: Path, environment: str | None, as_json: bool
) -> None:
    """Make an earlier snapshot of TABLE the current one; without a SNAPSHOT_ID, the one before.

    What reads the table is stale then, and follows with the next run. The table itself stays as it is until something
    that it is made of changes.
    """
    from jusante.cli.console import grid, marked, out, print_json, size
    from jusante.core.words import counted

    with opened(folder, environment) as lake:
        if not listing:
            done = lake.rollback(table, snapshot_id)
        snapshots = lake.store.history(table)
    if as_json:
        shown = [
            {"id": s.id, "at": s.at.isoformat(), "rows": s.rows, "bytes": s.bytes, "current": s.is_current}
            for s in snapshots
        ]
        print_json({"table": table, "snapshots": shown})
        return
    if listing:
        rows = grid("", "snapshot", "at (UTC)", "rows", "size", "run", numbers=("rows", "size"))
        for s in snapshots:
            run = s.summary.get("jusante.run", "")
            rows.add_row(
                "●" if s.is_current else "", str(s.id), f"{s.at:%Y-%m-%d %H:%M:%S}", f"{s.rows:,}", size(s.bytes), run
            )
        out().print(rows)
    else:
        out().print(
            marked(
                "✓",
                "green",
                f"{table} is at snapshot {done.snapshot_id} again, {counted(done.plan.rows, 'row')}. Next: jusante run {table}+",
            )
        )
