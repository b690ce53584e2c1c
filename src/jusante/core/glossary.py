"""Business terms: one word, one meaning, and the columns and charts that implement it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import Field

from jusante.core.classification import Classification
from jusante.core.noun import Noun
from jusante.core.place import Place


class Term(Noun):
    """A business term."""

    definition: str = Field(description="What it means, in a sentence or two that everybody signs.")
    synonyms: tuple[str, ...] = Field((), description="Other words for the same; none of them may be another term.")
    owner: str | None = Field(None, description="Who decides what it means; that of the file by default.")
    steward: str | None = Field(None, description="Who keeps it in order; that of the file by default.")
    columns: tuple[str, ...] = Field((), description="The columns that implement it: `marts.daily_sales.revenue`.")
    metrics: tuple[str, ...] = Field(
        (), description="The charts that show it, by dashboard and title: `sales.Revenue`."
    )
    differs: Mapping[str, str] = Field(
        default_factory=dict,
        description="Columns and metrics that are made differently from the first one, each with the reason why that is right.",
    )
    related: tuple[str, ...] = Field((), description="Other terms that a reader should know of.")
    classification: Classification | None = Field(None, description="How secret it is.")
    tags: tuple[str, ...] = ()


class GlossaryFile(Noun):
    """A file `glossary.yaml`, or one under `glossary/`."""

    owner: str | None = Field(None, description="Who decides, where a term does not say.")
    steward: str | None = Field(None, description="Who keeps the terms in order, where a term does not say.")
    terms: Mapping[str, Term] = Field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A term in the glossary: its name, and where it and the things it names stand."""

    name: str
    term: Term
    place: Place
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def where(self, named: str) -> Place:
        """Where the term names something; the term itself where it does not."""
        return self.places.get(named, self.place)

    @property
    def words(self) -> tuple[str, ...]:
        """The term and all words for the same."""
        return (self.name, *self.term.synonyms)


@dataclass(frozen=True)
class Glossary:
    """All terms, in the order of the files. A name may stand here twice: that is told, and not hidden."""

    entries: tuple[Entry, ...] = ()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, word: str) -> Entry | None:
        """The term that a word stands for, without regard to case."""
        wanted = word.lower()
        return next((each for each in self.entries if wanted in {name.lower() for name in each.words}), None)

    def of(self, column: str) -> tuple[Entry, ...]:
        """The terms that a column implements, by its name `table.column`."""
        wanted = column.lower()
        return tuple(each for each in self.entries if wanted in {name.lower() for name in each.term.columns})
