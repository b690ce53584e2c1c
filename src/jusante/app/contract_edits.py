"""What a decision about a change at a source means for the contract that promised otherwise."""

from jusante.app.edits import Draft
from jusante.app.system import System
from jusante.core.contract_types import described
from jusante.core.drift import Finding
from jusante.engineering.project.rewriting import Path, Text


def edit_contract(system: System, draft: Draft, finding: Finding) -> None:
    """The contract promises what the source does now: the new name, the new type, or the column no more."""
    source, _, table = finding.table.partition(".")
    contract = system.project.contracts.get(source)
    if contract is None:
        return
    file = contract.place.file
    text = Text(draft.text(file))
    found = _property(text, table, finding)
    if found is None:
        return
    match finding.change:
        case "renamed":
            for key in ("name", "physicalName"):
                if text.has((*found, key)) and text.value((*found, key)).lower() == finding.column.lower():
                    text.set((*found, key), str(finding.to))
        case "dropped":
            text.remove_entry(found)
        case "retyped":
            _retype(text, found, finding, draft, str(contract.place))
    draft.texts[file] = text.text


def _property(text: Text, table: str, finding: Finding) -> Path | None:
    """Where the contract speaks of the column, under its old name or, after a rename, its new one."""
    tables = [p[:2] for p, value in text.scalars(("schema",)) if len(p) == 3 and p[2] == "name" and value == table]
    names = {finding.column.lower(), (finding.to or finding.column).lower()}
    for place in tables:
        for path, value in text.scalars((*place, "properties")):
            if len(path) == 5 and path[4] in {"name", "physicalName"} and value.lower() in names:
                return path[:4]
    return None


def _retype(text: Text, place: Path, finding: Finding, draft: Draft, where: str) -> None:
    promised = described(finding.after)
    options = promised.get("logicalTypeOptions", {})
    if text.has((*place, "logicalTypeOptions")) or text.has((*place, "physicalType")):
        draft.manual.append((where, f"promise {finding.column} as {finding.after}"))
        return
    if text.has((*place, "logicalType")):
        text.set((*place, "logicalType"), str(promised["logicalType"]))
    if options:
        said = ", ".join(
            f"{key}: {str(value).lower() if isinstance(value, bool) else value}" for key, value in options.items()
        )
        text.put(place, "logicalTypeOptions", f"{{{said}}}")
