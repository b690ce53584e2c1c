"""What `planted_failures` breaks in the shop of the demo, and what is to be found each time."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jusante.demo.social_api import SocialApi

TO_NUMBER = "alter column newsletter type smallint using newsletter::int"
RETURNED = 'return pa.table({"customer_id": features["customer_id"], "score": score})'
Break = Callable[["Stage"], None]


@dataclass(frozen=True)
class Stage:
    """The shop while something is broken in it."""

    folder: Path
    database: Any
    social: SocialApi

    def sql(self, *statements: str) -> None:
        for statement in statements:
            self.database.psql(statement)


@dataclass(frozen=True)
class Plant:
    """What is broken, of which sort that is, and what is to be found: the incident's asset, its first suspect."""

    sort: str
    title: str
    do: Break
    asset: str
    kind: str
    subject: str


def edit(name: str, before: str, after: str) -> Break:
    def do(stage: Stage) -> None:
        path = stage.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text, (name, before)
        path.write_text(text.replace(before, after, 1), encoding="utf-8")

    return do


def model(asset: str, before: str, after: str) -> Break:
    return edit(f"models/{asset.replace('.', '/')}.sql", before, after)


def edits() -> Iterator[Plant]:
    misspelt = {
        "staging.orders": ("is_test", "is_tst"),
        "staging.order_lines": ("i.unit_price,", "i.unit_prize,"),
        "staging.posts": ("    likes,", "    lykes,"),
        "staging.products": ("d.weight_g", "d.weight_gr"),
        "marts.order_lines": ("where status <>", "where state <>"),
        "marts.daily_sales": ("sum(amount)", "sum(amout)"),
        "marts.country_sales": ("select c.country", "select c.county"),
        "marts.monthly_sales": ("p.category, sum", "p.categorie, sum"),
        "marts.product_sales": ("p.name", "p.nom"),
        "marts.buzz": ("avg(mood)", "avg(mod)"),
        "ml.customer_features": ("    c.newsletter,", "    c.news_letter,"),
        "ml.best_leads": ("c.spend, s.score", "c.spent, s.score"),
    }
    for asset, (before, after) in misspelt.items():
        yield Plant(
            "an edit that cannot run", f"a slip in {asset}", model(asset, before, after), asset, "definition", asset
        )
    leads = "models/ml/leads.py"
    broken = {
        "ml.lead_features": [('pc.max(customers["last_day"])', 'pc.max(customers["last_dya"])')],
        "ml.lead_scores": [("score = parts[0]", "score = parts[9]"), (RETURNED, "return score")],
    }  # fmt: skip
    for asset, pairs in broken.items():
        for before, after in pairs:
            yield Plant(
                "an edit that cannot run",
                f"Python of {asset}: {after}",
                edit(leads, before, after),
                asset,
                "definition",
                asset,
            )
    step = "steps/export_invoices.sh"
    for before, after in (("| sort", "| srot"), ("set -eu", "set -eu\nexit 3")):
        do = edit(step, before, after)
        yield Plant(
            "an edit that cannot run",
            f"the step: {after}",
            do,
            "step:export_invoices",
            "definition",
            "step:export_invoices",
        )
    audited = (
        ("marts.daily_sales", "sum(amount) as", "sum(case status when 'returned' then -amount else amount end) as"),
        ("marts.daily_sales", "sum(amount) as", "-sum(amount) as"),
        ("marts.buzz", "avg(mood) as", "sum(mood) + 10 as"),
        ("ml.best_leads", "limit 100", "limit 0"),
        ("marts.country_sales", "group by all", "group by all having count(*) < 0"),
    )
    for asset, before, after in audited:
        yield Plant(
            "an edit that fails its audit", f"{asset}: {after}", model(asset, before, after), asset, "definition", asset
        )
    do = edit(leads, "pc.multiply(recent, 0.4)", "pc.multiply(recent, 4.0)")
    yield Plant(
        "an edit that fails its audit", "ml.lead_scores beyond 1", do, "ml.lead_scores", "definition", "ml.lead_scores"
    )
    taken = (  # what is edited, and the asset that the incident is about: the reader, or, of several, what they read
        ("staging.orders", "customer_id, status, ordered_at", "customer_id, ordered_at", "staging.order_lines"),
        ("staging.order_lines", "    o.day,\n", "", "staging.order_lines"),
        ("staging.posts", "    likes,\n", "", "marts.buzz"),
        ("staging.products", " p.category,", "", "staging.products"),
        ("marts.order_lines", "select * from", "select * exclude (amount) from", "marts.order_lines"),
        ("marts.daily_sales", "sum(quantity) as quantity, ", "", "marts.product_sales"),
        ("ml.customer_features", "    c.newsletter,", "    c.newsletter as reads_us,", "ml.lead_features"),
    )
    for asset, before, after, about in taken:
        yield Plant(
            "an edit that takes a column away",
            f"{asset} without {before.strip()}",
            model(asset, before, after),
            about,
            "definition",
            asset,
        )


def sources() -> Iterator[Plant]:
    yield Plant(
        "a source that is away",
        "PostgreSQL is stopped",
        lambda s: s.database.stop(),
        "source:sales",
        "outage",
        "source:sales",
    )
    yield Plant(
        "a source that is away", "the web API answers 404 to all", _gone, "social.posts", "data", "social.posts"
    )
    yield Plant(
        "a source that is away", "the web API cannot be reached", _unreached, "source:social", "outage", "source:social"
    )
    yield Plant(
        "a source that refuses",
        "the token has been changed",
        _other_token,
        "source:social",
        "environment",
        "source:social",
    )
    yield Plant(
        "a source that refuses",
        "the role may not log in",
        lambda s: s.sql("alter role postgres nologin"),
        "source:sales",
        "environment",
        "source:sales",
    )
    changes = (
        ("orders", "rename column status to state"), ("orders", "drop column is_test"),
        ("orders", "drop column ordered_at"), ("orders", "alter column customer_id type text"),
        ("orders", "drop column updated_at"), ("order_items", "rename column unit_price to price"),
        ("order_items", "drop column quantity"), ("order_items", "rename column sku to article"),
        ("order_items", "alter column quantity type text"), ("customers", "drop column country"),
        ("customers", "rename column country to country_code"), ("customers", TO_NUMBER),
        ("customers", "drop column newsletter"), ("customers", "drop column joined_at"),
    )  # fmt: skip
    for table, change in changes:
        do = _altered(table, change)
        yield Plant(
            "a source that changes its columns", f"{table}: {change}", do, f"sales.{table}", "schema", f"sales.{table}"
        )
    for table in ("customers", "order_items"):
        do = _dropped(table)
        yield Plant(
            "a table or file that is gone", f"{table} is dropped", do, f"sales.{table}", "data", f"sales.{table}"
        )
    yield Plant(
        "a table or file that is gone",
        "details.json",
        lambda s: (s.folder / "data" / "details.json").unlink(),
        "catalogue.details",
        "data",
        "catalogue.details",
    )
    yield Plant(
        "a table or file that is gone",
        "all products",
        _without_products,
        "catalogue.products",
        "data",
        "catalogue.products",
    )
    yield Plant(
        "a file with other columns",
        "weight_g is weight",
        edit_all("details.json", "weight_g", "weight"),
        "catalogue.details",
        "schema",
        "catalogue.details",
    )
    yield Plant(
        "a file with other columns",
        "category is group",
        edit_all("products_*.csv", "category", "group"),
        "catalogue.products",
        "schema",
        "catalogue.products",
    )


def data() -> Iterator[Plant]:
    new = (
        "alter type order_status add value 'lost'",
        "update orders set status = 'lost', updated_at = now() where order_id = 7",
    )
    yield Plant("bad data", "a status that nobody knows", lambda s: s.sql(*new), "sales.orders", "data", "sales.orders")
    dear = "insert into order_items select max(order_id), 9, '000001', 1, -99999.00, now() from orders"
    yield Plant(
        "bad data",
        "a line of a negative price",
        lambda s: s.sql(dear),
        "sales.order_items",
        "data",
        "sales.order_items",
    )
    none = "alter table orders drop constraint orders_customer_id_fkey; delete from customers"
    yield Plant("bad data", "no customers", lambda s: s.sql(none), "sales.customers", "data", "sales.customers")
    yield Plant("bad data", "a file that is no JSON", _no_json, "catalogue.details", "data", "catalogue.details")
    free = lambda s: _append(s.folder / "data" / "products_3.csv", "999998,Gift,Toys,-1.00\n")  # noqa: E731
    yield Plant("bad data", "a negative list price", free, "catalogue.products", "data", "catalogue.products")


def kills() -> Iterator[Plant]:
    for at, asset in (
        ("before_stage", "marts.daily_sales"), ("after_stage", "marts.country_sales"),
        ("after_audit", "ml.customer_features"), ("before_stage", "marts.order_lines"), ("after_commit", "sales.orders"),
    ):  # fmt: skip
        yield Plant("a run that is killed", f"{at} of {asset}", _killed(f"{at}:{asset}"), asset, "environment", "run")


def _altered(table: str, change: str) -> Break:
    return lambda stage: stage.sql(
        "alter table orders drop constraint orders_customer_id_fkey", f"alter table {table} {change}"
    )


def _dropped(table: str) -> Break:
    return lambda stage: stage.sql(f"drop table {table} cascade")


def edit_all(pattern: str, before: str, after: str) -> Break:
    def do(stage: Stage) -> None:
        for path in (stage.folder / "data").glob(pattern):
            path.write_bytes(path.read_bytes().replace(before.encode(), after.encode()))

    return do


def _without_products(stage: Stage) -> None:
    for path in (stage.folder / "data").glob("products_*.csv"):
        path.unlink()


def _no_json(stage: Stage) -> None:
    (stage.folder / "data" / "details.json").write_text("<html>moved</html>" * 9)


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line)


def _gone(stage: Stage) -> None:
    os.environ["SOCIAL_URL"] = stage.social.url + "/v2"


def _unreached(stage: Stage) -> None:
    assert stage.social.url
    os.environ["SOCIAL_URL"] = "http://127.0.0.1:9"


def _other_token(stage: Stage) -> None:
    stage.social.token = "another"


def _killed(at: str) -> Break:
    def do(stage: Stage) -> None:
        command = [sys.executable, "-m", "jusante", "run", "--project", str(stage.folder)]
        subprocess.run(
            command, env={**os.environ, "JUSANTE_KILL_AT": at}, capture_output=True, check=False, timeout=120
        )

    return do
