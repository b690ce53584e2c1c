"""A key is put into a YAML file, and all the rest stays, to the last space."""

import pytest
import yaml

from jusante.engineering.project.edits import with_key
from jusante.errors import UsageError

PATH = ("tables", "t", "columns", "email")
RULE = "{sensitive: email}"
CASES = {
    "a block of columns": (
        "tables:\n  t:\n    key: [id]   # why\n    columns:\n      id: {type: long}  # an id\n\n  u: {}\n",
        "tables:\n  t:\n    key: [id]   # why\n    columns:\n      id: {type: long}  # an id\n      email: {sensitive: email}\n\n  u: {}\n",
    ),
    "columns between braces": (
        "tables:\n  t:\n    columns: {id: {type: long}}  # here\n",
        "tables:\n  t:\n    columns: {id: {type: long}, email: {sensitive: email}}  # here\n",
    ),
    "no columns yet": (
        "tables:\n  t:\n    key: [id]  # the key\n  # next\n  u: {}\n",
        "tables:\n  t:\n    key: [id]  # the key\n    columns:\n      email: {sensitive: email}\n  # next\n  u: {}\n",
    ),
    "a table between braces": (
        "tables:\n  t: {key: [id]}\n",
        "tables:\n  t: {key: [id], columns: {email: {sensitive: email}}}\n",
    ),
    "a table of defaults": (
        "tables:\n  t: {}  # all\n",
        "tables:\n  t: {columns: {email: {sensitive: email}}}  # all\n",
    ),
    "a table of nothing": ("tables:\n  t:\n  u:\n", "tables:\n  t: {columns: {email: {sensitive: email}}}\n  u:\n"),
    "no line end at the end": (
        "tables:\n  t:\n    key: [id]",
        "tables:\n  t:\n    key: [id]\n    columns:\n      email: {sensitive: email}\n",
    ),
    "a list at the end": (
        "tables:\n  t:\n    checks:\n      - not_null: [id]\n      - positive: n\nowner: x\n",
        (
            "tables:\n  t:\n    checks:\n      - not_null: [id]\n      - positive: n\n"
            "    columns:\n      email: {sensitive: email}\nowner: x\n"
        ),
    ),
    "lines that end as elsewhere": (
        "tables:\r\n  t:\r\n    columns:\r\n      id: {type: long}\r\n",
        "tables:\r\n  t:\r\n    columns:\r\n      id: {type: long}\r\n      email: {sensitive: email}\r\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_a_column_is_written_where_columns_stand(before: str, after: str) -> None:
    assert with_key(before, PATH, RULE) == after


def test_a_key_is_added_to_a_rule_that_is_there() -> None:
    text = "tables:\n  t:\n    columns:\n      email: {type: string}  # as text\n"
    assert with_key(text, (*PATH, "sensitive"), "email") == (
        "tables:\n  t:\n    columns:\n      email: {type: string, sensitive: email}  # as text\n"
    )


def test_a_value_is_replaced() -> None:
    text = "tables: {t: {columns: {email: {sensitive: phone, purpose: [a]}}}}\n"
    edited = with_key(text, (*PATH, "sensitive"), "email")
    assert edited == text.replace("phone", "email")


def test_odd_names_are_quoted() -> None:
    edited = with_key("tables:\n  t: {}\n", ("tables", "t", "columns", "e-mail: 1"), RULE)
    assert yaml.safe_load(edited)["tables"]["t"]["columns"] == {"e-mail: 1": {"sensitive": "email"}}


def test_what_stands_in_two_places_at_once_is_left_to_a_person() -> None:
    text = "tables:\n  t: &same\n    key: [id]\n  u: *same\n"
    with pytest.raises(UsageError, match="by hand"):
        with_key(text, PATH, RULE)
