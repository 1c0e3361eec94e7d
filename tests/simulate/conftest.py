from __future__ import annotations

import pytest

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.scenario.start import Start, open_war


@pytest.fixture(scope="package")
def start() -> Start:
    """The shipped war, opened on 9 August 2025."""
    scenario = spec.load("alaska-2025-08")
    return open_war(scenario, Vintage(Store.open(None), scenario.opening))
