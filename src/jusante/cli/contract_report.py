"""How a test of contracts, and a comparison of two versions, are told."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from jusante.cli.console import marked, out
from jusante.core.words import counted

if TYPE_CHECKING:
    from jusante.app.contract_changes import Comparison, Judged
    from jusante.management.contracts.testing import Tested

_SHOWN = 6
"""How many of the things that are touched are named; the rest are counted."""


def tell_tested(tested: "Tested") -> None:
    """What is broken, what is only told, what could not be told, and the sum."""
    console = out()
    for breach in sorted(tested.breaches, key=lambda each: each.light):
        mark, colour = ("!", "yellow") if breach.light else ("✗", "red")
        console.print(Text.assemble((mark, colour), " ", (breach.subject, "bold"), "  ", breach.what))
        console.print(Text.assemble(("  at   ", "dim"), breach.where))
        if breach.fix:
            console.print(Text.assemble(("  fix  ", "dim"), breach.fix))
    for title, lines in (("not tested", tested.untold), ("there, and not promised", tested.unpromised)):
        for line in lines:
            console.print(Text.assemble(("·", "dim"), f" {line}  ", (title, "dim")), style="dim")
    broken = sum(not breach.light for breach in tested.breaches)
    sums = f"{counted(tested.promises, 'promise')} of {counted(tested.tables, 'table')}"
    said = (f"{counted(broken, 'promise')} broken", "bold red") if broken else ("kept", "bold green")
    console.print(Text.assemble((tested.source, "bold"), "  ", said, f"  {sums}"))


def tell_comparison(compared: "Comparison") -> None:
    """Each change with its reason; of a breaking one who promised, who relies on it, and what is touched."""
    console = out()
    for each in compared.changes:
        for line in _lines(each):
            console.print(line)
    for version in compared.versions:
        console.print(Text.assemble(("!", "yellow"), " ", version))
    breaking, compatible = len(compared.breaking), len(compared.changes) - len(compared.breaking)
    if not compared.changes:
        console.print(marked("✓", "green", "nothing changed in what is promised"))
        return
    owners = dict.fromkeys(owner for each in compared.breaking for owner in each.consumers)
    tell = f"  Talk to {', '.join(owners)}" if owners else ""
    console.print(Text.assemble("\n", (f"{breaking} breaking, {compatible} compatible", "bold"), tell))


def _lines(judged: "Judged") -> Iterator[Text]:
    change = judged.change
    mark, colour, word = ("✗", "red", "breaking") if change.breaking else ("✓", "green", "compatible")
    subject = f"{judged.source}.{change.subject}" if change.table else judged.source
    yield Text.assemble((mark, colour), " ", (subject, "bold"), f"  {change.what}  ", (word, colour))
    yield Text.assemble(("  why   ", "dim"), change.reason)
    if not change.breaking:
        return
    yield Text.assemble(("  at    ", "dim"), str(judged.place), (f"  promised by {judged.producer or 'nobody'}", "dim"))
    if judged.touched:
        yield Text.assemble(("  hits  ", "dim"), _hits(judged))
        yield Text.assemble(("  tell  ", "dim"), ", ".join(judged.consumers) or "nobody owns them")


def _hits(judged: "Judged") -> str:
    shown = [each.id for each in judged.touched[:_SHOWN]]
    more = len(judged.touched) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def tell_annotations(compared: "Comparison") -> None:
    """One workflow command a change (GitHub Docs, "Workflow commands"): error for what breaks, notice for the rest."""
    for each in compared.changes:
        level = "error" if each.change.breaking else "notice"
        subject = f"{each.source}.{each.change.subject}" if each.change.table else each.source
        hits = f". Touches {_hits(each)}; tell {', '.join(each.consumers)}" if each.touched else ""
        message = f"{each.change.what} ({each.change.reason}){hits}"
        place = f"file={_property(each.place.file)},line={each.place.line or 1}"
        print(f"::{level} {place},title={_property(subject)}::{_data(message)}")
    for version in compared.versions:
        print(f"::warning title=version::{_data(version)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
