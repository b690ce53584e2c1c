"""Drafts of contracts, held against the standard by somebody else's tool: the linter of datacontract-cli.

Each draft is that of a source with made-up tables, columns of every type, keys, checks and sensitive columns. The linter
and `jusante check` must both find nothing; and both must find something where a draft was spoiled.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import measure
from jusante.core.schema import Column, Schema
from jusante.core.source import Source, SourceTable
from jusante.engineering.project.documents import parse
from jusante.engineering.project.problems import Findings
from jusante.engineering.project.standard import hold_against_standard
from jusante.management.contracts.writing import draft
from measure import Target

DRAFTS = 60
LINTER = "datacontract-cli==1.2.8"
TYPES = [
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "string",
    "uuid",
    "binary",
    "decimal(12,2)",
    "list<string>",
    "struct<a:int>",
    "map<string,long>",
]
CHECKS = (
    {"not_null": "c0"},
    {"unique": ["c0", "c1"]},
    {"unique": "c0"},
    {"positive": "c1"},
    {"range": {"column": "c1", "min": 0, "max": 5}},
    {"accepted_values": {"column": "c0", "values": ["a: b", "#", "'", 1, True]}},
    {"pattern": {"column": "c0", "matches": "[a-z]+: .*"}},
    {"row_count": {"min": 1, "max": 9}},
    {"freshness": {"within": "90m", "column": "c1"}},
    {"sql": "select * from {table} where \"c 1\" = 'x: y'", "severity": "warn", "name": "no: bad"},
    {"relationships": {"column": "c0", "to": "s.t0.c0"}},
)
SPOILERS = (
    ("kind: DataContract", "kind: Contract"),
    ("logicalType: object", "logicalType: table"),
    ("schema:", "schemas:"),
    ("version: 1.0.0", "version: 1"),
)
SCRIPT = """
import json, sys
from datacontract.data_contract import DataContract
print(json.dumps({file: DataContract(data_contract_file=file).lint().result.value for file in sys.argv[1:]}))
"""


def made_up(dice: random.Random) -> str:
    """A draft of a source that nobody has."""
    tables, live = {}, {}
    for number in range(dice.randint(1, 4)):
        names = [f"c{at}" for at in range(dice.randint(2, 8))]
        columns = {dice.choice(names): {"sensitive": "email", "about": "who: 'them'"}} if dice.random() < 0.5 else {}
        table = {
            "key": names[: dice.randint(0, 2)],
            "about": dice.choice([None, "What: it is # no comment", "- a list?"]),
            "checks": dice.sample(CHECKS, dice.randint(0, 5)),
            "columns": columns,
            "ingest": {"every": dice.choice([None, "15m", "1d"])},
            "tags": dice.choice([[], ["core", "yes"]]),
        }
        tables[f"t{number}"] = SourceTable.model_validate(table)
        kinds = [dice.choice(TYPES) for _ in names]
        shaped = (Column(name, kind, dice.random() < 0.5) for name, kind in zip(names, kinds, strict=True))
        live[f"t{number}"] = Schema(tuple(shaped))
    source = Source(source="s", kind="files", owner=dice.choice([None, "a@b.example"]), about="x: y", tables=tables)
    return draft(source, live)


def ours(text: str) -> bool:
    """Whether we find nothing wrong with a contract."""
    findings = Findings()
    document = parse(text, "s.odcs.yaml", findings)
    if document:
        hold_against_standard(document, findings)
    return not findings.problems


def main() -> None:
    measure.rounds(1)
    dice = random.Random(5)
    folder = measure.WORK / "drafts"
    texts = {f"draft-{number}": made_up(dice) for number in range(DRAFTS)}
    texts["shop"] = (measure.ROOT / "examples/shop/contracts/sales.odcs.yaml").read_text()
    spoiled = {
        f"spoiled-{at}": texts[f"draft-{at}"].replace(*SPOILERS[at % len(SPOILERS)], 1) for at in range(DRAFTS // 3)
    }
    files = {name: measure.written(folder / f"{name}.odcs.yaml", text) for name, text in (texts | spoiled).items()}
    scripts = measure.environment("datacontract", LINTER)
    command = [str(scripts / "python"), "-c", SCRIPT, *map(str, files.values())]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    verdicts = {Path(file).name.partition(".")[0]: said == "passed" for file, said in json.loads(done.stdout).items()}
    agreed = sum(verdicts[name] == ours(text) for name, text in (texts | spoiled).items())
    for name, text in (texts | spoiled).items():
        if verdicts[name] != ours(text) or verdicts[name] != (name in texts):
            measure.tell(f"{name}: the linter says {verdicts[name]}, jusante {ours(text)}")
    measure.publish(
        "contract_round_trip",
        f"{DRAFTS} drafts of made-up sources and the shop's contract; {len(spoiled)} of the drafts spoiled in one place.",
        measure.targets_table(
            [
                Target(
                    "contracts that the linter passes", len(texts), sum(verdicts[name] for name in texts), at_least=True
                ),
                Target(
                    "spoiled drafts that it finds", len(spoiled), sum(not verdicts[n] for n in spoiled), at_least=True
                ),
                Target("verdicts in which `jusante check` agrees with it", len(files), agreed, at_least=True),
            ]
        ),
        f"Versions: {measure.own_versions('open-data-contract-standard', 'jsonschema')}; {LINTER}.",
    )


if __name__ == "__main__":
    main()
