"""The catalogue's search index in SQLite's FTS5 (sqlite.org/fts5.html): words ranked by bm25, typing errors by trigrams."""

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jusante.core.catalog import Candidate, CatalogEntry
from jusante.errors import storage_error

FORM = "1"
"""The number of this form; an index of another one is made anew."""
_WEIGHTS = "10.0, 4.0, 6.0, 3.0, 2.0, 1.0"
"""How much a word counts in name, columns, terms, tags, owners and the rest, in the order of the table's columns."""
_TABLES = """
create table about (version text not null);
create table entries (id integer primary key, name text not null collate nocase, last text not null collate nocase, entry text not null);
create virtual table words using fts5(name, columns, terms, tags, owners, about, content='',
  tokenize="unicode61 remove_diacritics 2", prefix='1 2 3');
"""
_VOCABULARY = """
create virtual table temp.vocabulary using fts5vocab('main', 'words', 'row');
create virtual table spellings using fts5(word, tokenize="trigram", detail='none');
insert into spellings select term from vocabulary where length(term) between 3 and 40;
insert into words(words) values ('optimize');
create index entries_name on entries (name);
create index entries_last on entries (last);
"""
_NEAREST = 4
_LOOKED_AT = 120
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class SqliteSearch:
    """One index in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: sqlite3.Connection | None = None

    def version(self) -> str | None:
        """What the file says it was made of."""
        with contextlib.suppress(sqlite3.Error):
            if self._path.is_file():
                (found,) = self._connection().execute("select version from about").fetchone()
                form, _, version = str(found).partition(":")
                return version if form == FORM else None
        return None

    def replace(self, version: str, entries: Sequence[CatalogEntry]) -> None:
        """Write a new file beside the old one, then put it in its place."""
        self.close()
        draft = self._path.with_suffix(f".{os.getpid()}.draft")
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            _fill(draft, version, entries)
            draft.replace(self._path)
        except OSError as error:
            raise storage_error(error, str(self._path)) from None
        except sqlite3.Error as error:
            raise storage_error(OSError(str(error)), str(self._path)) from None
        finally:
            draft.unlink(missing_ok=True)

    def candidates(self, words: Sequence[str], limit: int) -> tuple[Candidate, ...]:
        """Entries by name first, then by their words."""
        meant = {word: self._meant(word) for word in dict.fromkeys(words)}
        found: dict[int, Candidate] = {}
        for number, entry in self._named(" ".join(words), ".".join(words), "_".join(words)):
            found[number] = Candidate(_entry(entry), -1e9, meant)
        for joined in (" AND ", " OR "):
            if len(found) < limit and (joined == " AND " or not found):
                for number, entry, score in self._worded(joined.join(map(_either, meant.values())), limit):
                    found.setdefault(number, Candidate(_entry(entry), score, meant))
        return tuple(found.values())[:limit]

    def close(self) -> None:
        """Close the connection."""
        if self._open:
            self._open.close()
            self._open = None

    # -- asking --------------------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = sqlite3.connect(f"file:{self._path.as_posix()}?mode=ro", uri=True, check_same_thread=False)
        return self._open

    def _named(self, *names: str) -> Iterator[tuple[int, str]]:
        marks = ", ".join("?" * len(names))
        sql = f"select id, entry from entries where name in ({marks}) or last in ({marks}) limit 50"
        yield from self._connection().execute(sql, (*names, *names))

    def _worded(self, match: str, limit: int) -> Iterator[tuple[int, str, float]]:
        sql = (
            f"select e.id, e.entry, w.score from (select rowid, bm25(words, {_WEIGHTS}) as score from words "
            "where words match ? order by score limit ?) as w join entries as e on e.id = w.rowid order by w.score"
        )
        if match:
            yield from self._connection().execute(sql, (match, limit))

    def _meant(self, word: str) -> tuple[str, ...]:
        """A word of a question as words of the index: itself where anything begins with it, else the nearest ones."""
        tokens = [token for token in re.split(r"\W+|_+", word) if token]
        if len(tokens) != 1:
            return (word,)
        there = self._connection().execute("select 1 from words where words match ? limit 1", (f"{_quoted(word)}*",))
        if there.fetchone():
            return (word,)
        return tuple(self._nearest(word.lower())) or (word,)

    def _nearest(self, word: str) -> list[str]:
        """The words of the index that are one or two typing errors away, the nearest first."""
        most = 1 if len(word) < 6 else 2
        parts = {word[at : at + 3] for at in range(len(word) - 2)}
        turned = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
        parts |= {each[at : at + 3] for each in turned for at in range(len(each) - 2)}
        if not parts:
            return []
        match = " OR ".join(_quoted(part) for part in sorted(parts))
        sql = f"select word from spellings where spellings match ? and length(word) between ? and ? order by rank limit {_LOOKED_AT}"
        found = self._connection().execute(sql, (match, len(word) - most, len(word) + most))
        near = [(distance(word, each, most), each) for (each,) in found]
        return [each for far, each in sorted(near) if far <= most][:_NEAREST]


def _either(words: Iterable[str]) -> str:
    """FTS5's words for any of these, as beginnings."""
    return "(" + " OR ".join(f"{_quoted(word)}*" for word in words) + ")"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _entry(text: str) -> CatalogEntry:
    return CatalogEntry.from_dict(json.loads(text))


# -- making ------------------------------------------------------------------------------------------------------------


def _fill(path: Path, version: str, entries: Sequence[CatalogEntry]) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("pragma journal_mode = off; pragma synchronous = off;" + _TABLES)
        connection.execute("begin")
        connection.execute("insert into about values (?)", (f"{FORM}:{version}",))
        connection.executemany("insert into entries values (?, ?, ?, ?)", map(_row, range(len(entries)), entries))
        sql = "insert into words(rowid, name, columns, terms, tags, owners, about) values (?, ?, ?, ?, ?, ?, ?)"
        connection.executemany(sql, map(_words, range(len(entries)), entries))
        connection.execute("commit")
        connection.executescript(_VOCABULARY)


def _row(number: int, entry: CatalogEntry) -> tuple[int, str, str, str]:
    last = entry.name.rpartition(".")[2]
    return number, entry.name, last, json.dumps(entry.as_dict(), separators=(",", ":"), ensure_ascii=False)


def _words(number: int, entry: CatalogEntry) -> tuple[int | str, ...]:
    return (
        number,
        _split(f"{entry.name} {entry.title}"),
        _split(" ".join(entry.columns)),
        _split(" ".join((*entry.terms, *entry.synonyms))),
        _split(" ".join((*entry.tags, entry.classification, entry.kind))),
        f"{entry.owner} {entry.steward}",
        entry.about,
    )


def _split(text: str) -> str:
    """Names in camel case as their words besides."""
    apart = _CAMEL.sub(" ", text)
    return text if apart == text else f"{text} {apart}"


def distance(one: str, other: str, most: int) -> int:
    """How many typing errors lie between two words (a letter more, less, other, or two turned around); `most` + 1 for more.

    Optimal string alignment, row by row.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    above: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        two_above, above, row = above, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(above[to] + 1, row[to - 1] + 1, above[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, two_above[to - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
