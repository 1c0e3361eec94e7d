"""A what-if shown: the numbers are those of the comparison, the page is safe, a folder is written whole or refused."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import shlex
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario import decree
from ceasefire.study.whatif import Effect, WhatIf, of_start
from ceasefire.view import whatif as view

RUNS, WEEKS = 32, 26


@pytest.fixture(scope="module")
def found(invented_war) -> WhatIf:
    texts = ("manpower.recruited[Blue]=x0.5@5..7", "attrition.troops[Amber]=-1000@3", "policy.planned_effort=0.25")
    schedule = decree.schedule(invented_war, WEEKS, texts)
    return of_start(invented_war, schedule, policy="Less of both", runs=RUNS, weeks=WEEKS)


def test_the_text_says_what_is_done_and_when(found):
    text = view.text(found)
    assert "manpower.recruited[Blue] × 0.5, weeks 5 to 7 (5 Jul 2042 to 26 Jul 2042)" in text
    assert "attrition.troops[Amber] − 1,000 person, once, at the start of week 3" in text
    assert "policy.planned_effort = 0.25, weeks 1 to 26" in text
    assert "Less of both" in text
    assert "32 pairs of wars" in text
    assert "same luck" in text
    assert "neither side changes its plans" in text
    assert "A surprise" in text
    assert "Blue Federation" in text


def test_the_rest_is_folded_and_can_be_unfolded(found):
    short, long = view.text(found), view.text(found, everything=True)
    assert len(short.splitlines()) < len(long.splitlines())
    moved = [output.key for output, seen in zip(found.rest.outputs, found.rest.moved, strict=True) if seen]
    shown = "\n".join(line[: view.NAME].rstrip("… ") for line in long.splitlines())
    assert all(key[:30] in shown for key in moved)
    matched = view.text(found, match="TRAINING[B")
    assert "manpower.training[Blue]" in matched
    assert "manpower.training[Amber]" not in matched
    with pytest.raises(CeasefireError, match="no output contains"):
        view.text(found, match="nonsense\x1b[31m")


def test_nothing_a_terminal_might_obey_is_printed(found):
    nasty = dataclasses.replace(found, title="\x1b[31mred", policy="\x07bell")
    assert not re.search(r"[^\x20-\U0010ffff\n]", view.text(nasty))
    assert "\x1b" not in view.figure(nasty)


def test_the_figure_is_sound_and_has_a_panel_for_each_number(found):
    drawn = view.figure(dataclasses.replace(found, title="A <b>&", policy="'\""))
    root = ET.fromstring(drawn)
    words = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for output in found.headline.outputs:
        assert any(output.meaning in word for word in words), output.key
    assert "nan" not in drawn
    assert "inf" not in drawn


@pytest.mark.parametrize(
    ("middle", "half", "told"),
    [
        (312.4, 31.1, "+312 (+281 to +344)"),
        (-0.05, 0.1, "−0.05 (−0.15 to +0.05)"),
        (12345.0, 10.0, "+12,345 (+12,335 to +12,355)"),
        (8000.0, 0.0, "+8,000 (+8,000 to +8,000)"),
    ],
)
def test_a_difference_shows_the_digits_that_its_interval_leaves(middle, half, told):
    assert view.difference(Effect(1, 0, middle, middle, middle - half, middle + half, 0.5, 0.5)) == told


def test_no_difference_is_told_from_a_small_one():
    assert view.difference(Effect(1, 5, 5, 0, 0, 0, 0, 0)) == "exactly none"
    assert view.difference(Effect(1, 5, 5, 0, -1, 1, 0.5, 0.5)) != "exactly none"


def test_a_folder_is_written_whole_and_again(found, tmp_path):
    for _ in range(2):
        files = view.write(found, tmp_path / "new" / "what")
        assert [file.name for file in files] == list(view.FILES)
        assert sorted(path.name for path in (tmp_path / "new" / "what").iterdir()) == sorted(view.FILES)
    assert json.loads(files[0].read_text())["runs"] == RUNS
    ET.fromstring(files[2].read_text())


def test_a_folder_of_something_else_is_left_alone(found, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("")
    for target in (tmp_path, tmp_path / "file", tmp_path / "file" / "below", tmp_path / "a\0b"):
        with pytest.raises(CeasefireError) as error:
            view.write(found, target)
        assert "\n" not in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "letter.txt"]


def test_the_answer_so_far_is_one_line(found):
    assert view.live(found).startswith("32 pairs: ")
    assert "\n" not in view.live(found)


def test_order_of_the_rest_is_by_how_far_it_stands_out(found):
    rows = view.most_moved(found)
    strength = found.rest.strength[rows]
    assert (np.diff(strength[np.isfinite(strength)]) <= 0).all()
    names = [found.rest.outputs[row].name for row in rows]
    assert len(names) == len(set(names))
    assert not {"manpower.recruited", "attrition.troops", "area"} & set(names)


def test_the_page_is_sound_and_answers_first(found, sound):
    page = view.render(found)
    sound(page)
    assert "Less of both" in page
    assert "32 pairs of wars" in page
    assert view.command(found) in html.unescape(page)
    for output in found.headline.outputs:
        assert html.escape(output.meaning) in page


def test_the_sentences_tell_the_differences_of_the_comparison(found):
    end, ground, people = (re.sub("<.*?>", "", sentence) for sentence in view.sentences(found))
    area = found.headline.effect(found.headline.find("area"), found.weeks)
    assert view.number(abs(area.difference), 2) in ground
    assert ("more" if area.difference >= 0 else "less") in ground
    assert "95% interval" in ground
    assert "with it as without it" in end or "points" in end
    for side in found.side_names:
        assert side in people


def test_an_effect_that_may_be_none_is_told_as_such():
    unsure = Effect(26, 10.0, 10.4, 0.4, -0.2, 1.0, 0.5, 0.4)
    assert "cannot be told from none" in view._verdict(unsure, 1.0)
    assert "cannot" not in view._verdict(dataclasses.replace(unsure, low=0.1), 1.0)
    assert view._verdict(dataclasses.replace(unsure, higher=0.0, lower=0.0), 1.0) == "no pair of wars differs"


def test_the_page_escapes_whatever_it_is_told(found, sound):
    rude = "<script>alert('x')</script>\"&<img src=x onerror=y>"
    decrees = tuple(dataclasses.replace(decree, text=rude, name=rude, doc=rude) for decree in found.decrees)
    nasty = dataclasses.replace(found, title=rude, policy=rude, decrees=decrees, side_names=(rude, rude))
    sound(view.render(nasty))


def test_the_command_asks_for_the_same_again(found):
    parts = shlex.split(view.command(found))
    assert parts[:3] == ["ceasefire", "whatif", found.scenario]
    asked = [parts[at + 1] for at, part in enumerate(parts) if part == "--do"]
    assert asked == [decree.text for decree in found.decrees]
    assert "--surprise" in parts
    assert parts[parts.index("--runs") + 1] == str(found.asked_runs)
