"""By how much a join inflates: counted on published data, on a sample of both sides by the same hash of the key.

Samples of two sides drawn independently hardly ever hold the same key. A sample by the key's hash holds for each key all
rows of both sides or none, so that the ratio in it is that of the whole, but for which keys there are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jusante.core.names import quote, quote_table
from jusante.transformation.row_growth.relation import Blame

BUCKETS = 20
WHOLE_ROWS = 1_000_000
"""Up to so many rows on the larger side nothing is sampled."""
SHARES = (1, 10, 100)
"""Percent of the keys: the next greater share where the one before held too few."""
LEAST_KEYS = 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """How many times a row of the repeated side comes, how many times too much each measure is, and how far off that may be.

    `error` is relative, one standard error, 0 where nothing was sampled. `percent` of the keys were looked at.
    """

    times: float
    measures: tuple[float | None, ...]
    error: float
    percent: int
    keys: int

    def told(self, measures: Sequence[str] = ()) -> str:
        """In words: `each matching row comes 3.00 times on average; SUM(o.total) is 3.41 times what it should be`."""
        off = f" ± {self.error:.1%}" if self.error >= 0.0005 else ""
        of = "" if self.percent == 100 else f", in a {self.percent} % sample by key"
        known = zip(measures, self.measures, strict=False)
        sums = [f"{name} is {times:.2f} times what it should be" for name, times in known if times is not None]
        return "; ".join([f"each matching row comes {self.times:.2f} times on average{off}{of}", *sums])


def can_size(blame: Blame) -> bool:
    """Whether the join is between two tables or views, on equal columns."""
    return bool(blame.on and blame.repeated_table and blame.by_table)


def sizing_sql(blame: Blame, values: Sequence[str], percent: int, *, same_types: bool) -> str:
    """A query that gives for each of some buckets of keys: keys, rows, rows once joined, and each value's sum before and after.

    `values` are expressions over the repeated side alone, under its alias.
    """
    ours = [f"{quote(blame.repeated_alias)}.{quote(mine)}" for mine, _ in blame.on]
    theirs = [f"by_side.{quote(other)}" for _, other in blame.on]
    keep = "left join" if blame.kind in {"left join", "full join"} else "join"
    number = "coalesce(counted.n, 1)" if keep == "left join" else "counted.n"
    sums = "".join(f", sum({value}) as v{i}, sum(({value}) * {number}) as w{i}" for i, value in enumerate(values))
    names = [f"k{i}" for i in range(len(blame.on))]
    where_ours = _sampled(ours, percent, same_types=same_types)
    where_theirs = _sampled(theirs, percent, same_types=same_types)
    return (
        f"with counted as (select {', '.join(f'{t} as {n}' for t, n in zip(theirs, names, strict=True))}, count(*) as n "
        f"from {quote_table(blame.by_table or '')} as by_side where {where_theirs} group by all) "
        f"select {_hash(ours, same_types=same_types)} // 100 % {BUCKETS} as bucket, "
        f"count(distinct ({', '.join(ours)})) as keys, count(*) as r, sum({number}) as j{sums} "
        f"from {quote_table(blame.repeated_table or '')} as {quote(blame.repeated_alias)} {keep} counted on "
        f"{' and '.join(f'{o} = counted.{n}' for o, n in zip(ours, names, strict=True))} where {where_ours} group by bucket"
    )


def _hash(columns: Sequence[str], *, same_types: bool) -> str:
    texts = columns if same_types else [f"cast({each} as varchar)" for each in columns]
    return f"hash({', '.join(texts)})"


def _sampled(columns: Sequence[str], percent: int, *, same_types: bool) -> str:
    return "true" if percent >= 100 else f"{_hash(columns, same_types=same_types)} % 100 < {percent}"


def size_of(rows: Sequence[tuple[float | None, ...]], percent: int) -> Size | None:
    """The size from the buckets' sums: bucket, keys, rows, joined rows, then a pair for each value. None: nothing matches."""
    keys, before, after = (sum(float(row[i] or 0) for row in rows) for i in (1, 2, 3))
    if not before:
        return None
    measures: list[float | None] = []
    for i in range(4, len(rows[0]), 2):
        once, repeated = (sum(float(row[n] or 0) for row in rows) for n in (i, i + 1))
        measures.append(repeated / once if once else None)
    error = 0.0 if percent >= 100 else _jackknife([(float(r[2] or 0), float(r[3] or 0)) for r in rows])
    return Size(after / before, tuple(measures), error, percent, int(keys))


def _jackknife(buckets: Sequence[tuple[float, float]]) -> float:
    """The relative standard error of a ratio, from leaving out one bucket at a time."""
    count = len(buckets)
    before, after = (sum(bucket[i] for bucket in buckets) for i in (0, 1))
    ratios = [(after - a) / (before - b) for b, a in buckets if before - b]
    if count < 2 or not after or len(ratios) < 2:
        return 1.0
    mean = sum(ratios) / len(ratios)
    return math.sqrt((count - 1) / count * sum((ratio - mean) ** 2 for ratio in ratios)) / (after / before)
