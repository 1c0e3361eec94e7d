"""Machine code that is kept gives the same bits, is loaded where it fits, and is made again where it is broken."""

from __future__ import annotations

import threading
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.simulate import compiled
from ceasefire.simulate.compiled import SUFFIX, Program


class Outcome(NamedTuple):
    last: jax.Array
    series: dict[str, jax.Array]


traced: list[int] = []


@partial(jax.jit, static_argnames="steps")
def walk(x, *, steps):
    traced.append(steps)
    last, sums = jax.lax.scan(lambda c, _: (jnp.sin(c) * 1.0001 + c @ c.T, c.sum()), x, None, length=steps)
    return Outcome(last, {"b.sum": sums, "a.mean": sums / x.size})


def like(names, x):
    return Outcome(x, {name.removeprefix("series/"): 0 for name in names if name.startswith("series/")})


def like_nothing(names, x):
    return Outcome(x, {})


def program(shape=like):
    """As in a new process: nothing is in memory."""
    jax.clear_caches()
    traced.clear()
    return Program(walk, like=shape)


def bits(outcome):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(outcome)], jax.tree.structure(outcome)


X = jnp.asarray(np.linspace(0, 0.1, 64).reshape(8, 8), jnp.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "kept_in", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def plain(monkeypatch):
    with monkeypatch.context() as off:
        off.setattr(compiled, "kept_in", lambda: None)
        return bits(program()(X, steps=9))


def kept(folder):
    return sorted(folder.glob(f"*{SUFFIX}"))


def test_bits_are_the_same_and_nothing_is_traced_again(plain, folder):
    assert bits(program()(X, steps=9)) == plain
    assert len(kept(folder)) == 1
    assert traced
    again = program()
    assert bits(again(X, steps=9)) == plain
    assert not traced


def test_what_is_loaded_ahead_is_used(plain, folder):
    program()(X, steps=9)
    again = program()
    again.prepare()
    path, opened = again.ahead
    assert path == kept(folder)[0]
    assert opened.result(timeout=60) is not None
    path.unlink()
    assert bits(again(X, steps=9)) == plain
    assert not traced


def test_other_arguments_are_another_program(folder):
    first = program()
    for x, steps in ((X, 9), (X, 8), (X[:4, :4], 9)):
        assert first(x, steps=steps).series["b.sum"].shape == (steps,)
    assert len(kept(folder)) == 3


def test_what_is_broken_or_does_not_fit_is_compiled_again(plain, folder):
    program()(X, steps=9)
    path = kept(folder)[0]
    whole = path.read_bytes()
    for broken in (b"", whole[:-100], whole[:40] + b"x" + whole[41:]):
        path.write_bytes(broken)
        assert bits(program()(X, steps=9)) == plain
        assert traced
        assert path.read_bytes()[32:] != broken[32:]
    assert bits(program(like_nothing)(X, steps=9)) == plain
    assert traced


def test_changed_sources_are_another_program(folder, monkeypatch):
    program()(X, steps=9)
    monkeypatch.setattr(compiled, "_digest_of_sources", lambda function: "0" * 64)
    program()(X, steps=9)
    assert traced
    assert len(kept(folder)) == 2


def test_sources_that_changed_meanwhile_are_not_kept(folder, monkeypatch):
    running = program()
    monkeypatch.setattr(compiled, "_digest_of_sources", lambda function: "0" * 64)
    running(X, steps=9)
    assert not kept(folder)


def test_threads_wait_for_one_of_them(plain, folder):
    shared, found = program(), []
    threads = [threading.Thread(target=lambda: found.append(bits(shared(X, steps=9)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [plain] * 4
    assert traced == [9]


def test_where_nothing_can_be_written_it_works_all_the_same(plain, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(compiled, "kept_in", lambda: tmp_path / "file" / "below")
    running = program()
    running.prepare()
    assert bits(running(X, steps=9)) == plain


def test_an_error_is_everybodys_and_the_next_may_try_again(folder):
    running = program()
    for _ in range(2):
        with pytest.raises(TypeError):
            running(jnp.ones((2, 3)), steps=9)


def test_code_that_jax_has_kept_itself_is_compiled_anew(folder):
    """What is written of code that JAX had loaded has lost its functions: it would be found and could not run."""
    least = jax.config.values["jax_persistent_cache_min_compile_time_secs"]
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    try:
        jax.clear_caches()
        first = bits(walk.lower(X, steps=7).compile()(X))
        assert bits(program()(X, steps=7)) == first
        assert len(kept(folder)) == 1
        again = program()
        assert bits(again(X, steps=7)) == first
        assert not traced
    finally:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", least)
