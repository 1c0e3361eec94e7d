"""The page of monthly reports says what the rows say, and the one that is kept is of the war that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import norm

from ceasefire.scenario import spec
from ceasefire.study.monthly import SCENARIO, Check, Row
from ceasefire.view import monthly

ROOT = Path(__file__).parents[2]


def rows(title: str, values: list[float | None], unit: str = "count") -> tuple[Row, ...]:
    months = [f"2042-{month:02}" for month in range(1, len(values) + 1)]
    return tuple(
        Row(title, "a.b", unit, when, 1.0, 2.0, 3.0, value) for when, value in zip(months, values, strict=True)
    )


def check(origin: str, *parts: tuple[Row, ...]) -> Check:
    return Check(
        origin, "A war", 100, 20, 1, "9.9", "v1:0123456789abcdef", tuple(row for part in parts for row in part)
    )


@pytest.fixture(scope="module")
def page() -> str:
    return monthly.page(
        (
            check("2041-12-31", rows("Many", [2.0, 2.0, 2.0, 4.0, 2.0, None]), rows("Few", [2.0, 4000.4])),
            check("2042-01-14", rows("Many", [5.0, 0.5, 2.0, 2.0, 2.0], "1"), rows("None", [None])),
        )
    )


def lines(page: str, start: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith(start)]


def test_coverage_is_counted_over_series_with_enough_observations(page):
    assert "| from 2041-12-31 | 1 | 5 | 4 | 80 % |" in page
    assert "| from 2042-01-14 | 1 | 5 | 3 | 60 % |" in page
    assert "| both | 1 | 10 | 7 | 70 % |" in page


def test_hits_of_a_series_stand_side_by_side(page):
    assert "| hits | from 2041-12-31 | from 2042-01-14 |" in page
    assert "| Many | 4 of 5 | 3 of 5 |" in page
    assert "| Few |" not in page


def test_the_interval_is_wilsons(page):
    z, n, p = norm.ppf(0.975), 10, 0.7
    middle, half = (
        (p + z**2 / (2 * n)) / (1 + z**2 / n),
        z / (1 + z**2 / n) * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5,
    )
    assert f"{100 * (middle - half):.0f} % to {100 * (middle + half):.0f} %" in lines(page, "| both")[0]


def test_every_month_has_its_mark_its_report_and_its_band(page):
    assert lines(page, "| 2042-04")[0] == "| 2042-04 | **miss** | 4 | 1 to 3 | 2 |"
    assert lines(page, "| 2042-06") == ["| 2042-06 | – | – | 1 to 3 | 2 |"]
    assert "| **Many**, count | **4 of 5** |  |  |  |" in page
    assert "| 2042-01 | **miss** | 500 % | 100 % to 300 % | 200 % |" in page
    assert "| **Many** | **3 of 5** |  |  |  |" in page


def test_series_with_few_observations_come_without_a_claim_and_those_with_none_not_at_all(page):
    first, second = page.split("## From 2042-01-14")
    head, tail = first.split("Without a claim:")
    assert "**Few**" not in head
    assert "| **Few**, count |  |  |  |  |" in tail
    assert "| 2042-02 | **miss** | 4,000 | 1 to 3 | 2 |" in tail
    assert "Without a claim:" not in second
    assert "**None**" not in second


def test_a_page_without_any_claim_says_so():
    assert "| from 2042-01-01 | 0 | 0 | 0 | – | – |" in monthly.page((check("2042-01-01", rows("Few", [2.0])),))


def test_tables_are_whole(page):
    columns = [line.count("|") for line in page.splitlines() if line.startswith("|")]
    assert set(columns) == {4, 6, 7}


def test_the_kept_page_tells_of_everything_that_is_reported_of_the_shipped_war():
    kept = (ROOT / monthly.PAGE).read_text(encoding="utf-8")
    for entry in spec.load(SCENARIO).war.reported:
        assert f"**{entry.name}**" in kept, f"run `{monthly.COMMAND}`"
