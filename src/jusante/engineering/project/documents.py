"""YAML with the line of each key and value.

As in YAML 1.2's core schema, only `true` and `false` are booleans (so `on:` and `no` are text), and dates stay text:
what a key means is for its noun to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from jusante.core.place import Place
from jusante.engineering.project.problems import Findings

Path = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Core(_Loader):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """PyYAML's loader with YAML 1.2's scalars."""


_Core.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
    ]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tTfF"))


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML mapping as plain data, and where each of its parts stands."""

    file: str
    data: dict[str, Any]
    lines: Mapping[Path, int]

    def place(self, path: Path = ()) -> Place:
        """Where a key or item stands; the nearest thing around it where it is not there itself."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.file, self.lines.get(path, 1))


def parse(text: str, file: str, findings: Findings, first_line: int = 1) -> Document | None:
    """A YAML mapping; None, and a finding, where it is none. `first_line` is where the text begins in its file."""
    loader = _Core(text)
    try:
        root = loader.get_single_node()
        lines: dict[Path, int] = {(): first_line}
        data = _plain(loader, root, (), lines, findings, file, first_line) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + first_line if error.problem_mark else first_line
        findings.add(
            "J101", f"this is not valid YAML: {error.problem}", Place(file, line), "see the indentation and the quotes"
        )
        return None
    except yaml.YAMLError as error:
        findings.add("J101", f"this is not valid YAML: {str(error).splitlines()[0]}", Place(file, first_line))
        return None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        findings.add(
            "J101", "the file is not a mapping of keys to values", Place(file, first_line), "write `key: value` lines"
        )
        return None
    return Document(file, data, lines)


def _plain(  # noqa: PLR0913  # one walk, which needs to know where it is
    loader: Any, node: Any, path: Path, lines: dict[Path, int], findings: Findings, file: str, first_line: int
) -> Any:
    lines.setdefault(path, node.start_mark.line + first_line)
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_object(node)
    if len(path) > 40:
        raise yaml.YAMLError("nested too deeply")
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(loader, item, (*path, number), lines, findings, file, first_line)
            for number, item in enumerate(node.value)
        ]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node)) if isinstance(key_node, yaml.ScalarNode) else "?"
        line = key_node.start_mark.line + first_line
        if key in found:
            findings.add(
                "J112", f"the key {key} stands here for the second time", Place(file, line), "keep one of the two"
            )
        lines[(*path, key)] = line
        found[key] = _plain(loader, value_node, (*path, key), lines, findings, file, first_line)
    return found
