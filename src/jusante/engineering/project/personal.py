"""What a source file says of personal data, as far as it can be wrong without a look at any."""

from collections.abc import Iterator

from jusante.core.source import ColumnRule, SourceTable
from jusante.engineering.project.documents import Document, Path
from jusante.engineering.project.problems import Findings

_Wrong = tuple[str, Path, str, str]
"""Code, where in the table, what, and the fix."""


def check_personal(document: Document, name: str, table: SourceTable, findings: Findings) -> None:
    """Masks that would break the table, subjects that tell nobody apart, columns of which two things are said."""
    for code, path, what, fix in (*_columns(table), *_subject(table)):
        findings.add(code, f"{name}: {what}", document.place(("tables", name, *path)), fix)


def _columns(table: SourceTable) -> Iterator[_Wrong]:
    for column, rule in table.columns.items():
        path = ("columns", column)
        if rule.not_personal and (rule.sensitive or rule.purpose):
            yield "J154", path, f"{column} is said to be sensitive, and to be not_personal", "keep one of the two"
        if (rule.sensitive or "").lower() in {"none", "no", "false"}:
            fix = f"write `{column}: {{not_personal: <why>}}`"
            yield "J154", (*path, "sensitive"), f"{column}: {rule.sensitive} is no kind of personal data", fix
        if rule.mask:
            yield from _mask(table, column, rule)


def _mask(table: SourceTable, column: str, rule: ColumnRule) -> Iterator[_Wrong]:
    assert rule.mask is not None
    path = ("columns", column, "mask")
    if column.lower() == (table.ingest.cursor or "").lower():
        fix = "take another cursor, or leave the mask out: how far a load came is kept as it is"
        yield "J151", path, f"the cursor {column} cannot be masked", fix
    if column.lower() in {part.lower() for part in table.key} and not rule.mask.is_one_to_one:
        fix = "mask it by hash or tokenise: these keep different values different"
        yield "J151", path, f"{column} is in the key, and masked by {rule.mask} it would tell rows apart no more", fix
    if rule.type:
        try:
            rule.mask.type_of(rule.type)
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            yield "J151", path, f"{column}: {what}", fix


def _subject(table: SourceTable) -> Iterator[_Wrong]:
    if table.subject is None:
        return
    rule = table.rule(table.subject.column)
    if rule.is_withheld:
        yield "J153", ("subject",), f"the subject {table.subject.column} is not read", "give it a purpose"
    elif rule.mask and rule.mask.kind != "hash":
        fix = "leave the mask out, or take hash: a row must still say whose it is"
        yield "J153", ("subject",), f"the subject {table.subject.column} is masked by {rule.mask}", fix
    in_key = table.subject.column.lower() in {part.lower() for part in table.key}
    if in_key and table.subject.erase == "values":
        fix = "leave `erase` out: rows whose key is the person go as a whole"
        yield (
            "J153",
            ("subject", "erase"),
            f"the subject {table.subject.column} is in the key and cannot be emptied",
            fix,
        )
