"""Draw the README's two figures: `python examples/readme_figures.py out/abu-dhabi-2026-01 docs/images`."""

import re
import sys
from pathlib import Path

import ceasefire as cf
from ceasefire.view.chart import standalone
from ceasefire.view.report import render


def main(folder: str, target: str) -> None:
    """Take the map and the fan of ground from the report of a result and write each as an SVG file."""
    result = cf.load(folder)
    drawings = re.findall(r"<svg.*?</svg>", render(result, cf.summarise(result)), re.DOTALL)
    fan = next(drawing for drawing in drawings if ">Ground gained by" in drawing)
    for name, drawing in (("map", drawings[0]), ("ground", fan)):
        Path(target, f"{name}.svg").write_text(standalone(drawing), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
