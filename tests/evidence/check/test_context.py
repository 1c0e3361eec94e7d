"""What a claim leaves to those before it: towns, currencies, parts of a difference."""

import pytest

from ceasefire.evidence.check import check
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.open()


def claims(*rows: dict[str, object]) -> list[Claim]:
    """Claims one after the other in one text."""
    plain = {"doc": "d", "subject": "x", "quantity": "x"}
    return [
        Claim(**{**plain, "id": f"c{n}", "start": 100 * n, "end": 100 * n + 60, **row}) for n, row in enumerate(rows)
    ]


def said(record: Record, *rows: dict[str, object]) -> list[str]:
    return [verdict.verdict for verdict in check.check_against(claims(*rows), record)]


HELD = {
    "span": "Russian forces captured Vuhledar", "subject": "Vuhledar", "quantity": "town_control",
    "as_of": "2024-10-14", "places": ("Vuhledar",), "kind": "location",
}  # fmt: skip


def test_the_town_is_the_one_named_last(record: Record) -> None:
    def lies(km: float) -> dict[str, object]:
        span = f"The town lies {km:g} km from Velyka Novosilka"
        return {
            "span": span, "subject": "town", "quantity": "distance", "value": km, "unit": "km", "kind": "location",
            "places": ("Velyka Novosilka",), "as_of": "2024-10-14", "qualifier": "exact",
        }  # fmt: skip

    town, other = (record.gazetteer.find(name) for name in ("Vuhledar", "Velyka Novosilka"))
    km = round(_km(town, other), 1)
    assert said(record, HELD, lies(km))[1] == "confirmed"
    assert said(record, HELD, lies(3 * km))[1] == "contradicted"


def _km(one: object, other: object) -> float:
    from ceasefire.evidence.gazetteer import distance_km

    return float(distance_km((one.latitude, one.longitude), (other.latitude, other.longitude)))


def test_words_before_confirm_and_never_contradict(record: Record) -> None:
    first = {
        "span": "Russia's budget took in 8.48 trillion roubles from oil and gas", "subject": "Russia",
        "quantity": "oil_revenue", "value": 8.48e12, "as_of": "2025", "kind": "flow",
    }  # fmt: skip

    def december(value: float) -> dict[str, object]:
        return {"span": f"December yielded {value:g} billion", "value": value * 1e9, "as_of": "2025-12", "kind": "flow"}

    row = {str(day)[:7]: value for day, value in _rows(record, "econ.ru_oil_gas_revenue")}["2025-12"]
    assert said(record, first, december(row)) == ["confirmed", "confirmed"]
    assert said(record, first, december(5 * row))[1] in ("unverified", "contradicted", "conflated")
    assert said(record, december(row)) == ["unverified"]


def _rows(record: Record, name: str) -> list[tuple[object, float]]:
    series = record.series(name)
    assert series is not None
    return list(zip(series.dates, map(float, series.values), strict=True))


def test_a_difference_of_confirmed_parts_is_confirmed(record: Record) -> None:
    supply = {
        "span": "Ukraine can generate 11 GW", "subject": "Ukraine", "quantity": "power_capacity", "value": 11,
        "unit": "GW", "as_of": "2026-01-15", "kind": "stock",
    }  # fmt: skip
    need = {**supply, "span": "against peak demand of 18 GW", "quantity": "power_demand", "value": 18}

    def short(gap: float) -> dict[str, object]:
        return {**supply, "span": f"which leaves it {gap:g} GW short", "quantity": "gap", "subject": "it", "value": gap}

    assert said(record, supply, need, short(7)) == ["confirmed"] * 3
    assert said(record, supply, need, short(3))[2] != "confirmed"
    assert said(record, {**supply, "value": 15, "span": "Ukraine can generate 15 GW"}, need, short(3))[2] != "confirmed"


def test_claims_of_another_text_are_no_context(record: Record) -> None:
    lone = {
        "span": "The town fell", "subject": "town", "quantity": "town_control", "as_of": "2024-10-14", "doc": "e",
        "kind": "event",
    }  # fmt: skip
    assert said(record, HELD, lone)[1] == "unverified"
