"""What is wrong with how a model says that it is made."""

from jusante.core import interval
from jusante.core.model import Model
from jusante.engineering.project.documents import Document
from jusante.engineering.project.problems import Findings


def check_kind(header: Model, document: Document, findings: Findings) -> None:
    """Tell what a kind lacks, and what stands there that belongs to another kind."""
    by_time = header.kind == "by_time"
    if by_time and not header.time:
        what = "a model by time has to say which column its time is"
        findings.add("J220", what, document.place(("kind",)), "time: day")
    if header.kind == "by_key" and not header.grain:
        what = "a model by key has to say what its key is"
        findings.add("J223", what, document.place(("kind",)), "grain: [order_id]")
    for key in ("interval", "start"):
        if not by_time and getattr(header, key) is not None:
            what = f"{key} belongs to models of kind by_time, this is of kind {header.kind}"
            findings.add("J221", what, document.place((key,)), "write kind: by_time, or leave it out")
    if header.history and header.kind != "by_key":
        what = f"a history belongs to models of kind by_key, this is of kind {header.kind}"
        findings.add("J225", what, document.place(("history",)), "write kind: by_key and its grain")
    if header.start is not None:
        _check_start(header.start, document, findings)


def _check_start(start: str, document: Document, findings: Findings) -> None:
    try:
        interval.parse(start)
    except ValueError as error:
        findings.add("J221", str(error), document.place(("start",)), 'start: "2026-01-01"')
