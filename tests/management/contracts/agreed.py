"""What the tests of contracts share: the commands, and what a test of a source finds."""

import json
from pathlib import Path

from click.testing import CliRunner

from jusante.cli.main import cli


def invoked(*words: str | Path) -> tuple[int, str]:
    """A command's exit status and what it printed."""
    result = CliRunner().invoke(cli, [str(word) for word in words])
    return result.exit_code, result.output


def broken_promises(folder: Path) -> dict[str, list[str]]:
    """What `contract test` says of the shop's database, by subject."""
    status, output = invoked("contract", "test", "shop", "--project", folder, "--json")
    (source,) = json.loads(output)["sources"]
    assert status == (0 if source["kept"] else 1)
    found: dict[str, list[str]] = {}
    for breach in source["broken"]:
        found.setdefault(f"{breach['table']}.{breach['column']}", []).append(breach["what"])
    return found
