"""The proof against execution: on data that keep the declared keys and nothing else, a safe measure is never inflated, and
one that is called inflated can be made to be.

Each base table has a number for each row. A measure is inflated where, within a group, the rows that it adds up come more
than once: where two joined rows bear the same numbers of the tables that its columns come from.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, given, settings

from jusante.transformation.row_growth.query import analyse_growth
from jusante.transformation.row_growth.relation import Relation, table_of

COLUMNS = ("a", "b", "c", "m")
KEYS = [[], [("a",)], [("a", "b")], [("b",)], [("a",), ("b", "c")], [("a", "b", "c")]]
KINDS = ["join", "join", "left join", "left join", "right join", "full join", "cross join", ",", "semi join"]
ATTEMPTS = 400


@dataclass(frozen=True)
class Piece:
    """A source: a table, or a subquery over one (grouped, numbered, joined), and how it joins what stands before."""

    alias: str
    text: str
    rows: tuple[str, ...]
    kind: str
    on: str


@dataclass(frozen=True)
class Question:
    keys: tuple[int, ...]
    pieces: tuple[Piece, ...]
    where: str
    of: tuple[str, ...]
    group: str

    @property
    def body(self) -> str:
        text = f"{self.pieces[0].text} as {self.pieces[0].alias}"
        for piece in self.pieces[1:]:
            on = f" on {piece.on}" if piece.on else ""
            text += f"{'' if piece.kind == ',' else ' '}{piece.kind} {piece.text} as {piece.alias}{on}"
        return f"{text} where {self.where}" if self.where else text

    @property
    def sql(self) -> str:
        group = f"{self.group}, " if self.group else ""
        value = " * ".join(f"{alias}.m" for alias in self.of)
        return f"select {group}sum({value}) as s from {self.body}" + (f" group by {self.group}" if self.group else "")

    @property
    def repeats(self) -> str:
        """How many rows of the measure come more than once in a group."""
        rows = [f"{alias}.r" for alias in self.of]
        there = " and ".join(f"{row} is not null" for row in rows)
        by = ", ".join([*rows, *([self.group] if self.group else [])])
        where = f"{'and' if self.where else 'where'} {there}"
        return f"select count(*) from (select count(*) as n from {self.body} {where} group by {by}) where n > 1"


@st.composite
def subqueries(draw: st.DrawFn, table: str) -> tuple[str, bool]:
    """A table, or something made of it; whether its column m can be told apart by row."""
    shape = draw(
        st.sampled_from(["table"] * 5 + ["grouped", "distinct", "first", "numbered", "joined", "one", "twice"])
    )
    match shape:
        case "grouped":
            by = draw(st.sampled_from(["a", "a, b", "b, c"]))
            rest = [f"null::integer as {c}" for c in "abc" if c not in by]
            return f"(select {by}, {', '.join([*rest, 'sum(m) as m', 'min(r) as r'])} from {table} group by {by})", True
        case "distinct":
            return f"(select distinct a, b, c, null::integer as m, null::integer as r from {table})", False
        case "first":
            within = draw(st.sampled_from(["a", "b", "a, c"]))
            return f"(select * from {table} qualify row_number() over (partition by {within} order by r) = 1)", True
        case "numbered":
            within = draw(st.sampled_from(["a", "b"]))
            inner = f"select *, row_number() over (partition by {within} order by r) as n from {table}"
            return f"(select * exclude (n) from ({inner}) where n = 1)", True
        case "joined":
            kind = draw(st.sampled_from(["join", "left join"]))
            column, other = draw(st.sampled_from("abc")), draw(st.sampled_from("abc"))
            on = f"p.{column} = q.{other}"
            return f"(select p.a, q.b, p.c, p.m, p.r from {table} as p {kind} s.t3 as q on {on})", True
        case "one":
            return f"(select max(a) as a, max(b) as b, max(c) as c, sum(m) as m, 1 as r from {table})", True
        case "twice":
            return f"(select * from {table} union all select * from {table})", False
    return table, True


@st.composite
def conditions(draw: st.DrawFn, alias: str, before: tuple[str, ...]) -> str:
    """What a join compares: mostly equal columns, sometimes not."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        other, mine, theirs = draw(st.sampled_from(before)), draw(st.sampled_from("abc")), draw(st.sampled_from("abc"))
        found.append(
            draw(
                st.sampled_from(
                    [
                        *[f"{alias}.{mine} = {other}.{theirs}"] * 6,
                        *[f"{alias}.{mine} = {other}.{mine}"] * 4,
                        f"{alias}.{mine} = 1",
                        f"{other}.{mine} = 1",
                        f"{alias}.{mine} = {other}.{theirs} + 1",
                        f"{alias}.{mine} = coalesce({other}.{theirs}, 0)",
                        f"{alias}.{mine} < {other}.{theirs}",
                        f"({alias}.{mine} = {other}.{theirs} or {alias}.a = 2)",
                        f"{alias}.{mine} is not distinct from {other}.{theirs}",
                    ]
                )
            )
        )
    return " and ".join(found)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    keys = tuple(draw(st.lists(st.integers(0, len(KEYS) - 1), min_size=4, max_size=4)))
    pieces: list[Piece] = []
    seen: list[str] = []
    measurable: list[str] = []
    count = draw(st.integers(2, 4))
    for number in range(count):
        alias = f"x{number}"
        text, whole = draw(subqueries(f"s.t{draw(st.integers(0, 2))}"))
        kind = draw(st.sampled_from(KINDS)) if number else ""
        kind = "cross join" if kind == "," and number < count - 1 else kind  # a comma binds more loosely than a join
        on = draw(conditions(alias, tuple(seen))) if number and kind not in {"cross join", ","} else ""
        pieces.append(Piece(alias, text, (), kind, on))
        if kind != "semi join":
            seen.append(alias)
            measurable += [alias] if whole else []
    assume(measurable)
    of = tuple(draw(st.lists(st.sampled_from(measurable), min_size=1, max_size=2, unique=True)))
    where = draw(st.sampled_from(["", "", *filters(seen)]))
    group = draw(st.sampled_from(["", "", *(f"{alias}.{column}" for alias in seen for column in "ab")]))
    return Question(keys, tuple(pieces), where, of, group)


def filters(aliases: list[str]) -> Iterable[str]:
    for alias in aliases:
        yield f"{alias}.a = 1"
        yield f"{alias}.b is not null"
        yield f"{alias}.a is null"
        for other in aliases:
            if other != alias:
                yield f"{alias}.a = {other}.b"
                yield f"{alias}.a = {other}.a and {alias}.b = {other}.b"


def table(name: str, keys: Iterable[tuple[str, ...]]) -> Relation:
    return table_of(name, dict.fromkeys((*COLUMNS, "r"), "int"), keys, filled={c for key in keys for c in key})


def filled(connection: duckdb.DuckDBPyConnection, question: Question, seed: int) -> None:
    """Tables whose rows keep their keys and have nothing else in common; keys are filled, other columns may be null."""
    chance = random.Random(seed)
    for number, chosen in enumerate(question.keys):
        keys = KEYS[chosen]
        never_null = {column for key in keys for column in key}
        span = chance.choice([1, 2, 3, 4])
        empty = chance.choice([0, 0, 0.2, 0.5])
        rows: list[tuple[int | None, ...]] = []
        taken: set[tuple[object, ...]] = set()
        for _ in range(chance.choice([1, 2, 4, 8])):
            row = {
                c: None if c not in never_null and chance.random() < empty else chance.randint(0, span) for c in "abc"
            }
            marks = {(key, *(row[column] for column in key)) for key in keys}
            if not marks & taken:
                taken |= marks
                rows.append((*row.values(), chance.randint(1, 9), number * 100 + len(rows)))
        connection.execute(
            f"create or replace table s.t{number} (a integer, b integer, c integer, m integer, r integer)"
        )
        if rows:
            values = ", ".join(str(row).replace("None", "null") for row in rows)
            connection.execute(f"insert into s.t{number} values {values}")


def verdict(question: Question) -> bool:
    """Whether the measure is called inflated."""
    tables = {f"s.t{n}": table(f"s.t{n}", KEYS[k]) for n, k in enumerate(question.keys)}
    found = analyse_growth(question.sql, tables.__getitem__)
    assert not found.untold, found.untold
    return bool(found.inflated)


def inflates(connection: duckdb.DuckDBPyConnection, question: Question, seeds: Iterable[int]) -> bool:
    for seed in seeds:
        filled(connection, question, seed)
        if connection.execute(question.repeats).fetchall()[0][0]:
            return True
    return False


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(questions(), st.integers(0, 2**30))
def test_what_is_called_safe_is_never_inflated(question: Question, seed: int) -> None:
    if verdict(question):
        return
    with duckdb.connect() as connection:
        connection.execute("create schema s")
        assert not inflates(connection, question, range(seed, seed + 8)), question.sql


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(KEYS) - 1), st.integers(0, len(KEYS) - 1), st.sampled_from(["join", "left join"]), st.data())
def test_what_is_called_inflated_can_be(left: int, right: int, kind: str, data: st.DataObject) -> None:
    columns = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    on = " and ".join(f"x1.{column} = x0.{column}" for column in columns)
    pieces = (Piece("x0", "s.t0", (), "", ""), Piece("x1", "s.t1", (), kind, on))
    question = Question((left, right, 0, 0), pieces, "", ("x0",), "")
    covered = any(set(key) <= set(columns) for key in KEYS[right])
    assert verdict(question) == (not covered)
    if not covered:
        with duckdb.connect() as connection:
            connection.execute("create schema s")
            assert inflates(connection, question, range(ATTEMPTS)), question.sql
