"""Keys of hooks: those that prove nothing are told before anybody calls."""

from pathlib import Path

import pytest

from jusante.engineering.project import read_problems
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse
from projects import write

HOOKS = {
    "{token: '${env:SHORT}'}": ("J243", "can be guessed"),
    "{secret: '${env:SHORT}'}": ("J243", "can be guessed"),
    "{secret: '${env:WORDS}'}": ("J243", "not base64"),
    "{token: '${env:WORDS}'}": None,
    "{secret: '${env:SIGNING}'}": None,
    "{token: '${env:NOT_SET_HERE}'}": ("J105", "NOT_SET_HERE is not set"),
}


@pytest.mark.parametrize(("hook", "told"), HOOKS.items(), ids=HOOKS.keys())
def test_a_hook_whose_key_proves_nothing_is_told_without_the_key(
    tmp_path: Path, hook: str, told: tuple[str, str] | None
) -> None:
    keys = {"SHORT": "hunter2", "WORDS": "a token of some length!", "SIGNING": "whsec_c29tZSBieXRlcyB0byBzaWduIHdpdGg="}
    file = f"name: t\nenvironments:\n  dev:\n    hooks:\n      paid: {hook}\n"
    _, problems = read_problems(
        write(tmp_path, {"jusante.yaml": file}), None, kinds=Connectors(), analyse=analyse, variables=keys
    )

    assert [(problem.code, problem.where) for problem in problems] == ([(told[0], "jusante.yaml:5")] if told else [])
    assert not told or told[1] in problems[0].what
    assert not any(key in str(problems) for key in keys.values())
