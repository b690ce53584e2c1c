"""The columns of CSV files: their names, their order, and files that differ in them."""

import pytest
from shelf import Shelf

from jusante.testing import ODD_NAMES

MANY = 500


def test_without_a_header_columns_are_numbered(shelf: Shelf) -> None:
    shelf.put("a.csv", "1,x\n2,y\n")
    found = shelf.load("a.csv", header=False)
    assert (found.names, found.rows) == (("column1", "column2"), [(1, "x"), (2, "y")])


def test_a_header_may_be_said_to_be_there(shelf: Shelf) -> None:
    shelf.put("a.csv", "1,2\n3,4\n")
    found = shelf.load("a.csv", header=True)
    assert (found.names, found.rows) == (("1", "2"), [(3, 4)])


def test_columns_without_a_name_get_one_and_it_is_told(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,, \n1,2,3\n")
    found = shelf.load("a.csv")
    assert (found.names, found.rows) == (("id", "column2", "column3"), [(1, 2, 3)])
    assert found.notices == ["a.csv has columns without a name of their own: they are called column2, column3"]


def test_columns_of_the_same_name_are_told_apart(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name,Name,name,name_1\n1,a,b,c,d\n")
    found = shelf.load("a.csv")
    assert found.names == ("id", "name", "Name_2", "name_3", "name_1")
    assert found.rows == [(1, "a", "b", "c", "d")]


def test_a_made_name_takes_no_other_column_s(shelf: Shelf) -> None:
    shelf.put("a.csv", "column2,\n1,2\n")
    assert shelf.load("a.csv").row == {"column2": 1, "column3": 2}


def test_columns_go_by_name_whatever_their_order_and_case(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name,price\n1,a,1.5\n")
    shelf.put("b.csv", "PRICE,id,Name\n2.5,2,b\n")
    found = shelf.load("*.csv")
    assert (found.names, found.rows) == (("id", "name", "price"), [(1, "a", 1.5), (2, "b", 2.5)])


def test_a_column_that_a_file_lacks_is_null_there(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name\n1,a\n")
    shelf.put("b.csv", "id,price\n2,2.5\n")
    found = shelf.load("*.csv")
    assert found.names == ("id", "name", "price")
    assert found.rows == [(1, "a", None), (2, None, 2.5)]


def test_only_the_columns_asked_for_come_in_that_order(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name,price\n1,a,1.5\n")
    assert shelf.load("a.csv", only=("price", "id")).row == {"price": 1.5, "id": 1}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_may_have_odd_names(delimiter: str, shelf: Shelf) -> None:
    names = [*ODD_NAMES, "two\nlines", "group by", "{x}", "a,b", "sélect", "filename", "_", "x" * 200, "0"]
    header = delimiter.join('"' + name.replace('"', '""') + '"' for name in names)
    shelf.put("a.csv", header + "\n" + delimiter.join(str(number) for number in range(len(names))) + "\n")
    found = shelf.load("a.csv")
    assert found.names == tuple(names)
    assert found.rows == [tuple(range(len(names)))]


def test_spaces_around_names_are_no_part_of_them(shelf: Shelf) -> None:
    shelf.put("a.csv", " id , name \n1,a\n")
    assert shelf.load("a.csv").names == ("id", "name")


def test_five_hundred_columns_come(shelf: Shelf) -> None:
    names = [f"c{number}" for number in range(MANY)]
    shelf.put("a.csv", ",".join(names) + "\n" + ",".join(str(number) for number in range(MANY)) + "\n")
    shelf.put("b.csv", ",".join(reversed(names)) + "\n" + ",".join(str(MANY - n) for n in reversed(range(MANY))) + "\n")
    found = shelf.load("*.csv")
    assert found.names == tuple(names)
    assert found.rows == sorted([tuple(range(MANY)), tuple(MANY - number for number in range(MANY))], key=repr)


def test_our_own_column_s_name_is_refused(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,_File\n1,x\n")
    error = shelf.refusal("a.csv")
    assert (error.what, error.where) == ("the file has a column _file, which is ours", "a.csv")


def test_empty_files_and_files_of_blank_lines_are_told(shelf: Shelf) -> None:
    shelf.put("a.csv", "id\n1\n")
    shelf.put("b.csv", "")
    shelf.put("c.csv", "\r\n \n\n")
    found = shelf.load("*.csv")
    assert found.rows == [(1,)]
    assert found.notices == ["b.csv is empty", "c.csv is empty"]


def test_files_with_a_header_alone_have_columns_and_are_told(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name\n")
    found = shelf.load("a.csv")
    assert (found.names, found.rows) == (("id", "name"), [])
    assert found.notices == ["a.csv has a header and no rows that can be read"]
    shelf.put("b.csv", "id,name\n1,x\n")
    assert shelf.load("*.csv").types == {"id": "long", "name": "string"}


def test_nothing_but_empty_files_needs_declared_columns(shelf: Shelf) -> None:
    shelf.put("a.csv", "")
    assert "declare the table's columns" in shelf.refusal("a.csv").fix
    found = shelf.load("a.csv", columns={"id": {"type": "long"}})
    assert (found.types, found.rows) == ({"id": "long"}, [])


def test_blank_lines_before_and_between_rows_are_no_rows(shelf: Shelf) -> None:
    shelf.put("a.csv", "\n\nid,name\n\n1,a\n\n2,b\n\n")
    assert shelf.load("a.csv").rows == [(1, "a"), (2, "b")]


def test_one_column_is_a_table_too(shelf: Shelf) -> None:
    shelf.put("a.csv", "name\nx\ny z\n")
    assert shelf.load("a.csv").rows == [("x",), ("y z",)]


def test_a_delimiter_at_the_end_of_each_line_is_a_column(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name,\n1,a,\n")
    assert shelf.load("a.csv").row == {"id": 1, "name": "a", "column3": None}
