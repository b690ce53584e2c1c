"""The text of CSV files: how it is encoded, where lines end, what quotes hold, how it is compressed."""

import codecs

import pytest
from shelf import Pack, Shelf, gz, zst

TEXT = "id,name\n1,naïve €\n2,Ωmega\n"
WESTERN = "id,name\n1,naïve\n2,façade\n"
ROWS = [(1, "naïve €"), (2, "Ωmega")]
QUOTED = 'id,note\n1,"two\nlines"\n2,"say ""yes"", or no"\n3,"a,b"\n4,plain\n'
QUOTED_ROWS = [(1, "two\nlines"), (2, 'say "yes", or no'), (3, "a,b"), (4, "plain")]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF8 + b"\n" + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        codecs.BOM_UTF8 + TEXT.replace("\n", "\r\n").encode(),
        ("\ufeff" + TEXT.replace("2,", "\r2,")).replace("\n\r", "\r\n").encode(),
    ],
    ids=["utf-8", "mark", "mark, blank", "utf-16", "be", "le, no mark", "be, no mark", "utf-32", "crlf", "mark, mixed"],
)
@pytest.mark.parametrize("pack", [lambda content: content, gz, zst], ids=["plain", "gz", "zst"])
def test_unicode_is_found_by_looking(content: bytes, pack: Pack, shelf: Shelf) -> None:
    ending = {gz: ".gz", zst: ".zst"}.get(pack, "")
    shelf.put(f"a.csv{ending}", pack(content))
    assert shelf.load("a.csv*").rows == ROWS


def test_text_of_one_byte_a_letter_is_found_and_told(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name\n1,€uro “x”\n", "cp1252")
    found = shelf.load("a.csv")
    assert found.rows == [(1, "€uro “x”")]
    assert found.notices == ["a.csv is not UTF-8: it was read as cp1252"]


def test_what_is_not_even_cp1252_is_latin_1(shelf: Shelf) -> None:
    shelf.put("a.csv", b"id,name\n1,\x81\xe9\n")
    found = shelf.load("a.csv")
    assert found.rows == [(1, "\x81é")]
    assert found.notices == ["a.csv is not UTF-8: it was read as latin-1"]


def test_a_far_letter_that_is_not_utf_8_counts_too(shelf: Shelf) -> None:
    """The first characters, by which types are told in a large file, are the same in both."""
    shelf.put("a.csv", b"id,name\n" + b"1,plain text of some length\n" * 400_000 + b"2,fa\xe7ade\n")
    found = shelf.load("a.csv", only=("name",))
    assert len(found.rows) == 400_001
    assert set(found.column("name")) == {"plain text of some length", "façade"}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "UTF8", "mac_roman"])
def test_a_declared_encoding_is_kept_to_without_a_word(encoding: str, shelf: Shelf) -> None:
    shelf.put("a.csv", WESTERN, encoding)
    found = shelf.load("a.csv", encoding=encoding)
    assert (found.rows, found.notices) == ([(1, "naïve"), (2, "façade")], [])


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE)])
def test_a_mark_before_text_in_the_declared_encoding_is_no_letter(encoding: str, mark: bytes, shelf: Shelf) -> None:
    shelf.put("a.csv", mark + WESTERN.encode(encoding))
    assert shelf.load("a.csv", encoding=encoding).names == ("id", "name")


def test_text_that_is_not_in_the_declared_encoding_is_refused(shelf: Shelf) -> None:
    shelf.put("a.csv", WESTERN, "cp1252")
    error = shelf.refusal("a.csv", encoding="utf-8")
    assert (error.what, error.where) == ("the text is not utf-8", "a.csv")


@pytest.mark.parametrize("content", [codecs.BOM_UTF8 + b"id\n\xff\n", codecs.BOM_UTF16_LE + b"i\0d\0\n\0\x31"])
def test_text_that_is_not_what_its_mark_says_is_refused(content: bytes, shelf: Shelf) -> None:
    shelf.put("a.csv", content)
    error = shelf.refusal("a.csv")
    assert error.what in {
        "the text is not utf-8, as its first bytes say",
        "the text is not utf-16, as its first bytes say",
    }
    assert error.where == "a.csv"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_one_way(end: str, shelf: Shelf) -> None:
    shelf.put("a.csv", TEXT.replace("\n", end))
    assert shelf.load("a.csv").rows == ROWS
    shelf.put("a.csv", TEXT.replace("\n", end).removesuffix(end))
    assert shelf.load("a.csv").rows == ROWS


@pytest.mark.parametrize("bad_rows", ["fail", "quarantine"])
@pytest.mark.parametrize("pack", [lambda text: text.encode(), gz])
def test_lines_may_end_in_two_ways(pack: Pack, bad_rows: str, shelf: Shelf) -> None:
    shelf.put("a.csv.gz" if pack is gz else "a.csv", pack("id,name\r\n1,a\n2,b\r\n3,c"))
    found = shelf.load("a.csv*", bad_rows=bad_rows)
    assert (found.rows, found.rejects) == ([(1, "a"), (2, "b"), (3, "c")], [])
    assert "all were read as LF" in found.notices[0]


def test_lines_that_end_in_two_ways_keep_their_numbers(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name\r\n1,a\n2,b\r\n3,c,d\n4,e\r\n")
    assert shelf.refusal("a.csv").where == "a.csv:4"
    found = shelf.load("a.csv", bad_rows="quarantine")
    assert [(reject.file, reject.line, reject.text) for reject in found.rejects] == [("a.csv", 4, "3,c,d")]


def test_line_ends_in_quotes_are_part_of_the_value(shelf: Shelf) -> None:
    shelf.put("a.csv", 'id,note\n1,"two\r\nlines"\n2,"three\r\nmore\nlines"\n')
    found = shelf.load("a.csv")
    assert (found.rows, found.notices) == ([(1, "two\r\nlines"), (2, "three\r\nmore\nlines")], [])


def test_quotes_hold_line_ends_delimiters_and_quotes(shelf: Shelf) -> None:
    shelf.put("a.csv", QUOTED)
    shelf.put("b.csv", QUOTED.replace('"', "'").replace("say ''yes''", 'say "yes"'))
    assert shelf.load("a.csv").rows == QUOTED_ROWS
    assert shelf.load("b.csv", quote="'").rows == QUOTED_ROWS


def test_without_quotes_they_are_letters_like_others(shelf: Shelf) -> None:
    shelf.put("a.csv", 'id,size\n1,5"\n2,"6\n')
    assert shelf.load("a.csv", quote="").rows == [(1, '5"'), (2, '"6')]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_delimiter_is_found(delimiter: str, shelf: Shelf) -> None:
    header = delimiter.join(["id", '"a,b;c|d\te"', "name"])
    shelf.put("a.csv", f"{header}\n" + delimiter.join(["1", '"x,y;z|w\tv"', "n"]) + "\n")
    found = shelf.load("a.csv")
    assert found.names == ("id", "a,b;c|d\te", "name")
    assert found.rows == [(1, "x,y;z|w\tv", "n")]


def test_any_other_delimiter_can_be_said(shelf: Shelf) -> None:
    shelf.put("a.csv", "id~a,b\n1~x,y\n")
    assert shelf.load("a.csv", delimiter="~").row == {"id": 1, "a,b": "x,y"}


def test_each_file_may_have_a_delimiter_and_an_encoding_of_its_own(shelf: Shelf) -> None:
    shelf.put("a.csv", "id;name\n1;é\n")
    shelf.put("b.csv", "id,name\n2,é\n", "cp1252")
    shelf.put("c.csv", "name\tid\né\t3\n", "utf-16")
    assert shelf.load("*.csv").rows == [(1, "é"), (2, "é"), (3, "é")]


def test_compressed_files_of_several_parts_are_read_to_the_end(shelf: Shelf) -> None:
    shelf.put("a.csv.gz", gz("id\n1\n") + gz("2\n"))
    shelf.put("b.csv.zst", zst("id\n3\n") + zst("4\n"))
    assert shelf.load("*").column("id") == [1, 2, 3, 4]


@pytest.mark.parametrize(("name", "pack"), [("a.csv.gz", gz), ("a.csv.zst", zst)])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_a_compressed_file_cut_short_is_refused(name: str, pack: Pack, kept: float, shelf: Shelf) -> None:
    whole = pack("id,name\n" + "".join(f"{number},name {number}\n" for number in range(20_000)))
    shelf.put(name, whole[: int(len(whole) * kept)])
    error = shelf.refusal(name)
    assert (error.what, error.where) == ("the compressed file is cut short", name)


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv.gz", b"id\n1\n"), ("a.csv.zst", b"id\n1\n"), ("a.csv.gz", b"\x1f")]
)
def test_what_is_not_compressed_as_its_name_says_is_refused(name: str, content: bytes, shelf: Shelf) -> None:
    shelf.put(name, content)
    error = shelf.refusal(name)
    assert error.where == name
    assert "damaged" in error.what or "cut short" in error.what


def test_a_value_of_a_million_letters_comes_and_one_of_three_is_refused_by_line(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,text\n1," + "x" * 1_000_000 + "\n")
    assert len(shelf.load("a.csv").row["text"]) == 1_000_000
    shelf.put("a.csv", "id,text\n1,a\n2," + "x" * 3_000_000 + "\n")
    error = shelf.refusal("a.csv")
    assert error.where == "a.csv:3"
    assert len(str(error)) < 500


def test_a_letter_of_value_zero_comes(shelf: Shelf) -> None:
    shelf.put("a.csv", "id,name\n1,x\0y\n")
    assert shelf.load("a.csv").row == {"id": 1, "name": "x\0y"}
