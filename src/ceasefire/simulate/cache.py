"""Keep what was compiled, so that the next forecast starts at once.

Compiled code lies in `$XDG_CACHE_HOME/ceasefire` (`~/.cache/ceasefire` otherwise); `CEASEFIRE_CACHE` names another
folder, and an empty one turns keeping off. Each kind of processor has a folder of its own, since code compiled for one
may not run on another. Nothing depends on the cache: where it cannot be written, everything is compiled again.
"""

from __future__ import annotations

import os
import platform
import warnings
import zlib
from contextlib import suppress
from pathlib import Path

import jax

MOST_BYTES = 512 * 2**20
"""What is kept for one kind of processor; what was not used for longest goes first."""
LEAST_SECONDS = 0.5
"""What compiles faster is not kept."""


def keep_compiled() -> Path | None:
    """Keep compiled code from now on; returns the folder, None where it is turned off or cannot be used."""
    if (chosen := kept_in()) is not None:
        return chosen
    folder = _folder()
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            return None
        _bound(folder)
    except (OSError, ValueError):
        return None
    warnings.filterwarnings("ignore", message="Error (writing|reading) persistent compilation cache")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    return folder


def kept_in() -> Path | None:
    """The folder of compiled code; None where nothing is kept."""
    chosen = jax.config.values["jax_compilation_cache_dir"]
    return Path(chosen) if chosen else None


def _folder() -> Path | None:
    chosen = os.environ.get("CEASEFIRE_CACHE")
    if chosen == "":
        return None
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ceasefire"
    except RuntimeError:  # nobody's home
        return None
    return (Path(chosen) if chosen else base) / f"compiled-{processor()}"


def processor() -> str:
    """A mark for the kind of processor and the version of the compiler."""
    told = [platform.system(), platform.machine(), platform.processor(), jax.__version__, jax.lib.__version__]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        told += sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    return f"{zlib.crc32(' '.join(told).encode()):08x}"


def _bound(folder: Path) -> None:
    """Remove what was not used for longest until the rest fits."""
    files = []
    for path in folder.iterdir():
        with suppress(OSError):  # another process may have removed it
            stat = path.stat()
            files.append((max(stat.st_atime, stat.st_mtime), stat.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= MOST_BYTES:
            break
        with suppress(OSError):
            path.unlink()
        total -= size
