"""Projects with marked values in their personal columns: any number of models with expressions of every sort, from a seed.

What must be known of a column is not worked out here: it is read off what the models make of the marks.
"""

import random
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from projects import write

PEOPLE = 12
MARKS: Mapping[str, list[str]] = {
    "mail": [f"qzx{n}wv@weser.example" for n in range(PEOPLE)],
    "phone": [f"+4942155{n:02d}7731" for n in range(PEOPLE)],
    "born": [f"19{31 + n}-07-23" for n in range(PEOPLE)],
    "pay": [str(83_471_016 + 977 * n * n) for n in range(PEOPLE)],
    "badge": [f"bdg-xkj-{n:03d}" for n in range(PEOPLE)],
    "ssn": [f"ssn-jkq-{n:03d}" for n in range(PEOPLE)],
}
"""By column the values of each person. `badge` is hashed as it is read; `ssn` has no purpose and may not be read at all."""
PURPOSES = {"mail": "support", "phone": "support", "born": "research", "pay": "payroll", "badge": "support"}
GUESTS = [f"gqw{n}yk@weser.example" for n in range(PEOPLE)]
MARKED: Mapping[str, list[str]] = {
    **{f"crm.people.{column}": [mark.partition("@")[0] for mark in marks] for column, marks in MARKS.items()},
    "lists.guests.mail": [mark.partition("@")[0] for mark in GUESTS],
}
"""By source column, what tells that a value of it is there."""
SOURCES = {
    "jusante.yaml": "name: planted\nenvironments: {dev: {parallel: 2}}\n",
    "sources/crm.yaml": (
        "source: crm\nkind: sqlite\nconnection: crm.db\nowner: crm@b.example\ntables:\n  people:\n    key: [k]\n    columns:\n"
        "      mail: {sensitive: email, purpose: [support]}\n      phone: {sensitive: phone, purpose: [support]}\n"
        "      born: {type: date, sensitive: birth_date, purpose: [research]}\n"
        "      pay: {sensitive: pay, purpose: [payroll]}\n      ssn: {sensitive: ssn}\n"
        "      badge: {sensitive: badge, purpose: [support], mask: hash}\n"
        "  places: {key: [k], columns: {town: {tags: [geography]}}}\n"
    ),
    "sources/lists.yaml": (
        "source: lists\nkind: files\nowner: lists@b.example\ntables:\n  guests:\n    path: guests.csv\n    key: [k]\n"
        "    bad_rows: quarantine\n    columns:\n      k: {type: long}\n      mail: {sensitive: email, purpose: [support]}\n"
        "      age: {type: int}\n"
    ),
}
POOLS: Mapping[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "planted_expressions.yaml").read_text(encoding="utf-8")
)
SORTS = {
    "text": [*["text to text"] * 6, "text to number"],
    "number": ["number to number"],
    "date": ["date to date", "date to text"],
}
"""By type of a column, from which of the pools an expression over it is taken."""


@dataclass
class Planted:
    """A project as text: its files, and of each table the columns with their types."""

    files: dict[str, str] = field(default_factory=lambda: dict(SOURCES))
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    """The SQL models, each after those it reads."""
    reads: dict[str, str] = field(default_factory=dict)
    """The table that each model reads."""

    def is_below_python(self, table: str) -> bool:
        """Whether a table is made of what a Python model hands on, of which all is said to come from all."""
        while table in self.reads:
            if table not in self.queries:
                return True
            table = self.reads[table]
        return False


def planted(count: int, seed: int) -> Planted:
    """A project of so many models, with dashboards, steps and exposures on some of them."""
    chance = random.Random(seed)
    made = Planted()
    made.tables["crm.people"] = {"k": "number", "mail": "text", "phone": "text", "born": "date", "pay": "number"}
    made.tables["crm.people"] |= {"badge": "text"}
    made.tables["crm.places"] = {"k": "number", "town": "text", "size": "number"}
    made.tables["lists.guests"] = {"k": "number", "mail": "text", "age": "number"}
    for number in range(count):
        _model(made, chance, number)
    for number in range(max(count // 10, 2)):
        _places(made, chance, number)
    return made


def _model(made: Planted, chance: random.Random, number: int) -> None:
    name = f"m{chance.randrange(4)}.t{number}"
    table = chance.choice([*list(made.tables)[-12:], *["crm.people"] * 6])
    made.reads[name] = table
    file = f"models/{name.replace('.', '/')}"
    if number % 20 == 19:
        made.tables[name] = dict(made.tables[table])
        made.files[f"{file}.py"] = (
            f"from jusante import model\n\n\n@model()\ndef t{number}(rows='{table}'):\n    return rows\n"
        )
        return
    columns = _summed(made, chance, table) if chance.random() < 0.2 else _plain(made, chance, table)
    shown = ", ".join(f"{expression} as {name}" for name, (expression, _) in columns.items())
    more = (
        " group by i.k % 4" if columns["k"][0] == "min(i.k)" else chance.choice(["", "", " where k > 0", " order by k"])
    )
    sql = chance.choice(
        [
            f"select {shown} from {table} as i{more}",
            f"with w as (select * from {table}) select {shown} from w as i{more}",
            f"select {shown} from (select * from {table} where k >= 0) as i{more}",
            f"select * from (select {shown} from {table} as i{more}) as o",
        ]
    )
    if chance.random() < 0.1:
        sql = f"select * from ({sql}) as a union all select * from ({sql}) as b"
    made.tables[name] = {name: kind for name, (_, kind) in columns.items()}
    made.queries[name] = sql
    made.files[f"{file}.sql"] = _header(chance, columns) + sql


def _header(chance: random.Random, columns: Mapping[str, tuple[str, str]]) -> str:
    """Sometimes a view; sometimes checks that fail, and show or set aside the rows that fail them."""
    text = next((name for name, (_, kind) in columns.items() if kind == "text"), None)
    sort = chance.random()
    if sort < 0.25:
        return "/* jusante\nkind: view\n*/\n"
    if sort < 0.4:
        return "/* jusante\nchecks:\n  - range: {column: k, max: 8}\n    quarantine: true\n*/\n"
    if sort < 0.6 and text:
        told = f"  - pattern: {{column: {text}, matches: 'never'}}\n    severity: warn\n"
        query = f"  - sql: select {text} as other from {{table}}\n    severity: warn\n"
        return f"/* jusante\nchecks:\n{told}{query}*/\n"
    return ""


def _plain(made: Planted, chance: random.Random, table: str) -> dict[str, tuple[str, str]]:
    """Rows as they are, with new columns made of the old."""
    found = {"k": ("k", "number")}
    there = {name: kind for name, kind in made.tables[table].items() if name != "k"}
    texts = [name for name, kind in there.items() if kind != "number"]
    for number in range(chance.randint(3, 7)):
        column = chance.choice([*there, *texts, *texts, "k"])
        kind = there.get(column, "number")
        pool = chance.choice(SORTS[kind])
        other = chance.choice([name for name, each in there.items() if each == kind] or [column])
        found[f"c{number}"] = (
            chance.choice(POOLS[pool]).format(c=column, d=other, t=table),
            pool.rpartition(" ")[2],
        )
    return found


def _summed(made: Planted, chance: random.Random, table: str) -> dict[str, tuple[str, str]]:
    found = {"k": ("min(i.k)", "number")}
    for number, (column, kind) in enumerate(made.tables[table].items()):
        if column != "k":
            found[f"c{number}"] = (chance.choice(POOLS[f"{kind} summed"]).format(c=column), kind)
    return found


def _places(made: Planted, chance: random.Random, number: int) -> None:
    """A dashboard, a step and an exposure, each on one table, some of them for a purpose."""
    for kind in ("dashboard", "step", "exposure"):
        table = chance.choice(list(made.tables))
        columns = chance.sample(list(made.tables[table]), 2)
        chosen = chance.choice(["", "", "support", "research", "payroll"])
        purpose = f"purpose: [{chosen}]\n" if chosen else ""
        if kind == "dashboard":
            chart = f'{{chart: table, title: Rows, sql: "select {", ".join(columns)} from {table} order by all"}}'
            made.files[f"dashboards/d{number}.yaml"] = (
                f"dashboard: d{number}\ntitle: D\n{purpose}rows:\n  - - {chart}\n"
            )
        elif kind == "step":
            comment = f"# jusante\n#   inputs: {{rows: {table}}}\n#   outputs: [out/s{number}.csv]\n"
            comment += f"#   {purpose}" if chosen else ""
            made.files[f"steps/s{number}.sh"] = f'{comment}\ncat "$INPUT_ROWS"\ncp "$INPUT_ROWS" out/s{number}.csv\n'
        else:
            reads = f"reads: {{{table}: [{', '.join(columns)}]}}\n"
            made.files[f"exposures/e{number}.yaml"] = f"kind: sync\nowner: o@b.example\n{purpose}{reads}"


_CHECKED = "/* jusante\nchecks:\n  - {check}\n*/\n{sql}"
_FOR_ALL = "# jusante\n#   inputs: {people: crm.people}\n#   purpose: [support, research, payroll]\n"
UNRULY = {
    "models/bad/cast.sql": "select k, cast(mail as int) as n from crm.people",
    "models/bad/filter.sql": "select k from crm.people where cast(phone as date) > date '2000-01-01'",
    "models/bad/told.sql": "select error('no: ' || mail) as n from crm.people",
    "models/bad/values.sql": _CHECKED.format(
        check="accepted_values: {column: m, values: [x]}", sql="select k, mail as m from crm.people"
    ),
    "models/bad/sql.sql": _CHECKED.format(
        check="sql: select p.mail as o from crm.people as p join {table} using (k)", sql="select k from crm.people"
    ),
    "models/bad/grain.sql": (
        "/* jusante\ngrain: [m]\n*/\nselect mail as m from crm.people union all select mail from crm.people"
    ),
    "models/bad/view.sql": _CHECKED.format(check="positive: p\nkind: view", sql="select -pay as p from crm.people"),
    "models/bad/raises.py": (
        "from jusante import model\n\n\n@model()\n"
        "def raises(people='crm.people'):\n    raise ValueError(people['mail'][3])\n"
    ),
    "steps/fails.sh": f'{_FOR_ALL}\ncat "$INPUT_PEOPLE"\nexit 3\n',
    "steps/speaks.sh": f'{_FOR_ALL}\ncat "$INPUT_PEOPLE"\n',
    "dashboards/errs.yaml": (
        "dashboard: errs\ntitle: E\nrows:\n"
        '  - - {chart: table, title: R, sql: "select count(*) as n from crm.people where cast(mail as int) > 1"}\n'
    ),
}
"""What fails, and would quote the value it fails at."""


def fill(folder: Path, made: Planted) -> None:
    """Write the project and its sources."""
    write(folder, made.files)
    connection = sqlite3.connect(folder / "crm.db")
    with connection:
        connection.execute(
            "create table people (k integer primary key, mail text, phone text, born text, pay integer, badge text, ssn text)"
        )
        rows = list(zip(range(PEOPLE), *MARKS.values(), strict=True))
        connection.executemany("insert into people values (?, ?, ?, ?, cast(? as integer), ?, ?)", rows)
        connection.execute("create table places (k integer primary key, town text, size integer)")
        towns = [(n, f"town {n}", 1000 + n) for n in range(PEOPLE)]
        connection.executemany("insert into places values (?, ?, ?)", towns)
    connection.close()
    lines = [f"{n},{GUESTS[n]},{'old' if n == 5 else 20 + n}" for n in range(PEOPLE)]
    (folder / "guests.csv").write_text("k,mail,age\n" + "\n".join(lines) + "\n", encoding="utf-8")


def marks_in(text: str) -> set[str]:
    """The source columns of which a value stands in a text."""
    small = text.lower()
    return {column for column, marks in MARKED.items() if any(mark.lower() in small for mark in marks)}
