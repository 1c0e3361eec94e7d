/** Which cell is under each pixel, made once per view, so that a frame is one table look-up per pixel. */

import type { Cells } from "./cells";

/** A place on the screen is `scale` × projected + (x, y), in the pixels of the canvas. */
export interface Sight {
  scale: number;
  x: number;
  y: number;
}

const CORNERS = 6;

/**
 * Fill `under` [height, width] with 1 + the number of the cell beneath the middle of each pixel, 0 for none.
 *
 * Each cell is convex: of every row that it meets, the pixels between its leftmost and rightmost edge are its own. Edges
 * are taken from the upper corner to the lower, so that neighbours find the same bits and neither gap nor overlap.
 */
export function rasterise(cells: Cells, sight: Sight, width: number, height: number, under: Uint32Array): void {
  under.fill(0);
  const { count, corner, cornerOf } = cells;
  const { scale, x: dx, y: dy } = sight;
  const left = new Float64Array(height);
  const right = new Float64Array(height);
  const xs = new Float64Array(CORNERS);
  const ys = new Float64Array(CORNERS);
  for (let cell = 0; cell < count; cell++) {
    let low = Infinity;
    let high = -Infinity;
    let west = Infinity;
    let east = -Infinity;
    for (let k = 0; k < CORNERS; k++) {
      const at = 2 * cornerOf[CORNERS * cell + k];
      const x = corner[at] * scale + dx;
      const y = corner[at + 1] * scale + dy;
      xs[k] = x;
      ys[k] = y;
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < low) low = y;
      if (y > high) high = y;
    }
    if (east < 0 || west > width || high < 0 || low > height) continue;
    const top = Math.max(0, Math.ceil(low - 0.5));
    const bottom = Math.min(height, Math.ceil(high - 0.5));
    for (let row = top; row < bottom; row++) {
      left[row] = Infinity;
      right[row] = -Infinity;
    }
    for (let k = 0; k < CORNERS; k++) {
      const next = k === CORNERS - 1 ? 0 : k + 1;
      const [upper, lower] = ys[k] < ys[next] ? [k, next] : [next, k];
      const y0 = ys[upper];
      const slope = (xs[lower] - xs[upper]) / (ys[lower] - y0);
      const from = Math.max(top, Math.ceil(y0 - 0.5));
      const to = Math.min(bottom, Math.ceil(ys[lower] - 0.5));
      for (let row = from; row < to; row++) {
        const x = xs[upper] + (row + 0.5 - y0) * slope;
        if (x < left[row]) left[row] = x;
        if (x > right[row]) right[row] = x;
      }
    }
    for (let row = top; row < bottom; row++) {
      const from = Math.max(0, Math.ceil(left[row] - 0.5));
      const to = Math.min(width, Math.ceil(right[row] - 0.5));
      if (to > from) under.fill(cell + 1, row * width + from, row * width + to);
    }
  }
}

/** Colour each pixel by the cell beneath it; `colour[0]` is where there is none. */
export function paint(under: Uint32Array, colour: Uint32Array, out: Uint32Array): void {
  for (let pixel = 0; pixel < out.length; pixel++) out[pixel] = colour[under[pixel]];
}
