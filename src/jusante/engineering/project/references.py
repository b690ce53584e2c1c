"""Secrets by reference: `${env:NAME}` and `${file:PATH}` become `Secret`s; a secret that is written out is a problem."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jusante.core.secret import Secret
from jusante.engineering.project.documents import Document
from jusante.engineering.project.documents import Path as KeyPath
from jusante.engineering.project.problems import Findings

_REFERENCE = re.compile(r"\$\{(\w+):([^}]+)\}")
PASSWORD_IN_URL = re.compile(r"\w+://[^/@\s:]*:([^@/\s]+)@")
_NOT_YET = {"keyring", "vault"}


def resolved(
    value: Any, path: KeyPath, document: Document, folder: Path, variables: Mapping[str, str], findings: Findings
) -> Any:
    """The value with every text that holds a reference replaced by a Secret, however deep it stands."""
    if isinstance(value, dict):
        return {k: resolved(v, (*path, k), document, folder, variables, findings) for k, v in value.items()}
    if isinstance(value, list):
        return [resolved(v, (*path, i), document, folder, variables, findings) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    _refuse_written_out(value, path, document, findings)
    if not _REFERENCE.search(value):
        return value

    def lookup(found: re.Match[str]) -> str:
        return _lookup(found[1], found[2], path, document, folder, variables, findings)

    return Secret(_REFERENCE.sub(lookup, value))


def unresolved(value: Any) -> Any:
    """The value with an empty Secret for every text that holds a reference: it is known to be one, and not looked up."""
    if isinstance(value, dict):
        return {key: unresolved(each) for key, each in value.items()}
    if isinstance(value, list):
        return [unresolved(each) for each in value]
    return Secret("") if isinstance(value, str) and _REFERENCE.search(value) else value


def _refuse_written_out(value: str, path: KeyPath, document: Document, findings: Findings) -> None:
    found = PASSWORD_IN_URL.search(value)
    if found and not _REFERENCE.search(found[1]):
        findings.add(
            "J106",
            "a password is written into this connection",
            document.place(path),
            "write it as ${env:NAME} and set NAME",
        )


def _lookup(  # noqa: PLR0913
    kind: str,
    name: str,
    path: KeyPath,
    document: Document,
    folder: Path,
    variables: Mapping[str, str],
    findings: Findings,
) -> str:
    if kind == "env":
        if name in variables:
            return variables[name]
        findings.add("J105", f"the environment variable {name} is not set", document.place(path), f"export {name}=…")
    elif kind == "file":
        try:
            return (folder / name).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            findings.add(
                "J105", f"the file {name} cannot be read", document.place(path), "create it, readable for you alone"
            )
    elif kind in _NOT_YET:
        findings.add(
            "J121", f"{kind}: references are not available yet", document.place(path), "use ${env:NAME} or ${file:PATH}"
        )
    else:
        findings.add(
            "J103", f"{kind}: is no place for secrets", document.place(path), "use ${env:NAME} or ${file:PATH}"
        )
    return ""
