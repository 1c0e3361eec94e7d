"""How long the main job takes: `python benchmarks/forecast.py [runs] [weeks]`.

Forecast and write 2,000 runs × 52 weeks four times in one process; the first compiles, the median of the others counts.
Prints seconds, cells and peak memory.
"""

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import ceasefire as cf


def main(runs: int = 2000, weeks: int = 52) -> None:
    """Time the job and print what came out."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(4):
            begun = time.perf_counter()
            result = cf.forecast("abu-dhabi-2026-01", runs=runs, weeks=weeks, seed=1)
            cf.write(result, Path(folder, "out"))
            seconds.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{runs} runs × {weeks} weeks on {result.sizes['cell']} cells, forecast, summarised, reported and saved")
    print(f"first call {seconds[0]:.1f} s; later calls {' '.join(f'{s:.1f}' for s in seconds[1:])} s, ", end="")
    print(f"median {statistics.median(seconds[1:]):.1f} s; peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
