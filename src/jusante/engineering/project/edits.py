"""One key put into a YAML text, where it belongs, with all comments and all formatting left as they are.

The place is found by the marks of the parser, and the text that comes out is parsed again: if anything but the one key
is another than before, nothing is written.
"""

import copy
from typing import Any

import yaml

from jusante.engineering.project.documents import Path, parse
from jusante.engineering.project.problems import Findings
from jusante.errors import UsageError


def with_key(text: str, path: tuple[str, ...], value: str) -> str:
    """The text with a value, written as YAML in one line, under a path of keys; missing mappings on the way are made.

    Raises UsageError where that cannot be done without a change to something else.
    """
    before = _data(text)
    edited = _edited(text, path, value)
    wanted = copy.deepcopy(before)
    _put(wanted, path, yaml.safe_load(value))
    if edited is None or _data(edited) != wanted:
        raise UsageError(
            f"{'.'.join(path)} cannot be written into the file without a change to something else",
            fix=f"write it by hand: {path[-1]}: {value}",
        )
    return edited


def _data(text: str) -> Any:
    findings = Findings()
    document = parse(text, "", findings)
    return document.data if document and not findings.problems else None


def _put(data: Any, path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        if not isinstance(data.get(step), dict):
            data[step] = {}
        data = data[step]
    data[path[-1]] = value


def _edited(text: str, path: tuple[str, ...], value: str) -> str | None:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for number, step in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            return None
        found = next(((key, inner) for key, inner in node.value if key.value == step), None)
        rest = path[number:]
        if found is None:
            return _inserted(text, node, rest, value)
        key, inner = found
        if isinstance(inner, yaml.ScalarNode):
            is_empty = inner.value in {"", "~", "null"} and inner.style is None
            return (
                _replaced(text, key, inner, _nested(path[number + 1 :], value)) if is_empty or len(rest) == 1 else None
            )
        if isinstance(inner, yaml.MappingNode) and not inner.value and len(rest) > 1:
            return text[: inner.start_mark.index] + _nested(rest[1:], value) + text[inner.end_mark.index :]
        node = inner
    return None


def _nested(path: Path, value: str) -> str:
    """`{columns: {email: {sensitive: email}}}`: the keys that are left, around the value."""
    written = value
    for step in reversed(path):
        written = f"{{{_plain(str(step))}: {written}}}"
    return written


def _replaced(text: str, key: Any, inner: Any, written: str) -> str:
    if inner.start_mark.index == inner.end_mark.index:  # nothing stands there
        colon = text.index(":", key.end_mark.index) + 1
        return f"{text[:colon]} {written}{text[colon:]}"
    return text[: inner.start_mark.index] + written + text[inner.end_mark.index :]


def _inserted(text: str, node: Any, rest: tuple[str, ...], value: str) -> str:
    """The key after the last one of a mapping, written as that mapping is."""
    first, *more = rest
    if node.flow_style:
        end = node.end_mark.index - 1
        kept = text[:end].rstrip()
        comma = ", " if node.value and not kept.endswith(",") else ""
        return f"{kept}{comma}{_plain(first)}: {_nested(tuple(more), value)}{text[len(kept) if kept.endswith('{') else end :]}"
    indent = " " * node.start_mark.column
    lines = [f"{indent}{_plain(first)}: {value if not more else ''}".rstrip()]
    for depth, step in enumerate(more, start=1):
        is_last = depth == len(more)
        lines.append(f"{indent}{'  ' * depth}{_plain(step)}:" + (f" {value}" if is_last else ""))
    at = _end_of_line(text, _last_index(node))
    end = "\r\n" if "\r\n" in text else "\n"
    before = text[:at] if text[:at].endswith("\n") else text[:at] + end
    return before + end.join(lines) + end + text[at:]


def _last_index(node: Any) -> int:
    """Where the last thing in a mapping ends: a block's own mark lies behind the comments that follow it."""
    key, inner = node.value[-1]
    if isinstance(inner, yaml.MappingNode | yaml.SequenceNode) and not inner.flow_style and inner.value:
        return _last_index(inner) if isinstance(inner, yaml.MappingNode) else _last_item(inner)
    if isinstance(inner, yaml.ScalarNode) and inner.style in {"|", ">"}:
        return int(inner.end_mark.index) - 1
    return int(max(key.end_mark.index, inner.end_mark.index))


def _last_item(node: Any) -> int:
    last = node.value[-1]
    if isinstance(last, yaml.MappingNode) and not last.flow_style:
        return _last_index(last)
    if isinstance(last, yaml.SequenceNode) and not last.flow_style and last.value:
        return _last_item(last)
    return int(last.end_mark.index)


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _plain(key: str) -> str:
    """A key as YAML takes it: as it is where it is a plain word, else quoted."""
    is_plain = key.replace("_", "").isalnum() and key.isascii() and not key.isdigit() and yaml.safe_load(key) == key
    return key if is_plain else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
