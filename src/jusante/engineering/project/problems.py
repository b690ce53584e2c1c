"""The problems of a project while it is read: gathered, not raised, so that all are told at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jusante.core.place import Place
from jusante.core.problem import Problem
from jusante.errors import ProjectInvalid

CODES: Mapping[str, str] = {
    "J101": "a file cannot be read, or is not valid YAML",
    "J102": "an unknown key",
    "J103": "a value that does not fit",
    "J104": "a key that must be there is missing",
    "J105": "an environment variable or file that is referred to is missing",
    "J106": "a secret stands in a file, not by reference",
    "J110": "a table that nobody makes",
    "J111": "assets that read each other in a circle",
    "J112": "a name that is taken twice",
    "J113": "SQL that cannot be understood",
    "J114": "a Python model that cannot be understood",
    "J115": "a check that cannot hold what it promises",
    "J120": "an unknown kind",
    "J121": "something that this version cannot do yet",
    "J130": "nobody owns it (a warning)",
    "J131": "a schedule that cannot be read, or that never comes",
    "J132": "a time zone that there is not",
    "J133": "a deadline that cannot be read",
    "J134": "a condition that cannot be looked at",
    "J135": "a duration that cannot be read",
    "J136": "times that contradict one another",
    "J137": "a pool that nobody has made",
    "J138": "a limit of memory that nobody can keep",
    "J140": "a sensitive column reaches a place that is not for its purpose",
    "J141": "a model declares a column free of personal data that it does not have",
    "J142": "the declared lineage of a model names what is not there",
    "J145": "a hash without a key of values so few that all can be tried (a warning)",
    "J146": "a sensitive column is a cursor, whose values stand in the ledger",
    "J147": "a model opens files or databases past the graph, where personal data cannot be followed (a warning)",
    "J148": "how a kind of personal data is handled is told, and no column is of it (a warning)",
    "J150": "a column that may hold personal data, and nobody has decided",
    "J151": "a mask that cannot be made here",
    "J152": "a key of masks that can be guessed",
    "J153": "a subject that cannot tell persons apart",
    "J154": "a column that is said to be personal data, and not to be",
    "J155": "a contract breaks the Open Data Contract Standard",
    "J156": "a contract and the project speak of different tables or columns",
    "J157": "a contract promises a type that the project's own declaration does not fit",
    "J158": "a contract names nobody who answers for it (a warning)",
    "J159": "a contract could not be held against the standard: the extra is not installed (a warning)",
    "J160": "a join inflates what is added up",
    "J161": "nothing proves that a join does not inflate what is added up",
    "J162": "a join gives more rows than the grain says",
    "J163": "a join without a condition",
    "J164": "a filter that files cannot be skipped by",
    "J165": "all columns of what somebody else owns",
    "J166": "a result that differs each time",
    "J167": "a full read of a source that falls into its quiet hours",
    "J168": "NOT IN with values that may be null",
    "J169": "columns of different types are compared",
    "J170": "a left join that a filter undoes",
    "J171": "some rows, nobody knows which",
    "J172": "an average of averages",
    "J173": "what is missing is counted as one",
    "J174": "a join weights what is averaged",
    "J175": "what another model repeats is added up",
    "J180": "a word of the glossary that stands for two things",
    "J181": "a term names a column, chart or term that is not there",
    "J182": "one term, two meanings: columns that claim it are made differently",
    "J183": "a term that nothing implements (a warning)",
    "J184": "a term that nobody owns (a warning)",
    "J185": "a difference that a term accepts, and that is none (a warning)",
    "J186": "something is less secret than a term it implements (a warning)",
    "J190": "a dbt project that has no manifest, or has not been imported yet",
    "J191": "a dbt manifest, or an import, that cannot be read",
    "J192": "a dbt project that changed since it was imported (a warning)",
    "J193": "a dbt model whose imported SQL cannot be understood",
    "J194": "two dbt models under one name",
    "J195": "a link names a dbt model or source that there is not",
    "J197": "something made here reads a table that only dbt makes",
    "J198": "dbt failed",
    "J199": "dbt is not there, or not of a version that is known to work",
    "J220": "a model by time that does not say which column its time is",
    "J221": "interval or start where there are no intervals, or a start that is no time",
    "J222": "a Python model of a kind that only queries can have",
    "J223": "a model by key that does not say what its key is",
    "J224": "a model of kind append whose rows cannot be added one by one",
    "J225": "a history of a model that is not made by key",
    "J230": "a budget of somebody who owns nothing",
    "J231": "a budget of something that is not made here",
    "J232": "a budget that is never passed (a warning)",
    "J233": "a budget larger than the one that it is within (a warning)",
    "J240": "a webhook that nobody may call",
    "J241": "a message, and no broker to bring it",
    "J242": "an asset of another project that cannot be found from here",
    "J243": "a webhook that anybody could call, or nobody: its key can be guessed, or is none",
    "J244": "a condition whose query cannot be asked",
}


class ProjectProblems(ProjectInvalid):
    """All that is wrong in a project."""

    def __init__(self, problems: list[Problem]) -> None:
        first, more = problems[0], len(problems) - 1
        super().__init__(first.what + (f" (and {more} more)" if more else ""), where=first.where, fix=first.fix)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(
            "\n".join([f"{p.code} {p.what}", f"  at   {p.where}", *([f"  fix  {p.fix}"] if p.fix else [])])
            for p in self.problems
        )


@dataclass(slots=True)
class Findings:
    """Where problems are gathered."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    """Namespaces and tables whose files have problems of their own: that nobody makes them is then no news."""

    def add(self, code: str, what: str, where: Place | str, fix: str = "") -> None:
        """One more error."""
        assert code in CODES, code
        self.problems.append(Problem(code, "error", what, str(where), fix))

    def warn(self, code: str, what: str, where: Place | str, fix: str = "") -> None:
        """One more warning."""
        self.problems.append(Problem(code, "warning", what, str(where), fix))

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep the project from being used, by file and line."""
        return sorted((p for p in self.problems if p.severity == "error" and not lacks_secret(p)), key=by_place)

    @property
    def unready(self) -> tuple[Problem, ...]:
        """The problems that keep some sources from being asked; what was loaded from them can be used all the same."""
        return tuple(problem for problem in self.problems if lacks_secret(problem))


def lacks_secret(problem: Problem) -> bool:
    """Whether a source's secret is not here. Who only asks the lakehouse needs none of them."""
    return problem.code == "J105" and problem.where.startswith("sources/")


def by_place(problem: Problem) -> tuple[str, int]:
    """The order in which problems are told: by file and line."""
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.where, 0)
