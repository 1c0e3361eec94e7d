from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ceasefire.evidence.build import build
from ceasefire.evidence.store import Store

sys.path.insert(0, str(Path(__file__).parent))

from invented import write_upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    return write_upstream(tmp_path / "upstream")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("small")
    return build(write_upstream(folder / "upstream"), folder / "store")


@pytest.fixture(scope="session")
def packaged() -> Store:
    return Store.open(None)
