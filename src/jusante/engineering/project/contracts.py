"""`contracts/*.odcs.yaml`: what the owners of sources promise, in the words of the Open Data Contract Standard.

A contract is that of the source its file is named after, or of the one that the custom property `jusanteSource` names.
Whether it keeps to the standard as a whole is asked by `check` (`standard`), not each time a project is opened.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jusante.core.contract import SOURCE_PROPERTY, Contract, ContractFile
from jusante.core.place import Place
from jusante.engineering.project.context import Context
from jusante.engineering.project.documents import Document, parse
from jusante.engineering.project.problems import Findings, ProjectProblems
from jusante.engineering.project.validating import validated

FOLDER = "contracts"
ENDINGS = (".odcs.yaml", ".odcs.yml")


def read_contracts(context: Context) -> Mapping[str, Contract]:
    """Every contract by the source it is for."""
    found: dict[str, Contract] = {}
    for path in contract_files(context):
        document = context.document(path)
        contract = read_contract(document, context.findings) if document else None
        if contract and contract.source in found:
            what = f"source {contract.source} has a contract already, {found[contract.source].place.file}"
            context.findings.add("J112", what, contract.place, "keep one of the two")
        elif contract:
            found[contract.source] = contract
    return found


def contract_files(context: Context) -> Iterator[Path]:
    """The files that are contracts."""
    return context.files(FOLDER, *(f"*{ending}" for ending in ENDINGS))


def read_text(text: str, file: str) -> Contract:
    """A contract that lies in no project now. Raises ProjectProblems where it is none."""
    findings = Findings()
    document = parse(text, file, findings)
    contract = read_contract(document, findings) if document else None
    if contract is None:
        raise ProjectProblems(findings.errors)
    return contract


def read_contract(document: Document, findings: Findings) -> Contract | None:
    """A contract; None, and findings, where it is none."""
    terms = validated(ContractFile, document.data, document, (), findings)
    if terms is None:
        return None
    source = terms.custom(SOURCE_PROPERTY) or Path(document.file).name.partition(".")[0]
    return Contract(str(source), terms, document.place(), places(document, terms))


def places(document: Document, terms: ContractFile) -> dict[tuple[str, str], Place]:
    """Where tables and columns stand in the document."""
    found = {}
    for number, table in enumerate(terms.objects):
        found[(table.name.lower(), "")] = document.place(("schema", number))
        for column_number, column in enumerate(table.properties):
            place = document.place(("schema", number, "properties", column_number))
            found[(table.name.lower(), column.at_source.lower())] = place
    return found
