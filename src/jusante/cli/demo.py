"""`jusante demo`."""

import sys
import time
from pathlib import Path

import click

from jusante.cli.options import json_option


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="shop")
@click.option(
    "--scale", type=click.FloatRange(0.0001, 100), default=1.0, show_default=True, help="1 is 100,000 orders."
)
@click.option(
    "--act",
    type=click.Choice(["drift", "incident"]),
    help="What happens next: a source changes and tells nobody; or it dies, and a bad deployment follows.",
)
@click.option("--finish", is_flag=True, help="Play the act to its end, where all is green again.")
@json_option
def demo(folder: Path, scale: float, act: str | None, finish: bool, as_json: bool) -> None:
    """A whole shop in FOLDER: PostgreSQL, files and a web API started for real, loaded, transformed, audited, shown.

    --act drift goes on from there: the shop's database has columns reordered, renamed, retyped and dropped.
    --act incident is a bad day: the database is stopped, and while all look at that an edit with a slip in it is deployed.
    """
    from jusante.app import Lake
    from jusante.cli.console import err, print_json
    from jusante.cli.progress import following
    from jusante.cli.report import print_report
    from jusante.demo.play import prepare, systems

    if act:
        _play(folder, scale, act, finish=finish)
        return
    began = time.monotonic()
    with err().status("making up a shop"):
        shop = prepare(folder, scale)
    with err().status("starting its PostgreSQL and its social network") as status, systems(folder, shop):
        status.stop()
        with Lake.open(folder) as lake:
            with following(lake.project.graph, ()) as listener:
                report = lake.run(listener=listener, wait_seconds=5)
            page = lake.settings.dashboards / "sales.html"
            top = lake.query(_QUESTION).to_pylist() if report.status == "succeeded" else []
    if as_json:
        print_json(report.as_dict())
    else:
        print_report(report)
        _tell_next(folder, page, top, time.monotonic() - began)
    sys.exit(0 if report.status == "succeeded" else 1)


def _play(folder: Path, scale: float, act: str, *, finish: bool) -> None:
    from jusante.cli.console import err
    from jusante.cli.demo_acts import drift_act
    from jusante.cli.demo_incident import incident_act
    from jusante.demo.play import prepare, scale_of

    with err().status("making up a shop"):
        shop = prepare(folder, scale_of(folder, scale))
    play = {"drift": drift_act, "incident": incident_act}[act]
    report = play(folder, shop, finish=finish)
    sys.exit(0 if report.status == "succeeded" or not finish else 1)


_QUESTION = (
    "select category, round(sum(revenue), 0) as revenue from marts.product_sales group by all order by 2 desc limit 3"
)


def _tell_next(folder: Path, page: Path, top: list[dict[str, object]], seconds: float) -> None:
    from jusante.cli.console import out

    console = out()
    best = ", ".join(f"{row['category']} ({row['revenue']:,.0f})" for row in top)
    said = f" Best categories by revenue: {best}." if best else ""
    console.print(f"\nIn {seconds:.0f} s from empty source systems to a dashboard.{said}")
    console.print("The source systems are stopped again; everything that was loaded is in the lakehouse.\n")
    console.print("Look at", style="bold")
    console.print(f"  the dashboard   {page}")
    console.print("Try next", style="bold")
    console.print(f"  jusante lineage --project {folder} marts.daily_sales")
    console.print(f'  jusante query --project {folder} "select * from marts.daily_sales order by day desc limit 5"')
    console.print(f'  jusante query --project {folder} "select * from catalogue.products__quarantine"')
