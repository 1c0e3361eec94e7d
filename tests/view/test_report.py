import html
import json
import os
import re
from pathlib import Path

import pytest
import xarray
from tests.view.parsed import parsed

from ceasefire.evidence.source import SOURCES
from ceasefire.study.summary import Summary, summarise
from ceasefire.view import page, report, text

RUDE = "<script>alert('x')</script>\"&<img src=x onerror=y>"


def _section(content: str, identifier: str) -> str:
    start = content.index(f'<section id="{identifier}"')
    return content[start : content.index("</section>", start)]


def _again(result: xarray.Dataset, times: int) -> xarray.Dataset:
    """The same runs so many times over."""
    return result.isel(run=[run for _ in range(times) for run in range(result.sizes["run"])])


@pytest.fixture(scope="module")
def content(result: xarray.Dataset, summary: Summary) -> str:
    return report.render(result, summary)


def test_the_report_parses_and_its_links_lead_somewhere(content: str) -> None:
    page = parsed(content)
    assert page.tags.count("h1") == 1
    assert all(link.startswith("#") and link[1:] in page.identifiers for link in page.links)
    sections = {
        "map",
        "ground",
        "ending",
        "terms",
        "table",
        "people",
        "stocks",
        "strikes",
        "money",
        "allies",
        "opinion",
        "towns",
    }
    assert sections <= set(page.identifiers)
    assert {"unknown", "assumptions", "method"} <= set(page.identifiers)


def test_identifiers_are_unique(content: str) -> None:
    identifiers = parsed(content).identifiers
    assert sorted(identifiers) == sorted(set(identifiers))


def test_the_report_needs_no_network_and_no_script(content: str) -> None:
    assert "http" not in content.replace("http-equiv", "")
    assert not re.search(r"url\(|@import|<link|<script|<iframe|<object", content)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in content
    assert "<style>" in content


def test_the_report_is_small(content: str) -> None:
    assert len(content.encode()) < 1_000_000


def test_whatever_a_result_says_is_escaped(result: xarray.Dataset) -> None:
    row = {"name": RUDE, "unit": RUDE, "low": RUDE, "mid": 1, "high": 2, "kind": RUDE, "source": RUDE, "doc": RUDE}
    rude = result.assign_attrs(
        title=RUDE,
        question=RUDE,
        scenario=RUDE,
        version=RUDE,
        evidence_hash=RUDE,
        evidence_as_of=RUDE,
        created=RUDE,
        assumptions=json.dumps([row | {"known_on": RUDE}]),
        notes=json.dumps([RUDE]),
        background=[RUDE],
        values=RUDE,
    ).assign_coords(town=[RUDE + str(number) for number in range(result.sizes["town"])])
    rude["side"].attrs["names"] = [RUDE, RUDE]
    rude = rude.assign_coords(
        axis=[RUDE + str(number) for number in range(3)],
        patron=("patron", [RUDE + str(k) for k in range(3)], {"names": [RUDE] * 3, "supports": ["R", RUDE, "U"]}),
        question=("question", [RUDE, RUDE + "1"], {"names": [RUDE, RUDE]}),
        issue=("issue", [RUDE + str(k) for k in range(4)], {"names": [RUDE] * 4}),
        option=("option", [RUDE + str(k) for k in range(8)], {"names": [RUDE] * 8}),
        land=("land", [RUDE, RUDE + "1"], {"names": [RUDE] * 2}),
        ending=[RUDE + str(k) for k in range(4)],
        item=[RUDE + str(number) for number in range(5)],
        weapon=[RUDE + str(number) for number in range(5)],
        town_latitude=("town", [48.3] * result.sizes["town"]),
        town_longitude=("town", [37.3] * result.sizes["town"]),
    )
    rude["talks"].attrs["flag_meanings"] = [RUDE + str(k) for k in range(3)]
    rude["awarded"].attrs["flag_meanings"] = [RUDE + str(k) for k in range(5)]
    rude["phase"].attrs["flag_meanings"] = ["war", *(f"{RUDE}{number}" for number in range(5)), "frozen"]
    rude["side"].attrs["names"] = [RUDE, RUDE]
    page = parsed(report.render(rude, summarise(rude)))
    assert "script" not in page.tags
    assert "img" not in page.tags


def test_sentences_come_first(content: str, summary: Summary) -> None:
    assert content.index('class="answer"') < content.index("<section")
    assert summary.question in content


def test_every_number_leads_to_its_source(content: str, summary: Summary) -> None:
    sources = {row.source for row in summary.assumptions}
    assert len(re.findall(r'id="source-\d+"', content)) == len(sources)
    assert len(re.findall(r'href="#source-\d+"', content)) == 4 * len(summary.assumptions)


def test_the_file_appears_whole_or_not_at_all(
    tmp_path: Path, result: xarray.Dataset, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = report.write_report(result, summary, tmp_path / "deep" / "report.html")
    before = path.read_text(encoding="utf-8")
    assert before.startswith("<!DOCTYPE html>")
    assert os.listdir(path.parent) == ["report.html"]

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        report.write_report(result, summary, path)
    assert os.listdir(path.parent) == ["report.html"]
    assert path.read_text(encoding="utf-8") == before


def test_people_in_the_dark_are_told_at_the_worst_week_in_thousands(content: str, summary: Summary) -> None:
    section = _section(content, "strikes")
    table = section[section.index("People without electricity, thousands") :]
    worst = summary.find("dark_most", side="U")
    assert worst
    assert f"{text.number((worst.q50[52] or 0) / 1000)} (" in table
    assert "people without heat at a time" in section
    assert section.count("<svg") == 9 + 9 + 6


def test_a_side_whose_people_lack_nothing_keeps_its_place_and_says_so(result: xarray.Dataset) -> None:
    nobody = result.assign(dark=result["dark"] * xarray.DataArray([0, 1], dims="side", coords={"side": ["R", "U"]}))
    content = report.render(nobody, summarise(nobody))
    assert "<figure></figure><figure><svg" in content
    table = content[content.index("People without electricity, thousands") :]
    assert table.index("<td>0 (0–0)</td>") < table.index("Ukraine")


def test_money_is_told_of_those_who_have_it(content: str) -> None:
    section = _section(content, "money")
    titles = re.findall(r"<title[^>]*>([^<]*)</title>", section)
    assert titles == ["Brent crude", "Russia", "Russia", "Russia", "Ukraine", "Russia"]
    for unit in ("US dollars a barrel", "bn of local currency", "% a year", "% of the opening’s rate"):
        assert unit in section


def test_promise_delivery_payer_and_lag_are_told_apart(content: str, summary: Summary) -> None:
    section = _section(content, "allies")
    table = section[: section.index("</table>")]
    for ally in summary.allies[:2]:
        row = table[table.index(ally.name) :]
        for spread, decimals in ((ally.pledged, 2), (ally.delivered, 2), (ally.paid, 2), (ally.lag, 0)):
            assert spread.q50 is not None
            assert f"<td>{text.number(round(spread.q50, decimals))} (" in row[: row.index("</tr>")]
    assert "Belarus" not in table
    assert "Allies that give nothing counted here: Belarus (Russia)." in section
    assert section.count("<svg") == 4


def test_amounts_of_aid_lead_to_their_sources(result: xarray.Dataset) -> None:
    names = {"US": "patrons.pledge_opening[US,shells]", "EU": "patrons.delivery_opening[EU]", "U": "patrons.mood[US]"}
    rows = [{"name": name, "source": f"Source of {key}"} for key, name in names.items()]
    aided = result.assign_attrs(assumptions=json.dumps(rows))
    table = _section(report.render(aided, summarise(aided)), "allies")
    assert re.findall(r'href="#source-(\d+)"', table) == ["1", "2"]


def test_what_guarantees_are_worth_is_said_with_the_runs_behind_it(result: xarray.Dataset) -> None:
    many = _again(result, 5)
    told = summarise(many).guarantees
    assert told
    assert told.without
    section = _section(report.render(many, summarise(many)), "allies")
    assert f"by an agreement in {told.agreements:,} runs; in" in section
    assert f"of the {told.without.runs:,} without a guarantee, in" in section
    for name in ("All guarantors together", "United States alone", "European states alone"):
        assert section.count(name) == 1
    assert section.count(f"<td>{told.by[0].agreements:,}</td>") == 3
    assert "Belarus alone" not in section
    assert "too few" not in section


def test_where_agreements_are_few_or_guarantees_alike_that_is_said(result: xarray.Dataset) -> None:
    few = result.isel(run=slice(60))
    section = _section(report.render(few, summarise(few)), "allies")
    assert "too few to say how often one fails" in section
    assert section.count("<td>too few</td>") == 6
    alike = _again(result.assign(promised=0.3 * (result["promised"] > 0)), 5)
    assert _section(report.render(alike, summarise(alike)), "allies").count("<td>alike</td>") == 4 + 2


def test_where_nobody_gives_guarantees_that_is_said(result: xarray.Dataset) -> None:
    nobody = result.assign(promised=0 * result["promised"])
    section = _section(report.render(nobody, summarise(nobody)), "allies")
    assert "None of them has a guarantee that could be kept." in section
    assert "Guarantor" not in section


def test_ends_are_told_at_every_weight_beside_the_base_rate(content: str, summary: Summary) -> None:
    section = _section(content, "ending")
    for name in ("Base rate alone", "Structure ¼", "Structure ½", "Structure ¾", "Structure alone"):
        assert f'<th scope="row">{name}</th>' in section
        assert f'<th scope="col">{name}</th>' in section
    for told in summary.endings.weights:
        chance = told.any[-1]
        assert chance
        interval = f"<small>{100 * chance.monte_carlo_low:.1f}–{100 * chance.monte_carlo_high:.1f}</small>"
        assert f"{text.percent(chance.probability)} {interval}" in section
        assert f"<td>{told.effective_runs[-1]:,.0f}</td>" in section
    agreed = summary.endings.causes[0].by[-1]
    assert f"{text.number(round(100 * (agreed.q50 or 0), 1), 2)} (" in section
    assert "Agreement, of either kind" in section
    assert "Base rate, wars this old" in section
    assert section.count("<svg") == 4


def test_terms_are_told_by_issue_beside_those_that_would_suit_both(content: str, summary: Summary) -> None:
    section = _section(content, "terms")
    terms = summary.terms
    assert terms
    assert f"by an agreement in {terms.agreements:,} runs" in section
    for matter in terms.issues:
        for clause in matter.clauses:
            row = section[section.index(f'<th scope="row">{clause.name}</th>') :]
            row = row[: row.index("</tr>")]
            assert clause.agreed
            assert f"<td>{text.percent(clause.agreed.probability)} <small>" in row
            assert row.count("<td>") == 1 + len(terms.weeks)
            assert row.endswith(f"<td>{text.percent(clause.likely[-1] or 0)}</td>")
    assert "settled last, as suits the rest" in section
    assert "The plain forecast that an agreement awards no land is right in" in section
    assert "To Russia" in section
    assert "15\u00a0km in" in section
    assert terms.packages[0].key in section
    assert "an agreement holds for 1 year with" in section


def test_of_few_agreements_the_terms_that_would_suit_both_are_shown_and_named_as_such(result: xarray.Dataset) -> None:
    few = result.isel(run=slice(60))
    section = _section(report.render(few, summarise(few)), "terms")
    assert "too few to tell of their terms" in section
    assert "nobody has agreed on them" in section
    assert "Agreed on</th>" not in section
    assert "The most common packages" not in section
    assert "First week<br>" in section


def test_what_each_side_holds_out_for_is_told_with_the_runs_still_at_war(content: str, summary: Summary) -> None:
    section = _section(content, "table")
    for now in summary.table:
        assert f"{now.zone.runs:,} runs" in section
    worth = summary.table[0].sides[1].least
    assert f"<td>{worth.q50:.2f} (" in section
    assert section.count('<th scope="row">The least that it would accept</th>') == 2
    assert section.count("<svg") == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("fitted", "was fitted to simulated wars"),
        ("forts law", "a plain law of forts"),
        ("<b>odd", "Values of fighting on: &lt;b&gt;odd."),
        ("", ""),
    ],
)
def test_where_values_of_fighting_on_come_from_is_said(result: xarray.Dataset, values: str, words: str) -> None:
    told = result.assign_attrs(values=values)
    section = _section(report.render(told, summarise(told)), "table")
    assert words in section
    assert ("fighting on was" in section or "fighting on is worth" in section) == (values in ("fitted", "forts law"))


@pytest.mark.parametrize(
    ("missing", "gone"),
    [("structural", ""), ("agreed", "terms"), ("zone", "table"), ("anchor", ""), ("talks", "table")],
)
def test_a_result_that_knows_less_of_bargaining_has_a_report(result: xarray.Dataset, missing: str, gone: str) -> None:
    older = result.drop_vars(missing)
    page = parsed(report.render(older, summarise(older)))
    told = {"ending", "terms", "table"}
    assert told - {gone} == told & set(page.identifiers)


def test_opinion_is_drawn_for_each_side_and_question_and_leaders_have_chances(content: str, summary: Summary) -> None:
    section = _section(content, "opinion")
    assert section.count("<svg") == 4
    for question in summary.questions:
        assert section.count(f"<h3>{question.name}</h3>") == 1
    assert "Chance that the leader has gone" in section
    assert section.count("<small>") == 2 * len(summary.horizons)


@pytest.mark.parametrize("gone", ["patron", "aid_pledged", "aid_lag"])
def test_a_war_without_patrons_says_nothing_of_allies(result: xarray.Dataset, gone: str) -> None:
    alone = result.isel(patron=slice(0)) if gone == "patron" else result.drop_vars(gone)
    alone["patron"].attrs |= {"names": [], "supports": []} if gone == "patron" else {}
    page = parsed(report.render(alone, summarise(alone)))
    assert "allies" not in page.identifiers
    assert "opinion" in page.identifiers


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (("launched", "served_share", "dark", "cold"), "strikes"),
        (("launched",), ""),
        (("dark", "cold"), ""),
        (("brent", "oil_revenue", "inflation", "reserves"), "money"),
        (("oil_revenue_usual",), ""),
        (("opinion", "leader_exits"), "opinion"),
        (("opinion",), ""),
        (("aid_delivered", "promised"), "allies"),
        (("will", "relapse_week"), ""),
    ],
)
def test_older_results_have_a_report(result: xarray.Dataset, missing: tuple[str, ...], gone: str) -> None:
    older = result.drop_vars(missing)
    page = parsed(report.render(older, summarise(older)))
    told = {"strikes", "money", "allies", "opinion"}
    assert told - {gone} == told & set(page.identifiers)


def test_plain_statistics_stand_beside_the_forecast_with_their_weights(result: xarray.Dataset, content: str) -> None:
    points = {"simulator": [-40, 2, 3, 4, 5000], "pool": [2, 3, 4, 5, 6], "mixture": [1, 2, 3, 5, 6]}
    row = {"target": "loss_<b>x", "week": 4, "weights": [0.7, 0.3], "quantiles": points}
    noted = {"cut_off": "2025-10-04", "members": ["simulator", "pool"], "rows": [row, row | {"target": "area_total"}]}
    beside = result.assign_attrs(beside=json.dumps(noted))
    section = _section(report.render(beside, summarise(beside)), "beside")
    assert "3 (−40 to 5,000); weight 70 %" in section
    assert "4 (2 to 6); weight 30 %" in section
    assert "4\u00a0October\u00a02025" in section
    assert "<b>x" not in section
    early = result.assign_attrs(beside=json.dumps(noted | {"cut_off": ""}))
    assert "elicited, since no forecast had come due" in _section(report.render(early, summarise(early)), "beside")
    assert "beside" not in parsed(content).identifiers


def test_a_result_without_cells_or_stocks_has_a_report(result: xarray.Dataset) -> None:
    bare = result.drop_dims("cell").drop_dims("item").assign_attrs(assumptions="", notes="")
    page = parsed(report.render(bare, summarise(bare)))
    assert "map" not in page.identifiers
    assert "ending" in page.identifiers


def test_the_report_is_a_sound_page(content: str, sound) -> None:
    sound(content)


def test_every_section_of_numbers_leads_to_what_is_behind_it(content: str) -> None:
    for name in ("glance", "map", "ground", "ending", "terms", "people", "stocks", "strikes", "towns"):
        part = _section(content, name)
        assert "class='from'" in part, name
        assert 'href="#method"' in part, name
    assert 'href="#assumption-attrition"' in _section(content, "people")
    assert 'href="#record-general-staff"' in _section(content, "people")
    assert 'href="#record-deepstatemap"' in _section(content, "map")
    assert 'href="#assumption-front"' in _section(content, "ground")


def test_the_record_is_listed_with_citation_licence_and_day(content: str, summary: Summary) -> None:
    records = _section(content, "records")
    assert summary.evidence_as_of in records
    for source in SOURCES.values():
        for words in (source.producer, source.citation, source.licence):
            assert html.escape(words) in records


def test_every_kind_of_assumption_is_under_the_name_of_its_subsystem(content: str, summary: Summary) -> None:
    part = _section(content, "assumptions")
    for row in summary.assumptions:
        owner = row.name.partition(".")[0]
        assert part.index(f'id="assumption-{owner}"') < part.index(f"<code>{html.escape(row.name)}</code>")


def test_a_link_to_a_part_that_is_missing_is_plain_words() -> None:
    whole = page.page("T", '<p><a href="#there">one</a> <a href="#gone">two</a></p><p id="there">x</p>')
    assert '<a href="#there">one</a> two</p>' in whole
