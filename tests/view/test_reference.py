from pathlib import Path

import pytest

from ceasefire.cli import reference as commands
from ceasefire.scenario import spec
from ceasefire.view import reference

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", reference.PAGE)
def test_page_is_what_the_code_declares(name):
    kept = (ROOT / reference.PAGES / name).read_text(encoding="utf-8")
    assert kept == reference.PAGE[name](), "run `make reference`"


@pytest.mark.parametrize("name", commands.PAGE)
def test_page_of_commands_is_what_the_code_offers(name):
    kept = (ROOT / commands.PAGES / name).read_text(encoding="utf-8")
    assert kept == commands.PAGE[name](), "run `make reference`"


def test_what_is_read_from_the_evidence_is_listed():
    """Each record once, with its series, and what it is divided by."""
    lines = reference.values_page().splitlines()
    for war in {scenario.war.id: scenario.war for scenario in map(spec.load, spec.scenarios())}.values():
        for entry in war.record:
            (line,) = (line for line in lines if line.startswith(f"| `{entry.name}` ") and f"`{entry.series}`" in line)
            assert (f"over `{entry.per}`" in line) == bool(entry.per)
            assert line.count("|") == 9, "a bar in a source would break the table"
            assert line.endswith(f"| {entry.trust} | {entry.source} |")
