"""Personal data are found by name, form and check digits, decided for a column as a whole."""

import pytest

from jusante.security.sensitive import Likely, likely
from security.made_up_columns import Sample, samples

SEEDS = range(5)
MOST_MISSED = 2


def judged(sample: Sample) -> Likely | None:
    return likely(sample.column, sample.type, sample.values, sample.table)


@pytest.mark.parametrize("seed", SEEDS)
def test_of_seventy_columns_of_personal_data_two_are_missed_at_the_most(seed: int) -> None:
    personal = [sample for sample in samples(seed) if sample.kind]
    assert len(personal) == 70
    missed = [sample.id for sample in personal if (found := judged(sample)) is None or found.kind != sample.kind]
    assert len(missed) <= MOST_MISSED, missed


@pytest.mark.parametrize("seed", SEEDS)
def test_of_a_hundred_and_thirty_other_columns_none_is_taken_for_personal_data(seed: int) -> None:
    ordinary = [sample for sample in samples(seed) if not sample.kind]
    assert len(ordinary) == 130
    assert [f"{sample.id}: {found.kind}" for sample in ordinary if (found := judged(sample))] == []
