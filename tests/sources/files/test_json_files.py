"""JSON and NDJSON files: records, nested values, types, and what is broken."""

import json

import pytest
from shelf import Shelf, gz, zst

NESTED = {"id": 1, "by": {"name": "x", "tags": [1, 2]}, "lines": [{"n": 1}, {"n": 2}], "tags": ["a", "b"], "ns": [1, 2]}


@pytest.mark.parametrize(("name", "text"), [
    ("a.json", '[{"id": 1}, {"id": 2}]'),
    ("a.json", '\n\n [\n {"id": 1},\n {"id": 2}\n]\n\n'),
    ("a.json", '{"id": 1}\n{"id": 2}\n'),
    ("a.json", '{"id": 1}{\n"id": 2}'),
    ("a.ndjson", '{"id": 1}\n{"id": 2}\n'),
    ("a.jsonl", '{"id": 1}\r\n\r\n{"id": 2}'),
])  # fmt: skip
def test_records_stand_in_a_list_or_one_after_another(name: str, text: str, shelf: Shelf) -> None:
    shelf.put(name, text)
    assert shelf.load(name).rows == [(1,), (2,)]


def test_one_object_is_one_record(shelf: Shelf) -> None:
    shelf.put("a.json", '{\n  "id": 1,\n  "name": "é"\n}\n')
    assert shelf.load("a.json").row == {"id": 1, "name": "é"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_text_in_other_encodings_is_found(name: str, encoding: str, shelf: Shelf) -> None:
    shelf.put(name, '{"id": 1, "name": "日本 é"}', encoding)
    assert shelf.load(name).row == {"id": 1, "name": "日本 é"}


def test_compressed_files_are_read_and_cut_ones_refused(shelf: Shelf) -> None:
    text = "".join(f'{{"id": {number}}}\n' for number in range(10_000))
    shelf.put("a.ndjson.gz", gz(text))
    shelf.put("b.ndjson.zst", zst(text))
    assert len(shelf.load("*.ndjson.*").rows) == 20_000
    shelf.put("a.ndjson.gz", gz(text)[:-20])
    error = shelf.refusal("*.ndjson.*")
    assert (error.what, error.where) == ("the compressed file is cut short", "a.ndjson.gz")


def test_objects_stay_text_and_lists_of_one_type_stay_lists(shelf: Shelf) -> None:
    shelf.put("a.json", json.dumps([NESTED]))
    found = shelf.load("a.json")
    assert found.types == {"id": "long", "by": "string", "lines": "string", "tags": "list<string>", "ns": "list<long>"}
    assert json.loads(found.row["by"]) == NESTED["by"]
    assert json.loads(found.row["lines"]) == NESTED["lines"]
    assert (found.row["tags"], found.row["ns"]) == (["a", "b"], [1, 2])


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["1", "2"], "long", [1, 2]),
        (["1", "2.5"], "double", [1.0, 2.5]),
        (["1", '"2"'], "string", ["1", "2"]),
        (['"007"', '"1"'], "string", ["007", "1"]),
        (["12345678901234567890"], "string", ["12345678901234567890"]),
        (["true", "null"], "boolean", [True, None]),
        (["true", "1"], "string", ["true", "1"]),
        (["null", "null"], "string", [None, None]),
        (['""', '"x"'], "string", ["", "x"]),
        (['{"a": 1}', "null"], "string", ['{"a":1}', None]),
        (['{"a": 1}', '"x"'], "string", ['{"a":1}', "x"]),
        (["[1]", "2"], "string", ["[1]", "2"]),
        (["[]", "[1, null]"], "list<long>", [[], [1, None]]),
        (["[[1]]", "[]"], "string", ["[[1]]", "[]"]),
        (['"two\\nlines \\u00e9 \\ud83d\\ude00"'], "string", ["two\nlines é 😀"]),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_a_key_has_a_type_that_holds_all_its_values(
    name: str, values: list[str], kind: str, expected: list[object], shelf: Shelf
) -> None:
    records = [f'{{"n": {number}, "v": {value}}}' for number, value in enumerate(values)]
    shelf.put(name, "[" + ",".join(records) + "]" if name == "a.json" else "\n".join(records))
    found = shelf.load(name)
    assert found.types["v"] == kind
    assert found.column("v") == expected


def test_keys_may_be_missing_in_records_and_in_files(shelf: Shelf) -> None:
    shelf.put("a.json", '[{"id": 1}, {"id": 2, "late": "x"}]')
    shelf.put("b.json", '[{"other": true, "id": 3}]')
    found = shelf.load("*.json")
    assert found.names == ("id", "late", "other")
    assert found.rows == [(1, None, None), (2, "x", None), (3, None, True)]


def test_keys_may_have_odd_names(shelf: Shelf) -> None:
    names = [
        "order",
        "two words",
        'with "quotes"',
        "it's",
        "a.b",
        "a/b",
        "a~1b",
        "$",
        "[0]",
        "ünï",
        "filename",
        "json",
        "*",
    ]
    shelf.put("a.json", json.dumps([{name: number for number, name in enumerate(names)}]))
    found = shelf.load("a.json")
    assert found.row == {name: number for number, name in enumerate(names)}


def test_a_key_without_letters_is_refused(shelf: Shelf) -> None:
    shelf.put("a.json", '[{"id": 1}]')
    shelf.put("b.json", '[{"id": 1, "": 2}]')
    error = shelf.refusal("*.json")
    assert (error.what, error.where) == ("there is a record with an empty key", "b.json")


@pytest.mark.parametrize("second", ["a.json", "b.json"])
def test_keys_that_differ_in_case_alone_are_refused(second: str, shelf: Shelf) -> None:
    shelf.put("a.json", '[{"id": 1, "Name": "x"}, {"id": 1, "name": "y"}]' if second == "a.json" else '[{"Name": "x"}]')
    shelf.put("b.json", '[{"name": "y"}]')
    error = shelf.refusal("*.json" if second == "b.json" else "a.json")
    assert error.what == "records have keys that differ only in case: Name and name"
    assert error.where == second


def test_keys_that_differ_in_case_are_seen_in_a_file_that_comes_later(shelf: Shelf) -> None:
    shelf.put("a.json", '[{"Name": "x"}]')
    connector = shelf.connector()
    request = shelf.request("*.json", connector=connector)
    shelf.put("b.json", '[{"name": "y"}]')
    with pytest.raises(Exception, match="differ only in case"):
        connector.read(request)


@pytest.mark.parametrize(("text", "rows"), [("[]", 0), ("", 0), ("  \n", 0), ("[{}]", 1)])
def test_files_without_records_are_told(text: str, rows: int, shelf: Shelf) -> None:
    shelf.put("a.json", '[{"id": 1}]')
    shelf.put("b.json", text)
    found = shelf.load("*.json")
    assert len(found.rows) == 1 + rows
    assert bool(found.notices) == (rows == 0 or text == "[{}]")


@pytest.mark.parametrize("text", ["[1, 2]", '"x"', "5", "null", "[null]", '[{"id": 1}, 7]', "[[1]]"])
def test_what_is_no_record_is_refused(text: str, shelf: Shelf) -> None:
    shelf.put("a.json", '[{"id": 1}]')
    shelf.put("b.json", text)
    error = shelf.refusal("*.json")
    assert (error.what, error.where) == ("there is a record that is no JSON object", "b.json")


@pytest.mark.parametrize("text", [
    '[{"id": 1},',
    '[{"id": 1}',
    '[{"id": 1}, {"id"',
    '[{"id": 1}, {"id": 2}',
    '[{"id": 1}] {',
    '{"id": 1}\n{"id":',
    "not json",
])  # fmt: skip
def test_json_that_is_cut_short_or_broken_is_refused(text: str, shelf: Shelf) -> None:
    shelf.put("a.json", '[{"id": 1}]')
    shelf.put("b.json", text)
    error = shelf.refusal("*.json")
    assert error.where.startswith("b.json")
    assert error.fix


@pytest.mark.parametrize("packed", [False, True])
def test_a_broken_line_fails_the_load_by_its_number(packed: bool, shelf: Shelf) -> None:
    text = '{"id": 1}\n\n{"id": 2}\n{"id":\n{"id": 4}\n'
    name = "a.ndjson.gz" if packed else "a.ndjson"
    shelf.put(name, gz(text) if packed else text)
    shelf.put("b.ndjson", '{"id": 5}\n')
    error = shelf.refusal("*.ndjson*")
    assert error.where.startswith(f"{name}:4")
    assert "bad_rows: quarantine" in error.fix


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_broken_line_is_set_aside(encoding: str, shelf: Shelf) -> None:
    shelf.put("a.ndjson", '{"id": 1}\n\n{"id": 2}\n{"id":\n[7]\n{"id": 4, "é": 1}\n', encoding)
    shelf.put("b.ndjson", '{"id": 5}\n')
    found = shelf.load("*.ndjson", bad_rows="quarantine")
    assert found.rows == [(1, None), (2, None), (4, 1), (5, None)]
    assert found.origins == {"a.ndjson", "b.ndjson"}
    assert [(r.file, r.line, r.text) for r in found.rejects] == [("a.ndjson", 4, '{"id":'), ("a.ndjson", 5, "[7]")]
    assert found.rejects[0].reason.startswith("the JSON is malformed")
    assert found.rejects[1].reason == "there is a record that is no JSON object"


def test_a_file_of_broken_lines_alone_has_no_records(shelf: Shelf) -> None:
    shelf.put("a.ndjson", '{"id": 1}\n')
    shelf.put("b.ndjson", "nothing\nof use\n")
    found = shelf.load("*.ndjson", bad_rows="quarantine")
    assert (found.rows, len(found.rejects)) == ([(1,)], 2)
    assert found.notices == ["b.ndjson has no records"]


def test_our_own_column_s_name_is_refused(shelf: Shelf) -> None:
    shelf.put("a.json", '[{"_file": "x"}]')
    assert shelf.refusal("a.json").where == "a.json"
