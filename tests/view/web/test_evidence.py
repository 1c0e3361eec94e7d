"""The evidence: only what was known, everybody who is heard, and numbers that rest on what is told."""

from __future__ import annotations

import pytest

from ceasefire.evidence.store import Store
from ceasefire.scenario.spec import load
from ceasefire.scenario.start import variables
from ceasefire.study import influence
from ceasefire.view.web.evidence import evidence
from ceasefire.view.web.replies import Evidence

SPECIAL = ("losses[", "opinion[", "opening map")


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open()


@pytest.fixture(scope="module", params=["abu-dhabi-2026-01", "alaska-2025-08"])
def told(request, store) -> Evidence:
    return evidence(load(request.param), store)


def test_nothing_was_said_after_the_opening(told):
    assert told.claims
    for said in told.claims:
        assert said.published <= told.as_of
        assert said.date <= told.as_of


def test_every_claim_is_behind_a_number_of_the_model(told):
    known = variables()
    keys = {origin.key for origin in told.sources}
    assert len({(said.id, said.value) for said in told.claims}) == len(told.claims)
    for said in told.claims:
        assert said.feeds
        assert all(name.partition("[")[0] in known for name in said.feeds)
        assert said.source in keys
        assert said.value


def test_sources_that_can_be_dropped_are_those_of_the_study(told, store):
    asked = influence.sources(load("abu-dhabi-2026-01" if told.as_of > "2026" else "alaska-2025-08"), store)
    offered = [origin.key for origin in told.sources if origin.droppable]
    assert len(set(offered)) == len(offered)
    assert set(offered) <= set(asked)


def test_what_a_source_feeds_is_what_its_claims_feed(told):
    for origin in told.sources:
        if origin.droppable:
            own = {name for said in told.claims if said.source == origin.key for name in said.feeds}
            more = set(origin.feeds) - own
            assert all(name.startswith(SPECIAL) for name in more)
            assert len(origin.feeds) >= min(len(own), 40)


def test_a_table_counts_the_rows_that_could_be_read(told, store):
    tables = {origin.key.removeprefix("table:"): origin for origin in told.sources if not origin.droppable}
    assert set(tables) == set(store.sources)
    rows = [row for row in store.observations if row.source == "polls"]
    seen = [row for row in rows if row.date <= told.as_of and row.published <= told.as_of]
    assert tables["polls"].rows == len(seen) <= len(rows)
    assert all(origin.licence and origin.citation for origin in tables.values())


def test_a_claim_far_from_the_others_is_told_as_such(told):
    said = [claim for claim in told.claims if claim.verdict]
    assert any(claim.verdict.startswith("within") for claim in said)
    assert any(claim.verdict.startswith(("below", "above")) for claim in said)
