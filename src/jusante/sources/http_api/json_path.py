"""The part of JSONPath (RFC 9535) that APIs need: `$`, `.name`, `['name']`, `[0]`, `[*]`."""

import re
from typing import Any

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\['([^']*)'\]|\[(\d+)\]|(\[\*\]|\.\*)")


def steps(path: str) -> list[str | int]:
    """The steps of a path; `*` for all items. Raises ValueError for what is none."""
    if not path.startswith("$"):
        raise ValueError(f"{path!r} does not begin with $")
    found: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if not step:
            raise ValueError(f"{path!r} cannot be understood from {path[at:]!r} on")
        found.append(step[1] or step[2] or (int(step[3]) if step[3] else "*"))
        at = step.end()
    return found


def look(body: Any, path: str) -> Any:
    """What stands at a path; None where there is nothing. With `*`, a list."""
    found = [body]
    wild = False
    for step in steps(path):
        wild |= step == "*"
        found = [inner for value in found for inner in _into(value, step)]
    return found if wild else (found[0] if found else None)


def _into(value: Any, step: str | int) -> list[Any]:
    if step == "*":
        return list(value) if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    if isinstance(step, int):
        return [value[step]] if isinstance(value, list) and step < len(value) else []
    return [value[step]] if isinstance(value, dict) and step in value else []
