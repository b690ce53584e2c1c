"""The order in which what was found is told: by the part that matched, then by how much the words weigh in it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from jusante.core.catalog import Candidate, CatalogEntry, Hit

NAME, BEGINNING, WORDS, MEANING, COLUMN, LABEL, TEXT = range(7)
"""Its name; the beginning of it; words in it; a term or synonym; a column; a tag or owner; the description."""
_SHOWN = 3
_APART = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST = 90


def words_of(question: str) -> tuple[str, ...]:
    """The words of a question, each once."""
    return tuple(dict.fromkeys(word for word in question.split() if re.search(r"\w", word)))


def ranked(question: str, candidates: Iterable[Candidate], limit: int) -> tuple[Hit, ...]:
    """The candidates in order, each with why it is one. Of two that match alike, the one whose words weigh more is first."""
    told = [(hit, candidate.score) for candidate in candidates for hit in _hit(question, candidate)]
    told.sort(key=lambda each: _order(*each))
    return tuple(hit for hit, _ in told[:limit])


def _order(hit: Hit, score: float) -> tuple[int, float, float, str]:
    """Of names the one that has least besides, of other parts the one in which the words weigh most."""
    length = len(hit.entry.name)
    first, second = (length, score) if hit.rank <= WORDS else (score, length)
    return hit.rank, first, second, hit.entry.id


def _hit(question: str, candidate: Candidate) -> Iterator[Hit]:
    entry = candidate.entry
    whole = _plain(question)
    names = {_plain(entry.name), _plain(entry.id), _plain(entry.name.rpartition(".")[2]), _plain(entry.title)} - {""}
    if whole in names:
        yield Hit(entry, NAME, (("name", entry.name),))
        return
    found = [_of_word(entry, variants) for variants in candidate.meant.values()]
    matched = [each for each in found if each is not None]
    if not matched:
        return
    rank = max(part for part, _, _ in matched) if len(matched) == len(found) else TEXT + 1
    if any(name.startswith(whole) for name in names):
        rank = BEGINNING
    elif whole in {_plain(word) for word in (*entry.terms, *entry.synonyms)}:
        rank = min(rank, WORDS if entry.kind == "term" else MEANING)
    why = dict.fromkeys((word, text) for _, word, text in matched)
    yield Hit(entry, rank, tuple(why)[:_SHOWN])


def _of_word(entry: CatalogEntry, variants: Sequence[str]) -> tuple[int, str, str] | None:
    """The best part of an entry that a word is in, what it is called, and what stands there."""
    wanted = [_plain(variant) for variant in variants]
    for part, called, text in _texts(entry):
        plain = _plain(text)
        if any(word in plain and _begins(text, plain, word) for word in wanted):
            return part, called, _around(text, wanted)
    return None


def _texts(entry: CatalogEntry) -> Iterator[tuple[int, str, str]]:
    yield WORDS, "name", entry.name
    yield WORDS, "title", entry.title
    yield from ((MEANING, "term", text) for text in entry.terms)
    yield from ((MEANING, "synonym", text) for text in entry.synonyms)
    yield from ((COLUMN, "column", text) for text in entry.columns)
    yield from ((LABEL, "tag", text) for text in entry.tags)
    yield from ((LABEL, word, getattr(entry, word)) for word in ("owner", "steward", "classification", "kind"))
    yield TEXT, "description", entry.about


def _begins(text: str, plain: str, word: str) -> bool:
    """Whether a text, or one of the words in it, begins with this; names in camel case have words too."""
    if plain.startswith(word):
        return True
    return any(token.startswith(word) for token in _APART.split(plain)) or any(
        token.startswith(word) for token in _APART.split(_plain(_CAMEL.sub(" ", text)))
    )


def _plain(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower().strip()
    decomposed = unicodedata.normalize("NFKD", text.lower().strip())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _around(text: str, wanted: Sequence[str]) -> str:
    """A long text as what stands around the first word that matched."""
    if len(text) <= _LONGEST:
        return text
    at = max(0, min((place for word in wanted if (place := _plain(text).find(word)) >= 0), default=0) - _LONGEST // 3)
    begin = text.rfind(" ", 0, at) + 1 if at else 0
    return (
        ("…" if begin else "") + text[begin : begin + _LONGEST].rstrip() + ("…" if begin + _LONGEST < len(text) else "")
    )
