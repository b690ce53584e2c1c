"""What a mask costs: a million rows with an e-mail address that is in none of the others, loaded plain and masked."""

import shutil
from pathlib import Path

import duckdb

import measure
from measure import Contender, Target

ROUNDS = 1
ROWS = 1_000_000
PLAIN = "as it is"
HASH, TOKEN, PERSON = "hash", "tokenise", "tokenise, a key for each person"
MASKS = {
    PLAIN: "",
    "truncate": "mask: {truncate: 4}",
    HASH: "mask: hash",
    TOKEN: "mask: tokenise",
    PERSON: "mask: tokenise",
}
_SOURCE = """\
source: crm
kind: files
owner: benchmark@b.example
tables:
  people:
    path: {path}
    key: [id]
{subject}    columns:
      email: {{sensitive: email, purpose: [benchmark]{mask}}}
"""
_ROWS = f"""
copy (
    select range as id, 'person.' || range || '@mail' || range % 90 || '.example' as email,
        'city ' || hash(range) % 5000 as city, range % 997 as orders, (hash(range) % 100000) / 100 as spent
    from range({ROWS})
) to '{{path}}' (format parquet)
"""


def main() -> None:
    count = measure.rounds(ROUNDS)
    people = measure.data("people", _ROWS, lambda folder: _write(folder / "people.parquet"))
    contenders = [_contender(name, people / "people.parquet") for name in MASKS]
    costs = measure.in_turn(contenders, count)
    plain = measure.median(costs[PLAIN]).cpu
    rates = {name: ROWS / max(measure.median(costs[name]).cpu - plain, 0.01) for name in MASKS if name != PLAIN}
    rows = ((name, f"{rate / 1000:,.0f}") for name, rate in rates.items())
    measure.publish(
        "masks",
        f"{ROWS:,} rows of a Parquet file, 5 columns, one of them an e-mail address of which all are different, first load. "
        f"Medians of {count} rounds.",
        measure.costs_table(costs),
        "What the mask alone costs, as thousands of values for each CPU second beyond a load without one:",
        measure.table(["", "1,000 values/s"], rows),
        measure.targets_table(
            [Target("values/s of tokenise", 200_000, rates[TOKEN], "/s", at_least=True)],
        ),
        f"Versions: {measure.own_versions('duckdb', 'cryptography')}.",
    )


def _write(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(_ROWS.format(path=path))


def _contender(name: str, path: Path) -> Contender:
    folder = measure.WORK / "masks" / name.replace(" ", "-").replace(",", "")
    mask = f", {MASKS[name]}" if MASKS[name] else ""
    subject = "    subject: id\n" if name == PERSON else ""
    measure.written(folder / "jusante.yaml", "name: masks\n")
    measure.written(folder / "sources/crm.yaml", _SOURCE.format(path=path, mask=mask, subject=subject))
    return Contender(
        name,
        [measure.JUSANTE, "run", "--project", str(folder)],
        folder,
        prepare=lambda: shutil.rmtree(folder / ".jusante", ignore_errors=True),
    )


if __name__ == "__main__":
    main()
