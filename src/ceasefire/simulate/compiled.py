"""Compiled: keep the machine code of a function, so that the next process neither traces nor compiles it.

JAX keeps compiled code by what was lowered, and to know that it has to trace and lower again, for seconds. Here code is
kept by what it was made from: the source files, the shapes of the arguments, what is fixed, the settings and version of
the compiler, the kind of processor. It lies beside what JAX keeps (`cache.py`), under the same bound. What cannot be
read is compiled again, and results do not depend on it.

What is kept is code, and loading it runs it, as with JAX's own cache: nobody but its user may be able to write to the
folder. A digest guards against damage, not against malice. Who replaces a part of the model in memory must turn keeping
off, since no source file shows it.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import threading
import zlib
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import equinox
import jax
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache

from ceasefire import model
from ceasefire.evidence import whole
from ceasefire.simulate.cache import kept_in, processor

R = TypeVar("R")

SUFFIX = ".program"


class Code(NamedTuple):
    """Machine code, and the names of what it returns."""

    run: Callable[..., tuple[jax.Array, ...]]
    """From the leaves of the arguments to those of the outcome."""
    names: list[str]


class Program(Generic[R]):
    """A jitted function whose machine code is kept. Positional arguments are traced, named ones are static.

    Threads that need the same code at once wait for one of them to load or compile it.
    """

    def __init__(self, function: Any, *, like: Callable[..., R]) -> None:
        """`like(names, *arguments)` has the structure of the outcome, whatever its leaves.

        `names` are those of its leaves: the way to each, with slashes.
        """
        self.function, self.like = function, like
        self.sources = _digest_of_sources(function)
        self.ready: dict[Hashable, Future[Any]] = {}
        self.ahead: tuple[Path, Future[Code | None]] | None = None
        self.lock = threading.Lock()

    def __call__(self, *arguments: Any, **static: Any) -> R:
        """Call the function."""
        leaves, tree = jax.tree.flatten(arguments)
        key = (tree, tuple((leaf.shape, str(leaf.dtype), leaf.weak_type) for leaf in leaves), *sorted(static.items()))
        with self.lock:
            waits = key in self.ready
            ready = self.ready.setdefault(key, Future())
        if not waits:
            try:
                path = self._path(key)
                ready.set_result(self._loaded(path, arguments) or self._compiled(path, arguments, static))
            except BaseException as error:
                del self.ready[key]
                ready.set_exception(error)
        outcome: R = ready.result()(*arguments)
        return outcome

    def prepare(self) -> None:
        """Load the code of these sources that was used last, while other work goes on: it is likely to be needed."""
        folder = kept_in()
        with suppress(OSError):
            if folder is None or self.ahead is not None:
                return
            kept = sorted(folder.glob(f"{self._stem()}-*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
            if kept:
                opened: Future[Code | None] = Future()
                self.ahead = kept[-1], opened
                threading.Thread(target=lambda: opened.set_result(_open(kept[-1])), name="program").start()

    def _stem(self) -> str:
        return f"{self.function.__name__}-{self.sources[:16]}"

    def _path(self, key: Hashable) -> Path | None:
        """Where the code for these arguments is kept; None where nothing is."""
        folder = kept_in()
        if folder is None:
            return None
        settings = {name: value for name, value in jax.config.values.items() if "cache" not in name}
        device = jax.devices()[0]
        made_from = (
            *(self.sources, key, sorted(settings.items()), os.environ.get("XLA_FLAGS")),
            *(jax.__version__, jax.lib.__version__, equinox.__version__),
            *(processor(), device.platform, device.device_kind, jax.device_count()),
        )
        return folder / f"{self._stem()}-{hashlib.sha256(repr(made_from).encode()).hexdigest()[:40]}{SUFFIX}"

    def _loaded(self, path: Path | None, arguments: tuple[Any, ...]) -> Callable[..., R] | None:
        """The code that is kept; None where it cannot be used."""
        if path is None:
            return None
        code = self.ahead[1].result() if self.ahead is not None and self.ahead[0] == path else _open(path)
        if code is None:
            return None
        like = self.like(code.names, *arguments)
        if _names(like) != code.names:
            return None
        structure, run = jax.tree.structure(like), code.run
        return lambda *arguments: jax.tree.unflatten(structure, run(*jax.tree.leaves(arguments)))

    def _compiled(self, path: Path | None, arguments: tuple[Any, ...], static: dict[str, Any]) -> Callable[..., R]:
        """The code compiled anew, and kept for the next time."""
        before = _found.number
        lowered = self.function.lower(*arguments, **static)
        with without_jax_cache() if path is not None else nullcontext():
            compiled = lowered.compile()
        anew = _found.number == before
        if anew and path is not None and _digest_of_sources(self.function) == self.sources:
            with suppress(OSError, ValueError, NotImplementedError, jax.errors.JaxRuntimeError):
                code, _, tree = serialize_executable.serialize(compiled)
                names = _names(jax.tree.unflatten(tree, range(tree.num_leaves)))
                _keep(path, len(jax.tree.leaves(arguments)), names, code)
        run: Callable[..., R] = compiled
        return run


_switch = threading.RLock()
"""Held by who has turned JAX's cache off."""


@contextmanager
def without_jax_cache() -> Iterator[None]:
    """Compile what JAX has kept itself anew, and let it keep none of it.

    Code that JAX had loaded runs, but what is written of it has lost its functions and does not.
    """
    with _switch:
        before = jax.config.values["jax_enable_compilation_cache"]
        jax.config.update("jax_enable_compilation_cache", False)
        compilation_cache.reset_cache()
        try:
            yield
        finally:
            jax.config.update("jax_enable_compilation_cache", before)
            compilation_cache.reset_cache()


class _Found(threading.local):
    """How often JAX found code in its own cache, in this thread: another thread may have turned that on again."""

    number = 0


_found = _Found()


def _note(event: str, **_: Any) -> None:
    if event == "/jax/compilation_cache/cache_hits":
        _found.number += 1


jax.monitoring.register_event_listener(_note)


def _digest_of_sources(function: Any) -> str:
    """Of the file of the function, and of the model."""
    files = [Path(inspect.getfile(inspect.unwrap(function))), *sorted(Path(model.__path__[0]).glob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _names(outcome: Any) -> list[str]:
    """The way to each leaf."""
    ways = jax.tree_util.tree_flatten_with_path(outcome)[0]
    return [jax.tree_util.keystr(way, simple=True, separator="/") for way, _ in ways]


def _keep(path: Path, arguments: int, names: list[str], code: bytes) -> None:
    """Write code with the number of its arguments, the names of what it returns, and a digest."""
    head = json.dumps({"arguments": arguments, "names": names}).encode()
    body = zlib.compress(b"\n".join((head, code)), level=1)
    whole.write_bytes(path, hashlib.sha256(body).digest() + body)


def _open(path: Path) -> Code | None:
    """The code in a file; None where there is none, or it cannot be read."""
    try:
        kept = path.read_bytes()
        if hashlib.sha256(kept[32:]).digest() != kept[:32]:
            return None
        head, _, code = zlib.decompress(kept[32:]).partition(b"\n")
        told = json.loads(head)
        given = jax.tree.structure((tuple(range(told["arguments"])), {}))
        returned = jax.tree.structure(tuple(range(len(told["names"]))))
        run = serialize_executable.deserialize_and_load(code, given, returned)
        os.utime(path)
    except Exception:  # whatever a file of another version may bring about
        return None
    return Code(run, told["names"])
