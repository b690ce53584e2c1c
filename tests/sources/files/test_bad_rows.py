"""Rows that cannot be read: they fail the load, by file and line, or are set aside; and what is told of hidden columns."""

import pytest
from shelf import Shelf, gz

GOOD = "id,name\n1,a\n"
HIDDEN = {"salary": {"sensitive": "salary", "purpose": ["pay"], "type": "long"}}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("id,name\n1,a\n2,b,c\n", 3, "the row has 3 values where there should be 2"),
        ("id,name\n1,a\n2\n", 3, "the row has 1 values where there should be 2"),
        ("\n\nid,name\n1,a\n2\n", 5, "the row has 1 values where there should be 2"),
        ("id,name\r\n1,a\r\n2\r\n", 3, "the row has 1 values where there should be 2"),
        ('id,name\n1,"two\nlines"\n2\n', 4, "the row has 1 values where there should be 2"),
        ('id,name\n1,a\n2,"b\n3,c\n', 3, "a quote is opened and not closed"),
        ('id,name\n1,a\n2,"b"c\n3,c\n', 3, "a quote is opened and not closed"),
    ],
)
def test_a_bad_row_fails_the_load_by_file_and_line(text: str, line: int, what: str, shelf: Shelf) -> None:
    shelf.put("good.csv", GOOD)
    shelf.put("in/bad.csv", text)
    error = shelf.refusal("**/*.csv")
    assert (error.where, error.what) == (f"in/bad.csv:{line}", what)
    assert "bad_rows: quarantine" in error.fix


def test_a_bad_row_is_set_aside_with_file_line_and_reason(shelf: Shelf) -> None:
    shelf.put("good.csv", GOOD)
    shelf.put("bad.csv", "id,name\n2,b\n3,c,d\n4\n5,e\n")
    found = shelf.load("*.csv", bad_rows="quarantine")
    assert found.rows == [(1, "a"), (2, "b"), (5, "e")]
    assert [(r.file, r.line, r.text) for r in found.rejects] == [("bad.csv", 3, "3,c,d"), ("bad.csv", 4, "4")]
    assert "Expected Number of Columns: 2 Found: 3" in found.rejects[0].reason


def test_a_value_of_another_type_is_set_aside_where_few_are(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,price\n" + "".join(f"{n},{n}.5\n" for n in range(20)) + "20,oops\n")
    found = shelf.load("a.csv", bad_rows="quarantine")
    assert found.types["price"] == "double"
    assert len(found.rows) == 20
    (reject,) = found.rejects
    assert (reject.file, reject.line, reject.column, reject.text) == ("a.csv", 22, "price", "20,oops")


def test_a_column_of_which_many_values_are_text_is_text(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,price\n1,1.5\n2,oops\n3,2.5\n")
    found = shelf.load("a.csv", bad_rows="quarantine")
    assert (found.types["price"], found.rejects, len(found.rows)) == ("string", [], 3)


def test_where_bad_rows_fail_one_text_makes_text(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,price\n" + "".join(f"{n},{n}.5\n" for n in range(20)) + "20,oops\n")
    assert shelf.load("a.csv").types["price"] == "string"


def test_a_bad_row_in_a_copy_is_told_by_the_file_s_own_name(shelf: Shelf) -> None:
    shelf.put("in/a b.csv", "id,name\n1,é\n2\n", "cp1252")
    assert shelf.refusal("in/*.csv").where == "in/a b.csv:3"
    (reject,) = shelf.load("in/*.csv", bad_rows="quarantine").rejects
    assert (reject.file, reject.line) == ("in/a b.csv", 3)


@pytest.mark.parametrize("name", ["a[1].csv", "what?.csv", "it's.csv", "all*.csv"])
def test_a_bad_row_in_a_file_with_an_odd_name_is_told_by_it(name: str, shelf: Shelf) -> None:
    shelf.put(name, "id,name\n1,a\n2\n")
    assert shelf.refusal(name).where == f"{name}:3"
    (reject,) = shelf.load(name, bad_rows="quarantine").rejects
    assert (reject.file, reject.line) == (name, 3)


def test_a_bad_row_in_a_compressed_file_is_told_by_line(shelf: Shelf) -> None:
    shelf.put("a.csv.gz", gz("id,name\n1,a\n2\n"))
    assert shelf.refusal("a.csv.gz").where == "a.csv.gz:3"


def test_a_bad_value_far_down_is_told_by_line(shelf: Shelf) -> None:
    """Further down than types were looked for."""
    shelf.put("a.csv", "id,price,note\n" + f"1,1.5,{'x' * 5_000}\n" * 2_000 + "2,oops,x\n")
    error = shelf.refusal("a.csv")
    assert (error.where, error.what) == ("a.csv:2002", 'column price: "oops" is no double')
    found = shelf.load("a.csv", bad_rows="quarantine", only=("id", "price"))
    assert len(found.rows) == 2_000
    assert [(reject.line, reject.column) for reject in found.rejects] == [(2002, "price")]


def test_a_value_that_looks_like_rows_is_one_value_wherever_it_lies(shelf: Shelf) -> None:
    """The engine reads a large file in pieces, and takes what stands in quotes for rows where a piece begins in them."""
    inner = "7,a\n8,b\n9,c\n" * 40
    count = 20_000
    shelf.put("a.csv", "id,note\n" + f'1,"{inner}"\n' * count + "2\n")
    error = shelf.refusal("a.csv")
    assert error.where == f"a.csv:{2 + count * 121}"
    connector = shelf.connector()
    request = shelf.request("a.csv", connector=connector, bad_rows="quarantine")
    with shelf.engine.session({"it.rows": connector.read(request).relation}) as session:
        found = session.rows("select count(*), min(length(note)), max(length(note)) from it.rows")
        (reject,) = session.rejects("it.rows")
    assert found == [(count, len(inner), len(inner))]
    assert (reject.line, reject.text) == (2 + count * 121, "2")


@pytest.mark.parametrize("last", ['2,"b\n3,c\n', '2,b"\n3,"c\n4,d'])
@pytest.mark.parametrize("bad_rows", ["fail", "quarantine"])
def test_a_quote_never_closed_swallows_no_row_of_a_large_file(last: str, bad_rows: str, shelf: Shelf) -> None:
    """Such a file is read in one piece, which the engine ends silently where a quote is open."""
    shelf.put("a.csv", "id,note\n" + '1,"two\nlines"\n' * 200_000 + last)
    error = shelf.refusal("a.csv", bad_rows=bad_rows)
    assert error.what == "a quote is opened and not closed"
    assert error.where == f"a.csv:{400_002 + last.startswith('2,b')}"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_counted_as_an_editor_counts_them(end: str, shelf: Shelf) -> None:
    rows = ["id,note", '1,"two', 'lines"', "", "2", '3,"a', 'b",x', "4,y"]
    shelf.put("a.csv", end.join(rows) + end)
    assert shelf.refusal("a.csv").where == "a.csv:5"
    found = shelf.load("a.csv", bad_rows="quarantine")
    assert (len(found.rows), [reject.line for reject in found.rejects]) == (2, [5, 6])
    for number in range(1, 3):
        shelf.put(f"{number}.csv.gz", gz(end.join(rows) + end))
    packed = shelf.load("*.csv.gz", bad_rows="quarantine")
    assert [(r.file, r.line) for r in packed.rejects] == [(f"{n}.csv.gz", line) for n in (1, 2) for line in (5, 6)]


SECRET = "geheim4711"


@pytest.mark.parametrize("text", [
    f"id,salary\n1,5000\n2,{SECRET}\n",
    f"id,salary\n1,5000\n2,{SECRET},{SECRET}\n",
    f'id,salary\n1,5000\n2,"{SECRET}\n',
    f'id,salary\n1,5000\n2,"{SECRET}"x\n',
    f"id,salary\n1,5000\n{SECRET}\n",
    "id,salary\n1,5000\n2," + SECRET * 300_000 + "\n",
])  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_sensitive_value_is_in_no_error(text: str, encoding: str, shelf: Shelf) -> None:
    shelf.put("a.csv", text, encoding)
    error = shelf.refusal("a.csv", columns=HIDDEN)
    assert error.where == "a.csv:3"
    assert SECRET not in "".join([str(error), repr(error), *error.as_dict().values(), repr(error.__cause__)])
    assert error.__cause__ is None


def test_a_sensitive_value_is_in_no_reason_of_a_reject(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,salary\n" + "1,5\n" * 20 + f"2,{SECRET}\n3,4,{SECRET}\n")
    found = shelf.load("a.csv", columns=HIDDEN, bad_rows="quarantine")
    assert len(found.rejects) == 2
    assert not any(SECRET in reject.reason for reject in found.rejects)


@pytest.mark.parametrize(("name", "text"), [
    ("a.json", f'[{{"id": 1, "salary": "{SECRET}"}}]'),
    ("a.ndjson", f'{{"id": 1, "salary": "{SECRET}"}}\n'),
    ("a.ndjson", f'{{"id": 1, "salary": {SECRET}}}\n'),
    ("a.json", f'[{{"id": 1, "salary": {SECRET}}}]'),
    ("a.ndjson", f'{{"id": 1, "salary": "{SECRET}\n'),
])  # fmt: skip
def test_a_sensitive_json_value_is_in_no_error(name: str, text: str, shelf: Shelf) -> None:
    shelf.put(name, text)
    error = shelf.refusal(name, columns=HIDDEN)
    assert error.where.startswith(name)
    assert SECRET not in "".join([str(error), repr(error), *error.as_dict().values()])
