"""Costs carried along a graph: nothing is lost, nothing is counted twice; storage and prices by the day."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from jusante.architecture.cost.rates import SMALLEST, charges, cost
from jusante.architecture.cost.resting import byte_seconds
from jusante.architecture.cost.sharing import Weights, carried, counted, split
from jusante.core.cost import Metered, Rates, Stored, Usage

AMOUNT = st.integers(0, 10**15).map(lambda nano: nano * SMALLEST)
DAY = dt.date(2026, 5, 4)
NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], dict[str, Decimal], dict[str, Weights]]:
    """Assets in an order, what each costs, and who reads each how often: later assets, and people."""
    names = [f"a{number}" for number in range(draw(st.integers(1, 12)))]
    own = {name: draw(AMOUNT) for name in names} | {"person:p": draw(AMOUNT)}
    readers: dict[str, Weights] = {}
    for number, name in enumerate(names):
        possible = [*names[number + 1 :], "person:p", "person:q"]
        chosen = draw(st.lists(st.sampled_from(possible), unique=True, max_size=4))
        readers[name] = {reader: draw(st.none() | st.integers(0, 1000)) for reader in chosen}
    return names, own, readers


@given(graphs())
def test_what_is_kept_at_the_ends_is_all_that_was_spent(
    given_: tuple[list[str], dict[str, Decimal], dict[str, Weights]],
) -> None:
    names, own, readers = given_
    flow = carried([*names, "person:p"], own, readers)
    assert sum(flow.kept.values()) == sum(own.values())
    for name in names:
        came = sum(part for (_, to), part in flow.handed.items() if to == name)
        went = sum(part for (start, _), part in flow.handed.items() if start == name)
        assert flow.full[name] == own[name] + came == went + flow.kept.get(name, Decimal(0))


@given(AMOUNT, st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_parts_add_up_to_the_whole_and_are_in_proportion(amount: Decimal, reads: list[int]) -> None:
    weights = counted(list(reads))
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) <= SMALLEST


def test_a_reader_that_nobody_counts_bears_as_much_as_the_mean_of_the_others() -> None:
    assert counted([30, 10, None]) == [30, 10, 20]
    assert counted([None, None]) == [1, 1]
    assert counted([0, 0]) == [1, 1]
    assert counted([0, 5]) == [0, 5]


@given(
    st.lists(st.tuples(st.integers(-200_000, 400_000), st.integers(0, 10**9)), max_size=12),
    st.integers(1, 300_000),
)
def test_byte_seconds_of_days_add_up_to_those_of_the_whole_time(changes: list[tuple[int, int]], length: int) -> None:
    samples = [Stored("t", NOON + dt.timedelta(seconds=second), size, 1) for second, size in sorted(changes)]
    since, until = NOON, NOON + dt.timedelta(seconds=length)
    found = sum(weight for _, _, weight in byte_seconds(samples, since, until))
    told = 0
    for second in sorted({0, length, *(s for s, _ in changes if 0 < s < length)})[:-1]:
        following = min(s for s in (length, *(s for s, _ in changes if s > second)) if s > second)
        standing = [sample.bytes for sample in samples if sample.at <= since + dt.timedelta(seconds=second)]
        told += (standing[-1] if standing else 0) * (following - second)
    assert found == told


def test_a_month_of_a_gigabyte_an_hour_of_a_core_and_a_million_requests_cost_what_the_card_says() -> None:
    rates = Rates()
    assert cost(Usage(cpu_us=3_600_000_000), rates) == Decimal("0.04048")
    assert cost(Usage(requests=1_000_000), rates) == Decimal("0.40")
    assert cost(Usage(bytes_out=10**9), rates) == Decimal("0.09")
    assert cost(Usage(bytes_scanned=10**12), rates) == 0
    assert cost(
        Usage(bytes_scanned=10**12), Rates(tb_scanned=Decimal(5), currency="EUR", usd=Decimal("1.1"))
    ) == Decimal("5.5")


@given(st.lists(st.integers(0, 10**12), max_size=20))
def test_charges_are_what_the_usage_of_each_day_is_worth(times: list[int]) -> None:
    metered = [Metered(DAY, "task", "a.b", "me", (), 1, 1, 0, Usage(cpu_us=time)) for time in times]
    found = list(charges(metered, Rates()))
    assert sum(charge.usd for charge in found) == sum(cost(each.usage, Rates()) for each in metered)
