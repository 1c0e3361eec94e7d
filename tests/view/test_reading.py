"""The page of an article: nothing of it runs or loads, every verdict is told in words, every claim has its place."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from tests.view.parsed import Page, parsed

from ceasefire.evidence.claim import VERDICTS, Claim, Finding, Verdict
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.store import Store
from ceasefire.study import comparison as comparing
from ceasefire.study.reading import FALSE, NOT_DUE, Forecast, Reading, score
from ceasefire.view import comparison, verdict
from ceasefire.view import reading as view

RUDE = "<script>alert('x')</script>\"&<img src=x onerror=y>\u202egnorw\u2066\x1b[31m"


def parse(content: str) -> Page:
    """The page, well formed, with every link to a place of its own and nothing that runs or loads."""
    page = parsed(content)
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(page.tags)
    assert len(page.identifiers) == len(set(page.identifiers))
    assert all(link.startswith("#") and link[1:] in page.identifiers for link in page.links)
    assert "url(" not in content
    assert "default-src 'none'" in content
    return page


def words(content: str) -> str:
    """What can be read of a page."""
    body = content[content.index("<main>") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def claim(number: int, **fields: object) -> Claim:
    kept = {"span": f"words number {number}", "subject": "Russia", "quantity": "losses_tanks"} | fields
    return Claim(id=f"made-up-{number:03}", doc="made-up", **kept)  # type: ignore[arg-type]


def finding(**fields: object) -> Finding:
    kept = {"source": "general-staff", "name": "loss_claim.tank", "says": "Claimed up to that day.", "value": 11_120.0}
    kept |= {"unit": "count", "date": "2025-02-28", "published": "2025-03-02", "trust": "B"}
    return Finding(**(kept | fields))  # type: ignore[arg-type]


def reading(claims: list[Claim], verdicts: list[Verdict], **fields: object) -> Reading:
    kept = {
        "name": "made-up",
        "title": "A made-up article",
        "published": "2025-03-01",
        "claims": tuple(claims),
        "verdicts": tuple(verdicts),
        "paragraphs": tuple(1 + place // 3 for place in range(len(claims))),
        "forecasts": (),
        "undated": 0,
        "record": ("2024-07-13", "2026-01-31"),
    }
    return Reading(**(kept | fields))  # type: ignore[arg-type]


def judged(number: int, kind: str, *record: Finding, **fields: str) -> Verdict:
    return Verdict(f"made-up-{number:03}", kind, fields.get("reason", f"Reason {number}."), "3 against 4", record)


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open()


@pytest.fixture(scope="module")
def every(store) -> str:
    """A page with each verdict once."""
    claims = [
        claim(number, system="battle", start=number, end=number + 1, places=("Pokrovsk", "Kyiv", "Nowhere at all"))
        for number in range(len(VERDICTS))
    ]
    return view.render(reading(claims, [judged(n, kind, finding()) for n, kind in enumerate(VERDICTS)]), store)


def test_every_verdict_is_told_in_a_word_and_a_sign_never_by_colour_alone(every):
    parse(every)
    for number, kind in enumerate(VERDICTS):
        sign = verdict.SIGNS[kind]
        entry = every[every.index(f'id="made-up-{number:03}"') :]
        entry = entry[: entry.index("</article>")]
        assert sign.name in words("<main>" + entry)
        assert sign.symbol in entry
    assert len({sign.symbol for sign in verdict.SIGNS.values()}) == len(VERDICTS)


def _luminance(colour: str) -> float:
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("paper", "field"), [("#ffffff", "colour"), ("#171715", "night")])
def test_verdicts_can_be_read_on_light_and_dark_paper(paper, field):
    for sign in verdict.SIGNS.values():
        one, other = sorted((_luminance(getattr(sign, field)), _luminance(paper)))
        assert (other + 0.05) / (one + 0.05) >= 4.5, sign


def test_the_record_stands_beside_the_claim_with_unit_dates_and_trust(every):
    told = words(every)
    for wanted in ("General Staff of the Armed Forces of Ukraine", "loss_claim.tank", "11,120", "28 February 2025"):
        assert wanted in told
    assert "published 2 March 2025" in told.replace("\u00a0", " ")
    assert "trust B" in told
    assert "3 against 4" in told
    assert "MIT" in told, "the licence of the source"


def test_what_was_published_later_stands_apart(store):
    late = judged(0, "confirmed", finding(), finding(says="Known only later.", later=True))
    page = view.render(reading([claim(0)], [late]), store)
    before, after = page.split("Later record, published after the article")
    assert "Claimed up to that day." in before
    assert "Known only later." in after
    assert "Later record" not in view.render(reading([claim(0)], [judged(0, "confirmed", finding())]), store).replace(
        "Later record: published after", ""
    )


def test_first_screen_tells_how_many_how_they_fare_and_what_fails(store):
    claims = [claim(n, hedge="opinion" if n == 1 else "asserted") for n in range(5)]
    kinds = ("confirmed", "contradicted", "contradicted", "unverified", "imprecise")
    verdicts = [judged(n, kind, finding()) for n, kind in enumerate(kinds)]
    page = view.render(reading(claims, verdicts), store)
    first = words(page[: page.index("</header>")])
    assert "makes 5 claims, and the record bears on 4 of them" in first
    assert "1 is confirmed" in first
    assert "2 are contradicted" in first
    assert "“words number 2” is contradicted . Reason 2." in first, "what is asserted comes before an opinion"
    assert "published 1 March 2025" in first


def test_repeats_are_marked_and_not_counted(store):
    claims = [claim(0), claim(1, dup_of="made-up-000"), claim(2, dup_of="elsewhere")]
    page = view.render(reading(claims, [judged(n, "confirmed") for n in range(3)]), store)
    parse(page)
    assert "makes 1 claim," in words(page)
    assert 'repeats <a href="#made-up-000">claim 1</a>; not counted' in page
    assert "repeats another claim; not counted" in page


def test_forecasts_are_told_with_what_came_of_them(store):
    claims = [claim(0, kind="forecast"), claim(1, kind="forecast"), claim(2)]
    ahead = (
        Forecast(claims[0], "2025-06-30", FALSE, judged(0, "contradicted", reason="It was not so.")),
        Forecast(claims[1], "2030-01-01", NOT_DUE, judged(1, "unverified")),
    )
    page = view.render(reading(claims, [judged(n, "unverified") for n in range(3)], forecasts=ahead, undated=3), store)
    section = words("<main>" + page[page.index('<section id="ahead"') : page.index('<section id="map"')])
    assert "did not come true" in section
    assert "It was not so." in section
    assert "30 June 2025" in section.replace("\u00a0", " ")
    assert "not due within the record" in section
    assert "3 more look ahead without a date" in section


def test_the_map_shows_the_line_as_of_the_article(store, every):
    last = store.control.dates[store.control.dates <= np.datetime64("2025-03-01")][-1]
    page = parse(every)
    assert page.tags.count("svg") == 1
    assert f"{int(str(last)[8:])}\u00a0March\u00a02025" in every
    assert ">Pokrovsk</text>" in every
    assert "Nowhere at all" not in every


@pytest.mark.parametrize("published", [None, "2021-05-05", "2031-01-01"])
def test_any_day_of_publication_will_do(store, published):
    claims = [claim(0, places=("Pokrovsk",))]
    page = view.render(reading(claims, [judged(0, "unverified")], published=published), store)
    parse(page)
    if published is None:
        assert "day of publication not known" in page
    if published == "2021-05-05":
        assert "There is no map of control as of that day" in page


def test_nothing_of_the_article_is_obeyed(store):
    rude = Claim(
        id=RUDE,
        doc=RUDE,
        span=RUDE,
        subject=RUDE,
        quantity=RUDE,
        value_text=RUDE,
        attributed_to=RUDE,
        places=(RUDE,),
        note=RUDE,
        sentence=RUDE,
    )
    record = finding(source=RUDE, name=RUDE, says=RUDE, unit=RUDE, date=RUDE, trust=RUDE)
    shown = Verdict(RUDE, "contradicted", RUDE, RUDE, (record,))
    ahead = (Forecast(rude, "2025-06-30", FALSE, shown),)
    found = reading([rude], [shown], title=RUDE, name=RUDE, warnings=(RUDE,), forecasts=ahead)
    for content in (view.render(found, store), comparison.render(comparing.compare(found, found))):
        parse(content)
        assert "<script" not in content
        assert "&lt;script&gt;" in content
        assert not [letter for letter in content if not letter.isprintable() and letter not in "\n\u00a0\u200b"]
    for line in (comparison.text(comparing.compare(found, found)), verdict.text(score(found))):
        assert "\x1b" not in line
        assert "\u202e" not in line


def test_a_text_without_claims_has_a_page_that_says_so(store):
    page = view.render(reading([], []), store)
    parse(page)
    assert "No claim was found in this text." in page
    assert "The article names no place that the maps here cover." in page


def test_claims_that_share_an_identifier_keep_their_own_anchors(store):
    claims = [claim(0)] * 3
    page = parse(view.render(reading(claims, [judged(0, "unverified")] * 3), store))
    assert len([name for name in page.identifiers if name == "made-up-000" or name.startswith("claim.")]) == 3


def test_an_identifier_may_be_the_name_of_a_section(store):
    names = ("map", "card", "claim.4", "map")
    claims = [dataclasses.replace(claim(0), id=name) for name in names]
    page = parse(view.render(reading(claims, [judged(0, "unverified")] * 4), store))
    assert len(page.identifiers) == len(set(page.identifiers))


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"value": 12.0, "unit": "km"}, "12 km"),
        ({"value": 1500.0, "unit": "count/day", "qualifier": "about"}, "about 1,500 a day"),
        ({"value_low": 10.0, "value_high": 12.0, "value": 11.0, "unit": "percent"}, "10 to 12 %"),
        ({"value": 3e9, "unit": "USD", "qualifier": "at_least"}, "at least 3 billion USD"),
        ({"value": 4.0, "unit": "km2/month"}, "4 km² a month"),
        ({"value": 1.0, "unit": "boolean"}, "yes"),
        ({"value": 1.0, "unit": "date", "value_text": "on Friday"}, "on Friday"),
        ({"value": 90.0, "unit": "deg"}, "90°"),
        ({"value": 2.0, "unit": "month"}, "2 months"),
        ({"value_text": "held by nobody"}, "held by nobody"),
        ({"value_low": 5.0, "unit": "h"}, "5 h"),
        ({}, ""),
    ],
    ids=str,
)
def test_figures_carry_their_units(fields, shown):
    assert verdict.stated(claim(0, **fields)).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("as_of", "shown"),
    [
        ("2025-08-12", "12 August 2025"),
        ("2025-08", "August 2025"),
        ("2025", "2025"),
        ("2025-01/2025-07", "January 2025 to July 2025"),
        ("undated", "undated"),
        ("2025-02-31", "2025-02-31"),
        ("2025-13", "2025-13"),
    ],
)
def test_dates_are_told_in_words(as_of, shown):
    assert verdict.when(as_of).replace("\u00a0", " ") == shown


def test_a_page_appears_whole_or_not_at_all(store, tmp_path, monkeypatch):
    found = reading([claim(0)], [judged(0, "unverified")])
    view.write(found, store, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == view.render(found, store)
    with pytest.raises(EvidenceError, match="cannot write"):
        view.write(found, store, tmp_path / "page.html" / "below.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_comparison_shows_both_sides_of_every_difference():
    one = reading([claim(0, value=10_000.0, unit="count", kind="stock", as_of="2025-02-28")], [judged(0, "confirmed")])
    other = reading(
        [claim(1, value=14_000.0, unit="count", kind="stock", as_of="2025-02-28", span="words number 0 again")],
        [judged(1, "contradicted")],
        published="2025-09-01",
        title="Another",
    )
    found = comparing.compare(other, one)
    page = comparison.render(found)
    parse(page)
    told = words(page)
    assert told.index("10,000") < told.index("14,000"), "the earlier stands first"
    assert "One thing is told by both: 1 contradicted." in told
    screen = comparison.text(found)
    assert "10,000" in screen
    assert "14,000" in screen
    assert "Contradicts: 1" in screen
