"""Pages made from the code: up to date, whole, true to what the week hands on, and readable."""

import inspect
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from ceasefire.model import war
from ceasefire.model.declare import declared
from ceasefire.view import explanation
from ceasefire.view.chart import standalone

ROOT = Path(__file__).parents[2]
SUBSYSTEMS = (*war.SUBSYSTEMS, *explanation.BESIDE)
PARTS = {explanation.WEEK: "Flows", explanation.BEGAN: "State", explanation.GIVEN: "Params"}
NAMES = [explanation.title(module) for module in SUBSYSTEMS]


@pytest.fixture(scope="module")
def pages():
    return explanation.pages()


def told(doc: str) -> ModuleType:
    """A subsystem that has nothing but a docstring."""
    return ModuleType("ceasefire.model.told", doc)


# ----------------------------------------------------------------------------------------------------- what is written


@pytest.mark.parametrize("name", ["README", *map(explanation.title, explanation.documented())])
def test_page_is_what_the_code_says(pages, name):
    kept = (ROOT / explanation.PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert kept == pages[f"{name}.md"], f"run `{explanation.COMMAND}`"


def test_there_is_no_other_page(pages):
    assert {path.name for path in (ROOT / explanation.PAGES).iterdir()} == set(pages)


def test_the_picture_is_what_the_code_declares():
    drawn = standalone(explanation.figure())
    assert (ROOT / explanation.IMAGE).read_text(encoding="utf-8") == drawn, f"run `{explanation.COMMAND}`"
    texts = [element.text for element in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert sum(int(text) for text in texts if text.isdigit()) == explanation.couplings_between().total()


def test_what_is_written_is_what_is_told(tmp_path, pages):
    explanation.write(tmp_path / "pages", tmp_path / "images" / "picture.svg")
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "pages").iterdir()} == pages
    assert (tmp_path / "images" / "picture.svg").exists()


# --------------------------------------------------------------------------------------------------- what must be there


@pytest.mark.parametrize("module", SUBSYSTEMS, ids=NAMES)
def test_every_subsystem_says_its_equations_what_is_left_out_and_its_sources(module):
    found = explanation.document(module)
    assert found.title
    assert found.lead.endswith(".")
    assert explanation.equations(module), "no equation"
    assert found.left_out, "no `Left out:`"
    assert found.sources, "no `Sources:`"


@pytest.mark.parametrize("module", SUBSYSTEMS, ids=NAMES)
def test_every_declared_quantity_is_on_its_page_once(pages, module):
    rows = [line for line in pages[f"{explanation.title(module)}.md"].splitlines() if line.startswith("| `")]
    for variable in declared(module):
        field = variable.name.split(".", 1)[1]
        (row,) = (r for r in rows if re.match(rf"\| `{field}[`\[]", r) and variable.doc in r.replace("\\", ""))
        if variable.coupling:
            assert f"`{variable.coupling[0]}` → `{variable.coupling[1]}`" in row


def test_tables_are_as_wide_as_their_heads(pages):
    for name, text in pages.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, (name, table[:80])


def test_every_link_leads_somewhere(pages):
    missing = []
    for name, text in pages.items():
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            target = (ROOT / explanation.PAGES / link).resolve()
            if not target.exists() and target.name != "couplings.md":
                missing.append((name, link))
    assert not missing


# ------------------------------------------------------------------------------------------------- what calls hand on


@pytest.mark.parametrize("module", war.SUBSYSTEMS, ids=[explanation.title(module) for module in war.SUBSYSTEMS])
def test_what_a_call_receives_is_what_step_takes_and_has_an_owner(module):
    received = explanation.calls()[explanation.title(module)]
    taken = {
        name
        for name, parameter in inspect.signature(module.step).parameters.items()
        if parameter.kind == parameter.KEYWORD_ONLY and name not in ("noise", "do")
    }
    assert set(received) == taken
    owners = {explanation.title(each): each for each in war.SUBSYSTEMS}
    for name, origins in received.items():
        assert origins, name
        for origin in origins:
            if origin.subsystem and origin.field:
                record = getattr(owners[origin.subsystem], PARTS[origin.when])
                assert origin.field in (*record.__dataclass_fields__, *vars(record)), (name, origin)


def test_a_flow_of_the_week_comes_from_a_call_above():
    order = [explanation.title(module) for module in war.SUBSYSTEMS]
    for user, received in explanation.calls().items():
        for origins in received.values():
            for origin in origins:
                if origin.when == explanation.WEEK:
                    assert order.index(origin.subsystem) < order.index(user), (user, origin)


def test_calls_are_in_the_order_of_the_week():
    assert list(explanation.calls()) == [explanation.title(module) for module in war.SUBSYSTEMS]


# ------------------------------------------------------------------------------------------------------ how it is set


def test_a_docstring_comes_apart_in_its_parts():
    found = explanation.document(
        told("""Told: what it is.

    Losses follow fire,
        lost = stock · (1 − exp(−h)),
    so that nothing is lost twice.

    Left out: luck,
    and much else.
    Sources: one (A; B); another.
    """)
    )
    assert (found.title, found.lead) == ("Told", "what it is.")
    assert found.left_out.split() == ["luck,", "and", "much", "else."]
    assert found.sources == "one (A; B); another."
    assert explanation.prose(found.body) == (
        "Losses follow fire,\n\n```text\nlost = stock · (1 − exp(−h))\n```\n\nso that nothing is lost twice."
    )


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("A side flies its stock down: used = fire · stock / cover, no more.", "used = fire · stock / cover"),
        ("Of the casualties a share dies, logit s = logit(k) + χ · ln(d): both.", "logit s = logit(k) + χ · ln(d)"),
        ("What is left is rate · (now / then)^decline, and no more.", "rate · (now / then)^decline"),
        ("They take exp(−effect · bite) of what they did.", "exp(−effect · bite)"),
        ("So drawn + borrowed = deficit, always.", "drawn + borrowed = deficit"),
        ("Against it work the enemy's many drones D and his zone κ = κ₀ · D^½.", "zone κ = κ₀ · D^½"),
    ],
)
def test_a_formula_in_a_sentence_is_set_as_code(text, formula):
    assert f"`{formula}`" in explanation.prose(text)
    assert explanation.prose(text).replace("`", "") == text


@pytest.mark.parametrize(
    "text",
    [
        "With b = 0 this is a purely statistical model, bit for bit.",
        "By default no breach opens by itself (h = 0): nothing is known of it.",
        "Repair times of 4/8/20 weeks, drone-hours and half-lives.",
        "The stronger dictates more often, with a chance that grows.",
    ],
)
def test_a_sentence_is_left_a_sentence(text):
    assert explanation.prose(text) == text


def test_marks_of_prose_are_no_marks_of_markdown():
    assert explanation.prose("Of p* and <b> nothing.") == r"Of p\* and \<b> nothing."
    assert explanation.prose("See `p*`.") == "See `p*`."


def test_pages_and_files_are_linked_but_not_the_page_itself():
    assert explanation.prose("See `front` and `model/war.py`.") == (
        "See [`front`](front.md) and [`model/war.py`](../../src/ceasefire/model/war.py)."
    )
    assert explanation.prose("See `front`.", "front") == "See `front`."
