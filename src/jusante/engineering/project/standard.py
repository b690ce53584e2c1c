"""Whether a contract keeps to the Open Data Contract Standard: asked of the standard's own JSON Schema.

The schema comes with the package `open-data-contract-standard` (the extra `contracts`); it takes a tenth of a second to
ask, so `check` and `contract` do, and a run does not.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

from jusante.core.names import nearest
from jusante.engineering.project.documents import Document, Path
from jusante.engineering.project.problems import Findings
from jusante.errors import ExtraMissing

READABLE = re.compile(r"v3\.\d+\.\d+")
_UNEXPECTED = re.compile(r"'([^']*)'")


def is_installed() -> bool:
    """Whether the standard's schema is at hand."""
    try:
        _validator()
    except ExtraMissing:
        return False
    return True


def hold_against_standard(document: Document, findings: Findings) -> None:
    """Tell every way in which a contract breaks the standard, each once. Raises ExtraMissing without the schema."""
    version = str(document.data.get("apiVersion", ""))
    if version and not READABLE.fullmatch(version):
        place = document.place(("apiVersion",))
        findings.add("J155", f"apiVersion {version} is not one of ODCS 3", place, "write apiVersion: v3.1.0")
        return
    told: set[tuple[Path, str]] = set()
    errors = list(_leaves(_validator().iter_errors(document.data)))
    for error in errors:
        path: Path = tuple(error.absolute_path)
        for what, fix, at in _told(error, path, errors):
            if (at, what) not in told:
                told.add((at, what))
                findings.add("J155", what, document.place(at), fix)


@functools.cache
def _validator() -> Any:
    try:
        from jsonschema import Draft201909Validator

        text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        fix = "pip install 'jusante[contracts]'"
        raise ExtraMissing("the schema of the Open Data Contract Standard is not installed", fix=fix) from None
    return Draft201909Validator(json.loads(text))


def _leaves(errors: Iterable[Any]) -> Iterator[Any]:
    """The errors themselves; of alternatives none of which fits, those of the one that was most likely meant."""
    for error in errors:
        meant = _meant(error)
        if meant:
            yield from _leaves(meant)
        else:
            yield error


def _meant(error: Any) -> list[Any]:
    """What the alternative that was most likely meant has against a value; none where that says nothing more."""
    found: dict[Any, list[Any]] = {}
    for inner in error.context or () if error.validator in {"oneOf", "anyOf"} else ():
        found.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [branch for branch in found.values() if not any(_is_other_kind(inner) for inner in branch)]
    missing = all(inner.validator == "required" for branch in fitting for inner in branch)
    return [] if missing else min(fitting, key=len)


def _is_other_kind(error: Any) -> bool:
    return error.validator == "type" and not error.relative_path


def _told(error: Any, path: Path, errors: list[Any]) -> Iterator[tuple[str, str, Path]]:
    """One error in our words, and where: what is wrong, the fix, the path in the document."""
    key = _called(path)
    match error.validator:
        case "required":
            name = error.message.split("'")[1]
            if not _is_artefact(name, error.instance):
                yield f"{key} lacks {name}", f"write {name}: …", path
        case "additionalProperties" | "unevaluatedProperties":
            for name in _strangers(error, path, errors):
                near = nearest(name, _known_keys())
                fix = f"did you mean {near}?" if near else "what is your own goes under customProperties"
                yield f"{name} is no key of {key} in the standard", fix, (*path, name)
        case "enum":
            near = nearest(str(error.instance), [str(value) for value in error.validator_value])
            fix = f"did you mean {near}?" if near else f"one of {', '.join(map(str, error.validator_value))}"
            yield f"{key}: {error.instance!r} is not a value of the standard", fix, path
        case "type":
            kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
            yield f"{key}: this is not {' or '.join(_KINDS.get(str(kind), str(kind)) for kind in kinds)}", "", path
        case "oneOf" | "anyOf":
            yield _alternatives(error, key, path)
        case _:
            yield f"{key}: {error.message}", "", path


_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def _alternatives(error: Any, key: str, path: Path) -> tuple[str, str, Path]:
    """A value that fits none of several forms, or more than one."""
    wanted = [name for each in error.validator_value for name in each.get("required", ())]
    there = [name for name in wanted if isinstance(error.instance, dict) and name in error.instance]
    if len(there) > 1:
        return f"{key} has {' and '.join(there)}: it takes one of them", "keep one", path
    if wanted:
        return f"{key} lacks one of {', '.join(dict.fromkeys(wanted))}", f"write {wanted[0]}: …", path
    return f"{key} has none of the forms that the standard knows", "see the standard", path


def _is_artefact(name: str, instance: Any) -> bool:
    """The schema of 3.2.0 asks every column without a logicalType for `map`, which is for columns that are maps."""
    return name == "map" and isinstance(instance, dict) and instance.get("logicalType") != "map"


def _strangers(error: Any, path: Path, errors: list[Any]) -> list[str]:
    """The keys that an error calls unexpected. Where something else is wrong there, known keys are called so as well."""
    names = _UNEXPECTED.findall(error.message.partition("(")[2])
    others = any(
        other.validator not in {"unevaluatedProperties", "additionalProperties"}
        and tuple(other.absolute_path)[: len(path)] == path
        for other in errors
    )
    return [name for name in names if not (others and name in _known_keys())]


@functools.cache
def _known_keys() -> frozenset[str]:
    """Every key that the standard has a word for, wherever it stands."""
    found: set[str] = set()
    waiting: list[Any] = [_validator().schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found |= set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return frozenset(found)


def _called(path: Path) -> str:
    """What stands at a path, in words: `schema 1, properties 2, quality 1`."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int) and words:
            words[-1] += f" {step + 1}"
        else:
            words.append(str(step))
    return ", ".join(words) or "the contract"
