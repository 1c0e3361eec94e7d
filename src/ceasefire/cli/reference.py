"""Reference pages of the commands and of the API, made from the code: `python -m ceasefire.cli.reference`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from ceasefire.cli import app

PAGES = Path("docs") / "reference"


def commands_page() -> str:
    """Every command: what it does, its arguments and options with what stands for them otherwise."""
    lines = [
        "# Commands",
        "",
        "Made from the code (`make reference`). Every command answers `--help`; those with `--json` print the same",
        "numbers for programs.",
    ]
    for name, command in _commands(typer.main.get_command(app), "ceasefire"):
        lines += ["", f"## {name}", "", *_told(command), "", *_options(command)]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, under its whole name."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for key, inner in sorted(command.commands.items()):
        yield from _commands(inner, f"{name} {key}")


def _told(command: Any) -> Iterator[str]:
    """Its help, the example as code."""
    text = " ".join(command.help.split("Example:")[0].split()) if command.help else ""
    yield text
    if command.help and "Example:" in command.help:
        yield from ("", f"    {' '.join(command.help.split('Example:')[1].split())}")


def _options(command: Any) -> Iterator[str]:
    yield from ("| option | otherwise | what |", "|---|---|---|")
    kinds = get_type_hints(command.callback)
    for parameter in command.params:
        if not getattr(parameter, "hidden", False) and parameter.name != "help":
            told = _cell(getattr(parameter, "help", "") or "")
            yield f"| {_name(parameter, kinds.get(parameter.name))} | {_default(parameter)} | {told} |"


def _name(parameter: Any, kind: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_cell(parameter.metavar or parameter.name.upper())}`"
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} `{_cell(parameter.metavar or _kind(kind))}`"


def _kind(kind: Any) -> str:
    """What is asked for, by the type that the command declares."""
    types = {kind, *get_args(kind)}
    return next((word for each, word in KINDS.items() if each in types), "TEXT")


KINDS = {int: "N", float: "NUMBER", Path: "PATH"}


def _default(parameter: Any) -> str:
    if parameter.required:
        return "needed"
    value = parameter.default
    if value is None or value in ((), [], "", False) or callable(value):
        return ""
    return f"`{_cell(str(value))}`" if not isinstance(value, bool) else "yes"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# ----------------------------------------------------------------------------------------------------------------- API


def api_page() -> str:
    """Every route of the page's server, and every record that it tells."""
    from ceasefire.view.web.schema import schema

    told = json.loads(schema())
    lines = [
        "# API",
        "",
        "Made from the OpenAPI document that `ceasefire serve` offers under `/api/openapi.json` (`make reference`).",
        "Paths of the page are the same; a token, where one is asked for, is told as on the page",
        "([how to](../how-to/page.md)).",
        "",
        "| request | what |",
        "|---|---|",
    ]
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            what = one.get("description") or one.get("summary", "")
            lines.append(f"| `{method.upper()} {path}` | {_cell(what)} |")
    for name, record in sorted(told["components"]["schemas"].items()):
        lines += ["", f"## {name}", "", _cell(record.get("description", "")), *_fields(record)]
    return "\n".join(lines).rstrip() + "\n"


def _fields(record: dict[str, Any]) -> Iterator[str]:
    if not record.get("properties"):
        return
    yield from ("", "| field | type | what |", "|---|---|---|")
    for name, field in record["properties"].items():
        yield f"| `{name}` | {_cell(_type(field))} | {_cell(field.get('description', ''))} |"


def _type(field: dict[str, Any]) -> str:
    """A type of JSON in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field or "oneOf" in field:
        return " or ".join(_type(one) for one in field.get("anyOf", field.get("oneOf", [])))
    if field.get("type") == "array":
        inner = field.get("items") or {"anyOf": field.get("prefixItems", [])}
        return f"list of {_type(inner)}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'])}"
    return str(field.get("type", "anything"))


PAGE = {"commands.md": commands_page, "api.md": api_page}


def write(folder: Path = PAGES) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGE.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
