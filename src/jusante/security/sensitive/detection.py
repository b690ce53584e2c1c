"""Whether a column holds personal data, from its name, its type and a sample of its values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from jusante.security.sensitive.column_names import told_by_name
from jusante.security.sensitive.values import RULES, may_be_phone

SHARE = 0.8
"""The part of the filled values that must look like it."""
FEWEST = 3
CHECKED = {"card": 10, "cpf": 5, "cnpj": 4}
"""How many values it takes where check digits come out right by chance: one card number in ten, one CPF in a hundred."""
_PLURALS = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "name": "names of persons",
    "birth_date": "dates of birth",
    "ip": "IP addresses",
    "card": "card numbers",
    "iban": "bank accounts (IBAN)",
    "cpf": "taxpayers' numbers (CPF)",
    "cnpj": "companies' numbers (CNPJ)",
}
_BY_NAME_ALONE = {"name", "birth_date"}
_TEXTS = {"string", "json"}
_WHOLE = {"long", "int", "decimal(20,0)", "decimal(38,0)"}
_DATES = {"date", "timestamp", "timestamptz"}


@dataclass(frozen=True, slots=True)
class Likely:
    """Personal data that a column seems to hold. `share` is the part of the sample that looks like it; none for a name."""

    column: str
    kind: str
    by: Literal["name", "values"]
    share: float | None = None

    @property
    def words(self) -> str:
        """Why we think so, without a value."""
        if self.share is None:
            return f"its name is that of a column of {_PLURALS[self.kind]}"
        return f"{self.share:.0%} of its values look like {_PLURALS[self.kind]}"

    @property
    def reason(self) -> str:
        """The same in a few words."""
        return "by its name" if self.share is None else f"{self.share:.0%} of the values sampled"


def likely(column: str, kind: str, sample: Iterable[object], table: str = "") -> Likely | None:
    """What personal data a column of this type (as Iceberg names it) seems to hold; None where it seems to hold none."""
    named = told_by_name(column, table)
    texts = [text for value in sample if value is not None and (text := str(value).strip())]
    if kind in _TEXTS or kind in _WHOLE:
        found = _by_values(column, texts, named, is_number=kind in _WHOLE)
        if found:
            return found
    if named == "birth_date" and (kind in _DATES or (kind in _TEXTS and _dates(texts))):
        return Likely(column, named, "name")
    if named == "name" and kind in _TEXTS and _could_be_names(texts):
        return Likely(column, named, "name")
    return None


def _by_values(column: str, texts: list[str], named: str | None, *, is_number: bool) -> Likely | None:
    if not texts:
        return Likely(column, named, "name") if named and named not in _BY_NAME_ALONE and not is_number else None
    for kind, rule in RULES.items():
        fits = may_be_phone if kind == "phone" and named == "phone" else rule
        if is_number and named != kind and kind not in {"cpf", "cnpj", "card"}:
            continue
        share = sum(map(fits, texts)) / len(texts)
        if share >= SHARE and (named == kind or _is_enough(kind, texts)):
            return Likely(column, kind, "values", share)
    return None


def _is_enough(kind: str, texts: list[str]) -> bool:
    """Whether so many values are no chance: enough of them, and not the same few again and again."""
    least = CHECKED.get(kind, FEWEST)
    return len(texts) >= least and len(set(texts)) >= min(least, len(texts))


def _dates(texts: list[str]) -> bool:
    return not texts or sum(text[:1].isdigit() and len(text) <= 32 for text in texts) >= SHARE * len(texts)


def _could_be_names(texts: list[str]) -> bool:
    """Whether no rule speaks against it: names are short and hold letters, and hashes and codes do not."""
    fits = [any(c.isalpha() for c in text) and not any(c.isdigit() for c in text) and len(text) <= 80 for text in texts]
    return not fits or sum(fits) >= SHARE * len(fits)
