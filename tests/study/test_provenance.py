"""Provenance: every number of an opening can be told, with the claims that it is made of, and nothing later."""

from __future__ import annotations

import json
import math

import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.study import provenance as study

TROOPS = "attrition.troops_opening[R]"


@pytest.fixture(scope="module")
def troops():
    return study.explain(TROOPS, "abu-dhabi-2026-01")


def test_a_fused_number_is_told_with_claims_whose_weights_add_up(troops):
    assert troops.how == "fused"
    assert troops.low < troops.middle < troops.high
    assert math.fsum(said.weight for said in troops.claims) + troops.prior_weight == pytest.approx(1, abs=1e-6)
    assert all(said.weight == 0 for said in troops.claims if said.copy_of)
    told = troops.text()
    assert all(said.source in told for said in troops.claims)
    assert json.loads(study.to_json(troops))["name"] == TROOPS


def test_nothing_later_than_the_day_is_seen(troops):
    earlier = study.explain(TROOPS, "abu-dhabi-2026-01", on="2025-03-01")
    assert earlier.claims
    assert max(said.published for said in earlier.claims) <= "2025-03-01" < max(s.published for s in troops.claims)


def test_a_series_is_fused_by_itself():
    found = study.explain("facts.storage_equipment.ru.tanks_in_storage")
    assert found.how == "series"
    assert found.low < found.middle < found.high
    assert found.claims


def test_a_band_that_ends_at_nothing_is_shown(troops):
    said = troops.claims[0]
    shown = study._band(study.Said(**{**vars(said), "low": 0.0, "value": 1.0, "high": 2.0}))
    assert shown == "0–2"


@pytest.mark.parametrize(
    ("name", "culprit"),
    [
        ("attrition.troops_openin[R]", "did you mean 'attrition.troops_opening'"),
        ("attrition.troops_opening", r"it has attrition\.troops_opening\[R\]"),
        ("attrition.troops_opening[X]", r"it has attrition\.troops_opening\[R\]"),
        ("attrition.troops_opening[R,U]", "no number for"),
        ("", "no parameter"),
    ],
)
def test_what_is_no_number_is_told(name, culprit):
    with pytest.raises(CeasefireError, match=culprit):
        study.explain(name, "abu-dhabi-2026-01")
