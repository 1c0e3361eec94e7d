/** Lines of equal chance between the middles of cells: marching triangles, each crossing placed in proportion. */

import type { Cells } from "./cells";

/** Segments x, y, x, y in projected units at which a value of cells crosses a level; `length` numbers of `out` count. */
export interface Segments {
  out: Float64Array;
  length: number;
}

export const room = (cells: Cells): Segments => ({ out: new Float64Array(4 * (cells.triangle.length / 3)), length: 0 });

export function contour(cells: Cells, value: ArrayLike<number>, level: number, into: Segments): Segments {
  const { triangle, middle } = cells;
  const { out } = into;
  let length = 0;
  for (let at = 0; at < triangle.length; at += 3) {
    const a = triangle[at];
    const b = triangle[at + 1];
    const c = triangle[at + 2];
    const aboveA = value[a] >= level;
    const aboveB = value[b] >= level;
    const aboveC = value[c] >= level;
    if (aboveA === aboveB && aboveB === aboveC) continue;
    // The corner that stands alone on its side of the level.
    const lone = aboveA === aboveB ? c : aboveA === aboveC ? b : a;
    const one = lone === a ? b : a;
    const other = lone === c ? b : c;
    for (const end of [one, other]) {
      const share = (level - value[lone]) / (value[end] - value[lone]);
      out[length++] = middle[2 * lone] + share * (middle[2 * end] - middle[2 * lone]);
      out[length++] = middle[2 * lone + 1] + share * (middle[2 * end + 1] - middle[2 * lone + 1]);
    }
  }
  into.length = length;
  return into;
}
