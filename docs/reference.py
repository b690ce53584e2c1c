"""Writes the reference pages from the code itself: commands, project files, errors. `make docs` runs it."""

import inspect
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from jusante import errors
from jusante.app import connector_kinds
from jusante.app.json_log import FIELDS
from jusante.cli.main import COMMANDS, cli
from jusante.engineering.project import CODES
from jusante.engineering.schemas import write_schemas

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/reference.py; change what it describes instead. -->\n\n"


def pages() -> dict[str, str]:
    """Each page's text by its file's name."""
    return {"commands.md": commands(), "files.md": files(), "errors.md": error_codes(), "logs.md": logs()}


def commands() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    parts = [NOTE + "# Commands\n"]
    context = click.Context(cli, info_name="jusante")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts += _command(command, click.Context(command, parent=context, info_name=name))
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _command(inner, click.Context(inner, parent=context, info_name=name))
        return
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield f"## {context.command_path}\n\n```\n{' '.join(usage.split())}\n```\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    yield "".join(f"- `{option}` {about}".rstrip() + "\n" for option, about in rows)


def logs() -> str:
    """The fields of a line of `--log json`."""
    head = (
        NOTE + "# Logs\n\n`jusante run --log json` and `jusante up --log json`, or `logs: json` in an environment of "
        "`jusante.yaml`, write one JSON object a line on standard error. The first four fields are in each line, the others where "
        "they are known. No secret and no value is in a line; of an error it has the code.\n\n| field | is |\n| --- | --- |\n"
    )
    return head + "".join(f"| `{name}` | {about} |\n" for name, about in FIELDS.items())


def files() -> str:
    """Every key of every kind of project file, from the JSON Schemas."""
    parts = [NOTE + "# Project files\n\nAs `jusante schema` describes them to editors. Keys in bold must be there.\n"]
    with tempfile.TemporaryDirectory() as folder:
        for path in write_schemas(Path(folder), connector_kinds()):
            schema = json.loads(path.read_text())
            parts.append(f"## {path.stem}\n\n{_about(schema)}\n" + _keys(schema))
            for name, inner in sorted(schema.get("$defs", {}).items()):
                if "properties" in inner:
                    parts.append(f"### {path.stem}: {name}\n\n{_about(inner)}\n" + _keys(inner))
    return "\n".join(parts)


def _about(schema: Mapping[str, Any]) -> str:
    return schema.get("description", "").strip() + "\n"


def _keys(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    lines = []
    for key, value in schema.get("properties", {}).items():
        if "const" in value:
            continue
        shown = f"**`{key}`**" if key in required else f"`{key}`"
        lines.append(f"- {shown} ({_kind(value)}) {value.get('description', '')}{_default(value)}".rstrip())
    return "\n".join(lines) + "\n"


def _default(value: Mapping[str, Any]) -> str:
    """A default that says something; nouns and empty ones are told elsewhere."""
    default = value.get("default")
    return "" if default in (None, [], "") or isinstance(default, dict) else f" Default: `{json.dumps(default)}`."


def _kind(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    if "enum" in value or "const" in value:
        return " or ".join(str(each) for each in value.get("enum", [value.get("const")]))
    if options := value.get("anyOf") or value.get("oneOf"):
        kinds = [kind for option in options if (kind := _kind(option)) != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if value.get("type") == "array":
        items = value.get("items", {})
        return f"list of {_kind(items)}" if items else "list"
    return {"object": "mapping", "string": "text"}.get(value.get("type", ""), value.get("type", "anything"))


def error_codes() -> str:
    """Every code with its meaning."""
    parts = [NOTE + "# Error codes\n\nCodes are stable; texts are not.\n\n## Of commands and runs\n"]
    tree = (errors.__doc__ or "").partition("```")[2].partition("```")[0]
    rows = re.findall(r"(\w+)\s+(J\d+)\s+(.+?)\s{2,}(exit .+)", tree)
    parts += ["| code | error | means | ends with |\n|---|---|---|---|"]
    parts += [f"| {code} | `{name}` | {means} | {ends} |" for name, code, means, ends in rows]
    parts += ["\n## Of a project's files\n\n| code | means |\n|---|---|"]
    parts += [f"| {code} | {means} |" for code, means in CODES.items()]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
