"""tantivy and DuckDB's fts on the entries and questions in a file; figures as JSON. Run by catalog_search.py."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIELDS = ["id", "about", "owner", "columns", "tags"]
Ask = Callable[[str], object]


def duckdb_fts(folder: Path, found: list[dict[str, str]]) -> Ask:
    """DuckDB's fts extension."""
    import duckdb
    import duckdb_extension_fts
    import pyarrow as pa

    database = duckdb.connect(str(folder / "fts.duckdb"))
    (path,) = Path(duckdb_extension_fts.__file__).parent.rglob("fts.duckdb_extension")
    database.execute(f"load '{path}'")
    rows = pa.Table.from_pylist(found)
    database.execute(f"create table entries as select {', '.join(FIELDS)} from rows")
    del rows
    database.execute(f"pragma create_fts_index('entries', 'id', {str(FIELDS)[1:-1]}, stemmer='none', stopwords='none')")
    sql = (
        "select id, fts_main_entries.match_bm25(id, ?, conjunctive := 1) as score from entries "
        "where score is not null order by score desc limit 20"
    )
    return lambda question: database.execute(sql, [question]).fetchall()


def tantivy_index(folder: Path, found: list[dict[str, str]]) -> Ask:
    """tantivy, through its Python binding."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    for name in FIELDS:
        schema.add_text_field(name, stored=name == "id")
    index = tantivy.Index(schema.build(), path=str(folder))
    writer = index.writer()
    for each in found:
        writer.add_document(tantivy.Document(**{name: each[name].replace("_", " ") for name in FIELDS}))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    fuzzy = dict.fromkeys(FIELDS, (True, 1, True))

    def ask(question: str) -> object:
        query = index.parse_query(question, FIELDS, conjunction_by_default=True, fuzzy_fields=fuzzy)
        return [searcher.doc(place)["id"] for _, place in searcher.search(query, 20).hits]

    return ask


def timed(ask: Ask, asked: list[str]) -> list[float]:
    """Median and 99th percentile, in milliseconds of CPU."""
    for question in asked[:20]:
        ask(question)
    taken = []
    for question in asked:
        began = time.process_time()
        ask(question)
        taken.append((time.process_time() - began) * 1000)
    return [statistics.median(taken), statistics.quantiles(taken, n=100)[98]]


def main() -> None:
    engine, file = sys.argv[1:]
    data: dict[str, Any] = json.loads(Path(file).read_text())
    texts = [
        {name: " ".join(each[name]) if isinstance(each[name], list) else each[name] for name in FIELDS}
        for each in data["entries"]
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        began = time.process_time()
        ask = tantivy_index(folder, texts) if engine == "tantivy" else duckdb_fts(folder, texts)
        made = time.process_time() - began
        wrong = timed(ask, data["wrong"]) if engine == "tantivy" else None
        figures = {"right": timed(ask, data["right"]), "wrong": wrong, "index": made}
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(json.dumps({**figures, "size": size}))


if __name__ == "__main__":
    main()
