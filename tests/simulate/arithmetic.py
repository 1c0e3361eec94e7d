"""Work that a worker elsewhere can import, and a job of it that can be killed: run as a script with a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

NAP = 0.02
"""Seconds that a part takes."""


def curve(number: int) -> tuple[int, np.ndarray]:
    """Some numbers that rounding would tell apart."""
    time.sleep(NAP)
    return number, np.sin(np.arange(50.0) * number) / 3


def main(base: str, parts: int) -> None:
    """The job, kept under `base`; the number and the bits of each part are told as they come."""
    from ceasefire.simulate.cluster import connected
    from ceasefire.simulate.journal import Journal
    from ceasefire.simulate.pool import Pool, worked

    journal = Journal(Path(base), {"what": "curve"}, resume=True)
    with connected("local", 2) as cluster:
        for number, (same, values) in worked(curve, parts, Pool(cluster=cluster, journal=journal)):
            print(number, same, values.tobytes().hex(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
