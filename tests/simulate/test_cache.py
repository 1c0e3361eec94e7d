"""What was compiled is kept within bounds, and nothing depends on it."""

from __future__ import annotations

import os
import subprocess
import sys

import jax
import pytest

from ceasefire.simulate import cache

PROGRAM = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("error")
from ceasefire.simulate.cache import keep_compiled
folder = keep_compiled()
import jax, jax.numpy as jnp
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
@jax.jit
def step(x):
    return jax.lax.scan(lambda c, _: (jnp.sin(c) * 1.0001 + c @ c.T, c.sum()), x, None, length=9)
print(folder, jax.tree.map(lambda a: a.tobytes().hex()[:400], jax.tree.map(jax.device_get, step(jnp.ones((8, 8)) / 9))))
"""


def run(**environment: str) -> tuple[str, str]:
    """Folder and bits of a small program in a process of its own."""
    kept = {key: value for key, value in os.environ.items() if key not in ("CEASEFIRE_CACHE", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    folder, _, bits = done.stdout.partition(" ")
    return folder, bits


@pytest.fixture(scope="module")
def plain() -> str:
    folder, bits = run(CEASEFIRE_CACHE="")
    assert folder == "None"
    return bits


def test_bits_are_the_same_with_and_without(plain, tmp_path):
    for _ in range(2):
        folder, bits = run(CEASEFIRE_CACHE=str(tmp_path))
        assert bits == plain
        assert folder.startswith(str(tmp_path))
    assert any(tmp_path.rglob("*-cache"))
    assert run(XDG_CACHE_HOME=str(tmp_path / "xdg"))[0].startswith(str(tmp_path / "xdg" / "ceasefire"))


def test_what_is_broken_is_compiled_again(plain, tmp_path):
    run(CEASEFIRE_CACHE=str(tmp_path))
    for path in tmp_path.rglob("*-cache"):
        path.write_bytes(b"not code")
    assert run(CEASEFIRE_CACHE=str(tmp_path))[1] == plain


def test_where_nothing_can_be_written_nothing_is_kept(plain, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file" / "below"), "/proc/none"):
        assert run(CEASEFIRE_CACHE=place) == ("None", plain)


def test_the_folder_stays_within_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST_BYTES", 250)
    for age in range(5):
        file = tmp_path / f"{age}-cache"
        file.write_bytes(b"x" * 100)
        os.utime(file, (1e9 - age, 1e9 - age))
    cache._bound(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0-cache", "1-cache"]


def test_a_choice_of_the_user_stands(tmp_path):
    chosen = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "mine"))
    try:
        assert str(cache.keep_compiled()) == str(tmp_path / "mine")
    finally:
        jax.config.update("jax_compilation_cache_dir", chosen)
