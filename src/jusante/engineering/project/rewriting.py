"""Changes to a YAML file that leave all else in it as it is: comments, order, quotes and line breaks."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

Path = tuple[str | int, ...]
_PLAIN = re.compile(r"[A-Za-z_][\w.]*")
_NOT_NAMES = {"values", "name", "matches", "query", "sql", "within", "severity", "quarantine", "min", "max"}
"""Keys of a check whose values are no names of columns."""


class Text:
    """A YAML text that is edited at places named by their path, as `("tables", "orders", "key", 0)`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def has(self, path: Path) -> bool:
        """Whether something stands at a path."""
        return self._node(path) is not None

    def scalars(self, path: Path) -> Iterator[tuple[Path, str]]:
        """The scalars at or below a path, with their own paths."""
        node = self._node(path)
        if node is not None:
            yield from _scalars(node, path)

    def value(self, path: Path) -> str:
        """The scalar at a path."""
        return str(self._node(path).value)

    def remove_entry(self, path: Path) -> None:
        """Take an item that is a mapping on lines of its own out of a list of such."""
        items = self._node(path[:-1]).value
        number = int(path[-1])
        start = self.text.rindex("\n", 0, items[number].start_mark.index) + 1
        if number + 1 < len(items):
            end = self.text.rindex("\n", 0, items[number + 1].start_mark.index) + 1
        else:
            line_end = self.text.find("\n", _end(items[number]))
            end = len(self.text) if line_end < 0 else line_end + 1
        self._splice(start, end, "")

    def set(self, path: Path, value: str) -> None:
        """Write another scalar in the place of one."""
        node = self._node(path)
        assert isinstance(node, yaml.ScalarNode), path
        self._splice(node.start_mark.index, node.end_mark.index, scalar(value))

    def region(self, path: Path) -> tuple[int, int]:
        """Where the value at a path begins and ends in the text."""
        node = self._node(path)
        assert node is not None, path
        return node.start_mark.index, node.end_mark.index

    def rename_key(self, path: Path, new: str) -> None:
        """Give a key of a mapping another name."""
        key, _ = self._item(path)
        self._splice(key.start_mark.index, key.end_mark.index, scalar(new))

    def remove_item(self, path: Path) -> None:
        """Take an item out of a list in brackets, with the comma that goes with it; of a list of lines, its line."""
        start, end = self.region(path)
        after = re.compile(r"\s*,\s*").match(self.text, end)
        before = re.search(r",\s*$", self.text[:start])
        dash = re.search(r"\n[ \t]*-[ \t]*$", self.text[:start])
        if after:
            self._splice(start, after.end(), "")
        elif dash:
            self._splice(dash.start(), end, "")
        else:
            self._splice(before.start() if before else start, end, "")

    def put(self, path: Path, key: str, value: str) -> None:
        """Add `key: value` to the mapping at a path, at its end; a path that is not there yet is made, as a flow mapping."""
        if not self.has(path):
            self.put(path[:-1], str(path[-1]), f"{{{scalar(key)}: {value}}}")
            return
        node = self._node(path)
        said = f"{scalar(key)}: {value}"
        if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
            indent = node.value[0][0].start_mark.column
            line_end = self.text.find("\n", _end(node))
            place = len(self.text) if line_end < 0 else line_end
            self._splice(place, place, f"\n{' ' * indent}{said}")
        elif isinstance(node, yaml.MappingNode):
            close = self.text.rindex("}", 0, node.end_mark.index)
            last = len(self.text[:close].rstrip())
            is_empty = not node.value
            self._splice(last if not is_empty else close, close, said if is_empty else f", {said}")
        else:
            self._put_under_nothing(path, said)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _put_under_nothing(self, path: Path, said: str) -> None:
        """A key without a value gets a mapping of its own."""
        key, value = self._item(path)
        colon = self.text.index(":", key.end_mark.index)
        self._splice(colon + 1, max(colon + 1, value.end_mark.index), f" {{{said}}}")

    def _node(self, path: Path) -> Any:
        node: Any = yaml.compose(self.text, Loader=yaml.SafeLoader)
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return None
        return node

    def _item(self, path: Path) -> tuple[Any, Any]:
        parent = self._node(path[:-1])
        return next((key, value) for key, value in parent.value if key.value == str(path[-1]))

    def _splice(self, start: int, end: int, text: str) -> None:
        self.text = self.text[:start] + text + self.text[end:]


def rename_column(text: str, table: Path, old: str, new: str) -> str:
    """The text with a column's name changed wherever the table at a path speaks of it: key, cursor, columns, checks."""
    edited = Text(text)
    for name, _ in list(edited.scalars((*table, "columns"))):
        key = name[: len(table) + 2]
        if str(key[-1]).lower() == old.lower() and edited.has(key):
            edited.rename_key(key, new)
            break
    for part in (("key",), ("ingest", "cursor"), ("grain",), ("time",)):
        _rename_scalars(edited, (*table, *part), old, new)
    _rename_scalars(edited, (*table, "checks"), old, new)
    return edited.text


def put_rule(text: str, table: Path, column: str, settings: Mapping[str, str]) -> str:
    """The text with settings of a column under `columns` of the table at a path; those that are there are written over."""
    edited = Text(text)
    if not settings and not edited.has((*table, "columns", column)):
        edited.put((*table, "columns"), column, "{}")
    for key, value in settings.items():
        path = (*table, "columns", column, key)
        if edited.has(path):
            edited.set(path, value)
        else:
            edited.put(path[:-1], key, scalar(value))
    return edited.text


def scalar(value: str) -> str:
    """A text as YAML takes it: in quotes where it would be something else without, or where it is no plain word."""
    if (_PLAIN.fullmatch(value) and yaml.safe_load(value) == value) or value in {"true", "false"}:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rename_scalars(edited: Text, path: Path, old: str, new: str) -> None:
    for place, value in list(edited.scalars(path)):
        names = {step for step in place[len(path) :] if isinstance(step, str)}
        if value.lower() == old.lower() and not names & _NOT_NAMES:
            edited.set(place, new)


def _scalars(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(node, yaml.ScalarNode):
        yield path, str(node.value)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _scalars(item, (*path, number))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*path, str(key.value)))
        if not node.value:
            yield path, ""


def _end(node: Any) -> int:
    """Where a block mapping's last value ends, without the comments and empty lines that follow it."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, node = last if isinstance(last, tuple) else (last, last)
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return int(key.end_mark.index)
    end = int(node.end_mark.index)
    return end - 1 if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"} else end
