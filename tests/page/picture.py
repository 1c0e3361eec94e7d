"""What a test sees of the map: pixels under a place, cells and their bytes as the server tells them."""

import base64
import math
from typing import Any, NamedTuple
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray

UNITS = 1000.0


class Cells(NamedTuple):
    """Middles [cell, (x, y)] as the page projects them, and the cell across each edge."""

    middle: NDArray[np.float64]
    corner: NDArray[np.float64]
    """[cell, 6, (x, y)]"""
    neighbour: NDArray[np.int32]


def fetched(address: str) -> bytes:
    with urlopen(address, timeout=30) as reply:
        return bytes(reply.read())


def projected(longitude: Any, latitude: Any) -> tuple[Any, Any]:
    """Mercator, y southward."""
    return UNITS * np.radians(longitude), -UNITS * np.log(np.tan(math.pi / 4 + np.radians(latitude) / 2))


def cells(site: str) -> Cells:
    data = fetched(f"{site}/api/map/cells")
    assert data[:4] == b"CFC1"
    count, corners = np.frombuffer(data, "<u4", 2, 4)
    place = np.frombuffer(data, "<f4", 2 * corners, 12).reshape(-1, 2).astype(float)
    start = 12 + 8 * int(corners)
    of = np.frombuffer(data, "<u4", 6 * count, start).reshape(-1, 6)
    neighbour = np.frombuffer(data, "<i4", 6 * count, start + 24 * int(count)).reshape(-1, 6)
    corner = np.stack(projected(place[:, 0], place[:, 1]), axis=1)[of]
    return Cells(corner.mean(axis=1), corner, neighbour)


def control(site: str, count: int) -> NDArray[np.uint8]:
    """Chance that the first side holds each cell, [week, cell], in 1/255."""
    return np.frombuffer(fetched(f"{site}/api/map/control"), np.uint8).reshape(-1, count)


def ready(page: Any) -> None:
    """Wait until the map is drawn."""
    page.locator("canvas.cells[data-frames]").first.wait_for()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def seen(page: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[float, float, float]]:
    """Pixels of cells and of lines, [row, column, RGBA], and how projected places become pixels: scale, x, y."""
    ready(page)
    told = page.evaluate(
        """() => {
          const [cells, lines] = document.querySelectorAll(".picture canvas");
          const pixels = (each) => {
            const data = each.getContext("2d").getImageData(0, 0, each.width, each.height).data;
            let text = "";
            for (let k = 0; k < data.length; k += 32768) text += String.fromCharCode(...data.subarray(k, k + 32768));
            return btoa(text);
          };
          const { scale, x, y } = cells.dataset;
          return [cells.width, cells.height, pixels(cells), pixels(lines), Number(scale), Number(x), Number(y)];
        }"""
    )
    width, height, first, second, scale, x, y = told
    images = [np.frombuffer(base64.b64decode(each), np.uint8).reshape(height, width, 4) for each in (first, second)]
    return images[0], images[1], (scale, x, y)


def places(at: NDArray[np.float64], sight: tuple[float, float, float]) -> NDArray[np.int64]:
    """Column and row of projected places."""
    scale, x, y = sight
    return np.floor(at * scale + np.array([x, y])).astype(np.int64)


def slide(page: Any, to: int, label: str = "Day of the map") -> None:
    """Move a slider, as a hand does."""
    slider = page.get_by_role("slider", name=label)
    slider.evaluate(
        "(each, to) => { each.value = String(to); each.dispatchEvent(new Event('input', { bubbles: true })); }", to
    )
    ready(page)
