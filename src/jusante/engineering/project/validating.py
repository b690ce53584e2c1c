"""Plain data into nouns; what pydantic has against it, in plain words with file and line."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from jusante.core.names import nearest
from jusante.engineering.project.documents import Document, Path
from jusante.engineering.project.problems import Findings

_Noun = TypeVar("_Noun", bound=BaseModel)

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def validated(
    noun: type[_Noun], data: Any, document: Document, path: Path, findings: Findings, also_known: Iterable[str] = ()
) -> _Noun | None:
    """The noun that the data describe; None, and findings, where they describe none."""
    try:
        return noun.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _tell(noun, detail, document, path, findings, tuple(also_known))
        return None


def _tell(
    noun: type[BaseModel],
    detail: Mapping[str, Any],
    document: Document,
    path: Path,
    findings: Findings,
    also_known: tuple[str, ...],
) -> None:
    inside = _path_in(document, path, detail["loc"])
    where = document.place(inside)
    key = _called(inside) or document.file
    kind = str(detail["type"])
    if kind == "extra_forbidden":
        known = [*_keys_at(noun, detail["loc"]), *(also_known if len(detail["loc"]) == 1 else ())]
        near = nearest(key, known)
        fix = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known))}"
        findings.add("J102", f"unknown key {key}", where, fix)
    elif kind == "missing":
        findings.add("J104", f"{key} is missing", where, f"write {key}: …")
    else:
        what, fix = _wrong_value(kind, detail)
        findings.add("J103", f"{key}: {what}", where, fix)


def _wrong_value(kind: str, detail: Mapping[str, Any]) -> tuple[str, str]:
    context = detail.get("ctx", {})
    shown = repr(detail["input"]) if isinstance(detail["input"], str | int | float | bool) else "this"
    if kind in {"literal_error", "enum"}:
        allowed = context["expected"].replace("'", "")
        near = nearest(str(detail["input"]), allowed.replace(" or ", ", ").split(", "))
        return f"{shown} is not one of {allowed}", f"did you mean {near}?" if near else ""
    if kind in _EXPECTED:
        return f"{shown} is not {_EXPECTED[kind]}", ""
    if kind == "value_error":
        what, _, fix = str(context.get("error", detail["msg"])).partition("; ")
        return what, fix
    if "union_tag" in kind:
        return "this is no check", "see the list of checks: not_null, unique, positive, range …"
    limits = {
        "greater_than_equal": "ge",
        "greater_than": "gt",
        "less_than_equal": "le",
        "less_than": "lt",
        "string_pattern_mismatch": "pattern",
    }
    if kind in limits:
        words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "pattern": "of the form"}[
            limits[kind]
        ]
        return f"{shown} must be {words} {context[limits[kind]]}", ""
    return str(detail["msg"]), ""


def _called(path: Path) -> str:
    """What the last step of a path is called; an item of a list by its number, from 1."""
    last = path[-1] if path else ""
    return last if isinstance(last, str) else f"{_called(path[:-1])} {last + 1}"


def _path_in(document: Document, path: Path, location: tuple[str | int, ...]) -> Path:
    """Where in the document a pydantic location is; names of union members, which stand in no document, are left out."""
    found = path
    for number, step in enumerate(location):
        if (*found, step) in document.lines or number == len(location) - 1:
            found = (*found, step)
    return found


def _keys_at(noun: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that the noun at a location knows, as documents write them."""
    current: Any = noun
    for step in location[:-1]:
        current = _inner(current, step)
    if not (isinstance(current, type) and issubclass(current, BaseModel)):
        return []
    return [field.alias or name for name, field in current.model_fields.items() if name != "options"]


def _inner(current: Any, step: str | int) -> Any:
    """The noun below a field, looking through optional, lists, mappings and unions."""
    if isinstance(current, type) and issubclass(current, BaseModel):
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        return _first_noun(fields[str(step)].annotation, None) if str(step) in fields else current
    return current


def _first_noun(annotation: Any, fallback: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _first_noun(argument, None)
        if found is not None:
            return found
    return fallback
