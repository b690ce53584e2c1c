"""`glossary.yaml` and `glossary/*.yaml`: the business terms."""

from collections.abc import Iterator
from pathlib import Path

from jusante.core.glossary import Entry, Glossary, GlossaryFile, Term
from jusante.core.place import Place
from jusante.engineering.project.context import Context
from jusante.engineering.project.documents import Document
from jusante.engineering.project.validating import validated


def read_glossary(context: Context) -> Glossary:
    """All terms of the project."""
    return Glossary(tuple(entry for path in _files(context) for entry in _entries(context, path)))


def _files(context: Context) -> Iterator[Path]:
    yield from context.files("", "glossary.yaml", "glossary.yml")
    yield from context.files("glossary", "**/*.yaml", "**/*.yml")


def _entries(context: Context, path: Path) -> Iterator[Entry]:
    document = context.document(path)
    file = validated(GlossaryFile, document.data, document, (), context.findings) if document else None
    for name, term in file.terms.items() if document and file else ():
        settled = {"owner": term.owner or file.owner, "steward": term.steward or file.steward} if file else {}
        if document:
            place = document.place(("terms", name))
            yield Entry(name, term.model_copy(update=settled), place, dict(_places(document, name, term)))


def _places(document: Document, name: str, term: Term) -> Iterator[tuple[str, Place]]:
    for key in ("columns", "metrics", "related", "synonyms"):
        for number, named in enumerate(getattr(term, key)):
            yield named, document.place(("terms", name, key, number))
    for named in term.differs:
        yield named, document.place(("terms", name, "differs", named))
