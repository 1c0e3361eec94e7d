"""What tutorial and how-tos tell the reader to type is understood, and their links lead somewhere."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ceasefire.cli import app
from ceasefire.scenario import decree
from ceasefire.scenario.start import variables

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("tutorial/*.md")) + sorted((ROOT / "docs").glob("how-to/*.md"))
TUTORIAL = ROOT / "docs" / "tutorial" / "first-what-if.md"


def typed(page: Path) -> list[list[str]]:
    """Commands of the program that a page tells the reader to type, as arguments."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(r"^    (?:\.venv/bin/)?ceasefire ([a-z].*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_understood(page: Path) -> None:
    for arguments in typed(page):
        command, rest = typer.main.get_command(app), list(arguments)
        while hasattr(command, "commands"):
            assert rest[0] in command.commands, " ".join(arguments)
            command = command.commands[rest.pop(0)]
        command.make_context("ceasefire", rest)  # raises where an option is unknown or an argument is missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_the_tutorial_names_what_there_is() -> None:
    commands = typed(TUTORIAL)
    assert [arguments[0] for arguments in commands].count("whatif") == 2
    for arguments in commands:
        for option, value in pairwise(arguments):
            if option == "--do":
                assert decree.parse(value).name in variables()


def test_the_quick_commands_of_the_tutorial_answer() -> None:
    for arguments in typed(TUTORIAL):
        if arguments[0] in ("scenarios", "variables"):
            answer = CliRunner().invoke(app, arguments)
            assert answer.exit_code == 0
            assert (
                "abu-dhabi-2026-01" in answer.output
                or "manpower.recruitment" in answer.output
                or "drones.density" in answer.output
            )


def test_the_scenario_of_the_how_to_is_one(tmp_path: Path) -> None:
    from ceasefire.scenario import spec

    text = (ROOT / "docs" / "how-to" / "own-war.md").read_text(encoding="utf-8")
    block = next(block for block in re.split(r"\n(?=\S)", text) if 'id = "my-question"' in block)
    file = tmp_path / "my-question.toml"
    file.write_text(
        "\n".join(line.removeprefix("    ") for line in block.splitlines() if line.startswith("    ") or not line)
    )
    scenario = spec.load(file)
    assert str(scenario.opening) == "2025-11-01"
    assert [value.name for value in scenario.value] == ["manpower.recruitment[R]"]
