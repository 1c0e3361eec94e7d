import pytest
import xarray

from ceasefire.study.summary import Summary, summarise
from ceasefire.view import text


def test_the_screen_fits(summary: Summary) -> None:
    screen = text.render(summary, ["out/made-up/summary.json", "out/made-up/report.html"])
    lines = screen.splitlines()
    assert len(lines) <= text.LINES
    assert max(map(len, lines)) <= text.WIDTH
    for wanted in ("Ground gained by Russia", "Pokrovsk (Russia)", "Russia, thousands", "Ukraine, thousands"):
        assert wanted in screen
    assert "out/made-up/report.html" in screen


def test_the_screen_tells_power_and_oil_in_percent_of_those_that_have_them(summary: Summary) -> None:
    rows = dict(dict(text.sections(summary))["Power demand met and oil taxes, %"])
    assert list(rows) == [
        "Power met, worst week, Russia",
        "Power met, worst week, Ukraine",
        "Oil taxes, Russia, opening 100",
    ]
    worst = summary.find("served_share_least", side="U")
    assert worst
    median, low, high = (100 * (row[52] or 0) for row in (worst.q50, worst.q05, worst.q95))
    assert rows["Power met, worst week, Ukraine"][-1] == f"{median:.0f} ({low:.0f}–{high:.0f})"


def test_the_screen_of_an_older_result_says_nothing_of_power(result: xarray.Dataset) -> None:
    older = summarise(result.drop_vars(["served_share", "oil_revenue"]))
    assert "Power" not in text.render(older)


def test_the_screen_fits_however_long_the_words(result: xarray.Dataset) -> None:
    long = result.assign_attrs(title="long " * 60, question="why " * 150, notes=["word " * 90] * 5)
    lines = text.render(summarise(long), ["directory/" * 12] * 4).splitlines()
    assert len(lines) <= text.LINES
    assert max(map(len, lines)) <= text.WIDTH


def test_the_screen_obeys_nobody(result: xarray.Dataset) -> None:
    rude = result.assign_attrs(title="\x1b[31mred\x07 [bold]x[/bold] [/nothing]", question="[link=a]b")
    screen = text.render(summarise(rude))
    assert "\x1b" not in screen
    assert "[bold]x[/bold] [/nothing]" in screen


def test_the_screen_tells_the_base_rate_beside_the_ends_and_what_becomes_of_the_line(summary: Summary) -> None:
    rows = dict(dict(text.sections(summary))["How the fighting first ends"])
    alone = summary.endings.weights[0].any[-1]
    assert alone
    assert rows["  by the base rate alone"][-1] == text.percent(1 - alone.probability)
    assert rows["No ending yet"][-1] == text.percent(1 - summary.endings.any[-1].probability)
    assert summary.terms
    assert summary.terms.line_as_held
    share = text.percent(summary.terms.line_as_held.probability)
    assert f", and {share} of agreements leave the line as held." in text.sentences(summary)[0]


def test_the_screen_of_a_result_without_bargaining_says_nothing_of_it(result: xarray.Dataset) -> None:
    older = summarise(result.drop_vars(["structural", "agreed"]))
    assert "base rate" not in text.render(older)
    assert "agreements" not in text.render(older)


def test_sentences_hold_the_numbers(summary: Summary) -> None:
    ending, ground, people = text.sentences(summary)
    assert text.percent(summary.endings.any[-1].probability) in ending
    assert "km²" in ground
    assert "Russia" in people
    assert "Ukraine" in people
    assert "people" in people


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0, "0"),
        (1937, "1,940"),
        (12345, "12,300"),
        (-30.2, "−30.2"),
        (0.5, "0.5"),
        (1234567, "1.23 million"),
        (999999, "1 million"),
        (4e-7, "4e−7"),
    ],
)
def test_numbers(value: float | None, written: str) -> None:
    assert text.number(value) == written


def test_words_for_probabilities() -> None:
    assert text.likelihood(0.995) == "virtually certain"
    assert text.likelihood(0.5) == "about as likely as not"
    assert text.likelihood(0.0) == "exceptionally unlikely"
    assert (text.percent(0.0), text.percent(0.004), text.percent(0.5), text.percent(1.0)) == (
        "<1%",
        "<1%",
        "50%",
        ">99%",
    )
