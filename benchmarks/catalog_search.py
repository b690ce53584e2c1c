"""Search over 10,000 assets: SQLite's FTS5, which jusante uses, against what it was chosen over: tantivy, and DuckDB's fts.

Each engine indexes the same entries in the same fields and answers the same questions, with the index open; typing errors
are asked of those that can forgive them. Then `jusante catalog search` as a command on a project of that size is measured.
"""

import json
import random
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measure
from jusante.app.catalog import MOST
from jusante.core.catalog import CatalogEntry
from jusante.management.catalog.ranking import ranked, words_of
from jusante.storage.sqlite_search import SqliteSearch
from measure import Contender, Target

ASSETS = 10_000
ROUNDS = 3
QUESTIONS = 300
PEERS = ("tantivy==0.27.0", "duckdb==1.5.5", "duckdb-extension-fts==1.5.5", "pyarrow")
NOUNS = [
    "order",
    "customer",
    "product",
    "invoice",
    "payment",
    "shipment",
    "return",
    "campaign",
    "session",
    "click",
    "visit",
    "lead",
    "account",
    "contract",
    "ticket",
    "agent",
    "store",
    "region",
    "country",
    "category",
    "supplier",
    "warehouse",
    "stock",
    "price",
    "discount",
    "voucher",
    "basket",
    "review",
    "rating",
    "subscription",
    "plan",
    "refund",
    "budget",
    "forecast",
    "margin",
    "revenue",
    "cost",
    "profit",
    "tax",
    "employee",
    "team",
    "salary",
    "device",
    "sensor",
    "route",
    "vehicle",
    "driver",
    "delivery",
]
VERBS = [
    "daily",
    "weekly",
    "monthly",
    "open",
    "closed",
    "active",
    "lost",
    "first",
    "last",
    "total",
    "average",
    "rolling",
    "net",
    "gross",
    "planned",
    "actual",
    "raw",
    "clean",
]
TEAMS = ["finance", "growth", "sales", "marketing", "backend", "logistics", "support", "data", "ml", "platform"]


def entries(count: int) -> list[CatalogEntry]:
    """Made-up assets, the same each time."""
    dice = random.Random(11)
    found = []
    for number in range(count):
        words = [dice.choice(VERBS), dice.choice(NOUNS), dice.choice(NOUNS)]
        columns = tuple(
            f"{dice.choice(NOUNS)}_{dice.choice(('id', 'at', 'amount', 'count', 'name'))}" for _ in range(12)
        )
        about = f"{words[0].capitalize()} {words[1]}s by {words[2]}, for the {dice.choice(TEAMS)} team. " + " ".join(
            dice.choice(NOUNS) for _ in range(12)
        )
        name = f"{dice.choice(TEAMS)}.{'_'.join(words)}_{number}"
        found.append(
            CatalogEntry(
                name,
                "model",
                about=about,
                owner=f"{dice.choice(TEAMS)}@b.example",
                tags=(dice.choice(TEAMS),),
                columns=columns,
            )
        )
    return found


def questions(count: int, *, wrong: bool) -> list[str]:
    """One to three words each; `wrong`: one of them with two letters turned around."""
    dice = random.Random(12)
    found = []
    for _ in range(count):
        words = [dice.choice(NOUNS if dice.random() < 0.7 else VERBS) for _ in range(dice.randint(1, 3))]
        if wrong:
            word = dice.choice([each for each in NOUNS if len(each) > 5])
            at = dice.randint(1, len(word) - 3)
            words[0] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        found.append(" ".join(words))
    return found


def timed(ask: Callable[[str], object], asked: list[str]) -> list[float]:
    """Median and 99th percentile, in milliseconds of CPU."""
    for question in asked[:20]:
        ask(question)
    taken = []
    for question in asked:
        began = time.process_time()
        ask(question)
        taken.append((time.process_time() - began) * 1000)
    return [statistics.median(taken), statistics.quantiles(taken, n=100)[98]]


def ours(folder: Path, found: list[CatalogEntry]) -> dict[str, Any]:
    """What indexing takes, how large the index is, what a question takes."""
    began = time.process_time()
    index = SqliteSearch(folder / "search.db")
    index.replace("1", found)
    made = time.process_time() - began

    def ask(question: str) -> object:
        return ranked(question, index.candidates(words_of(question), MOST), 20)

    figures = {wrong: timed(ask, questions(QUESTIONS, wrong=wrong)) for wrong in (False, True)}
    size = (folder / "search.db").stat().st_size
    index.close()
    return {"index": made, "size": size, "right": figures[False], "wrong": figures[True]}


def theirs(engine: str, folder: Path, found: list[CatalogEntry]) -> dict[str, Any]:
    """The same of a peer, in an environment of its own."""
    data = measure.written(
        folder / "entries.json",
        json.dumps(
            {
                "entries": [each.as_dict() for each in found],
                "right": questions(QUESTIONS, wrong=False),
                "wrong": questions(QUESTIONS, wrong=True),
            }
        ),
    )
    scripts = measure.environment("catalog", *PEERS)
    command = [str(scripts / "python"), str(Path(__file__).with_name("catalog_peers.py")), engine, str(data)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def project(folder: Path) -> None:
    """A project with that many assets: sources of files, whose tables need nothing else."""
    measure.written(folder / "jusante.yaml", "name: large\n")
    per_source = 250
    for number in range(ASSETS // per_source):
        tables = "".join(
            f"  {each.name.partition('.')[2]}: {{path: x.csv, about: {json.dumps(each.about)}, tags: [{each.tags[0]}],"
            f" columns: {{{', '.join(f'{name}: {{type: int}}' for name in dict.fromkeys(each.columns))}}}}}\n"
            for each in entries(ASSETS)[number * per_source : (number + 1) * per_source]
        )
        text = f"source: s{number}\nkind: files\nowner: {TEAMS[number % len(TEAMS)]}@b.example\ntables:\n{tables}"
        measure.written(folder / f"sources/s{number}.yaml", text)


def _cells(figures: dict[str, Any]) -> list[str]:
    times = [*figures["right"], *(figures["wrong"] or [None, None])]
    shown = [f"{each:.2f}" if each is not None else "-" for each in times]
    return [*shown, f"{figures['index']:.2f}", f"{figures['size'] / 1e6:.1f}"]


def main() -> None:
    count = measure.rounds(ROUNDS)
    found = entries(ASSETS)
    figures = {}
    with tempfile.TemporaryDirectory() as place:
        figures["SQLite FTS5 (jusante)"] = ours(Path(place), found)
        for name in ("tantivy", "DuckDB fts"):
            figures[name] = theirs(name, Path(place), found)
    mine = figures["SQLite FTS5 (jusante)"]
    rows = [[name, *_cells(each)] for name, each in figures.items()]
    large = measure.data("catalog-10000", f"{ASSETS} {Path(__file__).read_text()}", project)
    search = Contender(
        "jusante catalog search", [measure.JUSANTE, "catalog", "search", "daily", "revenue", "--project", str(large)]
    )
    state = large / ".jusante/search.db"
    first = Contender(
        "the same, where the index must be made", search.command, prepare=lambda: state.unlink(missing_ok=True)
    )
    measure.run(search)
    costs = measure.in_turn([search, first], count)
    measure.publish(
        "catalog_search",
        f"{ASSETS:,} assets with 12 columns each, {QUESTIONS} questions of one to three words, milliseconds of CPU a question.",
        measure.table(["", "median", "99 %", "with a typing error", "99 %", "index s", "index MB"], rows),
        f"As a command, with Python's start, medians of {count} rounds:",
        measure.costs_table(costs),
        measure.targets_table(
            [
                Target("a question, median", 10, mine["right"][0], "ms"),
                Target("a question with a typing error, median", 20, mine["wrong"][0], "ms"),
            ]
        ),
        f"Versions: {measure.own_versions()}; {', '.join(PEERS)}; SQLite {sqlite3.sqlite_version}.",
    )


if __name__ == "__main__":
    main()
