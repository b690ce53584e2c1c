"""Python as a formatter would leave it: literals, calls, and the words at the head of a file."""

import datetime as dt
import textwrap
from collections.abc import Iterable

from jusante.orchestration.handover.plan import Handover, Note

WIDTH = 100
SHORT = 60
"""How long what stands between brackets may be to stand on one line."""
SHORT_CALL = 72
"""The same of a call, with its name."""


class Code(str):
    """Text that is code already."""

    __slots__ = ()


def literal(value: object) -> str:
    """A value as Python code; text in double quotes where that needs no backslash."""
    if isinstance(value, Code):
        return value
    if isinstance(value, str):
        plain = repr(value)
        return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in value else plain
    if isinstance(value, dt.timedelta):
        return f"timedelta(seconds={int(value.total_seconds())})"
    if isinstance(value, dict):
        return _many("{", [f"{literal(key)}: {literal(each)}" for key, each in value.items()], "}")
    if isinstance(value, list | tuple):
        return _many("[", [literal(each) for each in value], "]")
    return repr(value)


def _many(opening: str, parts: list[str], closing: str) -> str:
    if _is_short(parts, SHORT):
        return f"{opening}{', '.join(parts)}{closing}"
    return f"{opening}\n{_indented(f'{part},' for part in parts)}\n{closing}"


def call(function: str, *positional: object, **named: object) -> Code:
    """A call, one argument a line where it is long; a named one that is None is left out."""
    parts = [literal(value) for value in positional]
    parts += [f"{name}={literal(value)}" for name, value in named.items() if value is not None]
    if _is_short([function, *parts], SHORT_CALL):
        return Code(f"{function}({', '.join(parts)})")
    return Code(f"{function}(\n{_indented(f'{part},' for part in parts)}\n)")


def _is_short(parts: list[str], most: int) -> bool:
    return sum(map(len, parts)) <= most and not any("\n" in part for part in parts)


def indented(text: str) -> str:
    """Text, one level further in."""
    return textwrap.indent(text, "    ")


def _indented(parts: Iterable[str]) -> str:
    return "\n".join(indented(part) for part in parts)


def head(handover: Handover, tool: str, notes: Iterable[Note], how: str) -> str:
    """What stands at the top of a file: what it is, how it is used, and what is other than in jusante."""
    lines = [f"The graph of {handover.project}, environment {handover.environment}, for {tool}.", ""]
    lines += _wrapped(f"Written by `jusante export {tool.lower()}`. Where the project changes, write it anew. {how}")
    told = list(map(str, notes))
    if told:
        lines += ["", "Other than in jusante:"]
        for note in told:
            lines += _wrapped(note, "- ", "  ")
    return "\n".join(line.rstrip() for line in lines)


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    one_line = " ".join(text.split())
    return textwrap.wrap(
        one_line, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def docstring(text: str) -> str:
    """Text as a module's docstring."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{escaped}\n"""'


def comment(text: str) -> str:
    """Text as comments of YAML."""
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())
