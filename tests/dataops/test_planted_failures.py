"""Failures planted in the shop: the true cause comes first, and there is one incident for each."""

import pytest

from planted import found, plants

ALL = list(plants())


def is_right(title: str) -> bool:
    plant = next(plant for plant in ALL if plant.title == title)
    cases = found(plant)
    return {(c.cause.asset, c.suspects[0].kind, c.suspects[0].subject) for c in cases if c.suspects} == plant.causes


@pytest.mark.parametrize("plant", ALL, ids=[plant.title for plant in ALL])
def test_there_is_one_incident_for_each_cause(plant) -> None:
    cases = found(plant)
    assert len(cases) == len(plant.causes), [(case.key, case.assets) for case in cases]
    failing = [name for case in cases for name in case.assets]
    assert len(failing) == len(set(failing))
    assert set(failing) <= set(plant.fails)


def test_the_true_cause_comes_first_in_ninety_five_of_a_hundred() -> None:
    wrong = [plant.title for plant in ALL if not is_right(plant.title)]
    assert len(ALL) >= 50
    assert len(wrong) <= 0.05 * len(ALL), wrong
