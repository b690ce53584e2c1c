"""The rules that guards watch over: what each is called, why it matters, and what to do instead."""

from collections.abc import Mapping
from dataclasses import dataclass

from jusante.core.guard import GuardCode, Policy


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `policy` is what happens by default where a project says nothing else."""

    code: GuardCode
    title: str
    why: str
    instead: str
    policy: Policy = "warn"


_RULES = (
    Rule(
        "J160",
        "a join inflates what is added up",
        "A join repeats each row of one side for every row of the other that matches it. A sum, a count or an average over "
        "the repeated side then takes the same value several times. The keys that are declared and tested say that this "
        "join repeats rows: its condition covers none of the other side's keys.",
        "Aggregate the other side first, keep one row of it, or filter by it (exists). If another key of it holds, declare "
        "it as a `unique` check: it is tested, and then counts as proof.",
        "refuse",
    ),
    Rule(
        "J161",
        "nothing proves that a join does not inflate what is added up",
        "No key is known of the other side, so nothing says that each row meets one row of it at the most.",
        "Declare its `key` (a source's table), its `grain` (a model) or a `unique` check. Each is tested whenever the table "
        "is published.",
    ),
    Rule(
        "J162",
        "a join gives more rows than the grain says",
        "The grain names a key of one side, and the join repeats the rows of that side. The check of the grain will fail as "
        "soon as one of its rows meets two.",
        "Add the other side's key to the grain, or see to it that each row meets one row at the most.",
    ),
    Rule(
        "J163",
        "a join without a condition",
        "Each row meets each row: a thousand times a thousand rows are a million.",
        "Write the condition. If all pairs are meant, write `cross join`, and the keys of both sides as the `grain`.",
    ),
    Rule(
        "J164",
        "a filter that files cannot be skipped by",
        "The smallest and the largest value of a column in each file are known, and files that cannot match are not read. A "
        "filter on a function or a cast of the column has to read all of them.",
        "Compare the column itself: `ordered_at >= date '2026-01-01' and ordered_at < date '2026-02-01'`.",
    ),
    Rule(
        "J165",
        "all columns of what somebody else owns",
        "`select *` takes whatever columns there are. When the owner adds one, drops one or moves one, this table changes "
        "its shape without anybody here having decided so, personal data included.",
        "Name the columns that are needed.",
    ),
    Rule(
        "J166",
        "a result that differs each time",
        "What a model gives should depend on what it reads and nothing else: only then can a run be replayed, and two "
        "environments be compared. Random values, identifiers made up on the spot and the clock differ each time.",
        "Derive it from the data: a hash of the key in place of an identifier, the time of a row in place of the clock.",
    ),
    Rule(
        "J167",
        "a full read of a source that falls into its quiet hours",
        "The table is read as a whole so often that a reading is due in the hours in which its owner wants to be left alone. "
        "It is held then, and the table is late every day.",
        "Load it incrementally by a cursor, or less often.",
    ),
    Rule(
        "J168",
        "NOT IN with values that may be null",
        "If one of the values is null, `x not in (…)` is never true, and the query gives no rows.",
        "Write `not exists (…)`, or filter with `is not null` inside.",
    ),
    Rule(
        "J169",
        "columns of different types are compared",
        "Text and number are converted for each row: '1' and '01' are then the same, a key is none any more, and a text that "
        "is no number stops the query.",
        "Give both the same type where they come in: `columns: {sku: {type: string}}`.",
    ),
    Rule(
        "J170",
        "a left join that a filter undoes",
        "The filter is never true where the left join found nothing, so that those rows are lost all the same.",
        "Move the condition into the join's ON, or write `join` if that is what is meant.",
    ),
    Rule(
        "J171",
        "some rows, nobody knows which",
        "LIMIT without ORDER BY gives other rows each time.",
        "Add an ORDER BY that decides, by a key at its end.",
    ),
    Rule(
        "J172",
        "an average of averages",
        "Groups of different sizes count alike: the result is not the average of the rows.",
        "Keep sum and count, and divide at the end.",
    ),
    Rule(
        "J173",
        "what is missing is counted as one",
        "A left join keeps a row that has found nothing, and `count(*)` counts it: none becomes one.",
        "Count a column of the other side: `count(o.order_id)`.",
    ),
    Rule(
        "J174",
        "a join weights what is averaged",
        "A join repeats each row of one side for every row of the other that matches it. An average over the repeated side "
        "then counts a row the more, the more rows it has met.",
        "Average before the join. If the average is meant to be weighted, allow it and say so.",
    ),
    Rule(
        "J175",
        "what another model repeats is added up",
        "A model that this one reads has joined a table to a finer one, so that its values stand in several rows, and does not "
        "say what one row of it is. A sum over such a column takes the same value several times.",
        "Declare the `grain` of that model, which says that its rows are meant so; or add up from where the value stands once.",
    ),
)
RULES: Mapping[str, Rule] = {rule.code: rule for rule in _RULES}
