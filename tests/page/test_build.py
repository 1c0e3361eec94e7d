"""The page that is committed is the one that its sources make: rebuilt, it has the same bytes; and it is small."""

import filecmp
import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "frontend"
PAGE = ROOT / "src" / "ceasefire" / "view" / "web" / "page"
LIMIT = 500_000
"""Bytes of the whole page, compressed."""


@pytest.fixture
def tools() -> Path:
    """The folder with what the page is built by; without Node there is nothing to rebuild with."""
    folder = SOURCES / "node_modules" / ".bin"
    if shutil.which("node") is None or not (folder / "vite").exists():
        says = "Node with the packages of frontend/ rebuilds the page: cd frontend && npm ci"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(says)
    return folder


def files(folder: Path) -> list[str]:
    """All files of a folder, by their path in it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def run(*words: str | Path, **settings: str) -> None:
    made = subprocess.run(
        [str(word) for word in words],
        cwd=SOURCES,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]


def test_the_page_rebuilds_to_the_same_bytes(tools: Path, tmp_path: Path) -> None:
    run(tools / "vite", "build", "--logLevel", "error", CEASEFIRE_PAGE=str(tmp_path / "page"))
    assert files(tmp_path / "page") == files(PAGE)
    _, differ, wrong = filecmp.cmpfiles(tmp_path / "page", PAGE, files(PAGE), shallow=False)
    assert (differ, wrong) == ([], []), "the page is not what its sources make: make page"


def test_types_are_those_of_the_api(tools: Path, tmp_path: Path) -> None:
    run(tools / "openapi-typescript", "openapi.json", "--output", tmp_path / "api.d.ts", "--alphabetize")
    assert (tmp_path / "api.d.ts").read_bytes() == (SOURCES / "src" / "api.d.ts").read_bytes()


def test_the_page_is_small_compressed() -> None:
    size = sum(len(gzip.compress((PAGE / name).read_bytes(), 9)) for name in files(PAGE))
    assert size < LIMIT


def test_the_page_asks_no_other_host_and_carries_its_licences() -> None:
    index = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", index)
    for name in files(PAGE):
        assert not name.endswith(".map")
        if name.endswith(".css"):
            assert "url(http" not in (PAGE / name).read_text("utf-8")
    licences = (PAGE / "LICENSES.txt").read_text("utf-8")
    assert all(package in licences for package in ("svelte ", "d3-geo ", "@observablehq/plot "))


def test_the_lock_names_exact_versions_and_no_registry() -> None:
    lock = (SOURCES / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock
    wanted = json.loads((SOURCES / "package.json").read_text("utf-8"))["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    packages = json.loads(lock)["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in package for name, package in packages.items() if name)
