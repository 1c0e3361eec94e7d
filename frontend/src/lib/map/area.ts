/** Areas of cells, and sums over them. */

import { UNITS, unproject, type Cells } from "./cells";

const EARTH_KM = 6371.009;

/** km² of each cell: its area on the projection, over the square of the projection's stretch there. */
export function areas(cells: Cells): Float64Array {
  const { count, corner, cornerOf, middle } = cells;
  const area = new Float64Array(count);
  for (let cell = 0; cell < count; cell++) {
    let twice = 0;
    for (let k = 0; k < 6; k++) {
      const one = 2 * cornerOf[6 * cell + k];
      const next = 2 * cornerOf[6 * cell + ((k + 1) % 6)];
      twice += corner[one] * corner[next + 1] - corner[next] * corner[one + 1];
    }
    // Mercator stretches by 1 / cos φ = cosh y.
    const stretch = Math.cosh(middle[2 * cell + 1] / UNITS);
    area[cell] = ((Math.abs(twice) / 2) * (EARTH_KM / UNITS) ** 2) / stretch ** 2;
  }
  return area;
}

/** Expected km² that change hands against the opening, by sector: to the first side, and to the second. */
export interface Moved {
  toFirst: number;
  toSecond: number;
}

export function moved(cells: Cells, area: Float64Array, value: Uint8Array, opening: Uint8Array, sectors: number): Moved[] {
  const sum = Array.from({ length: sectors }, () => ({ toFirst: 0, toSecond: 0 }));
  for (let cell = 0; cell < cells.count; cell++) {
    const change = ((value[cell] - opening[cell]) / 255) * area[cell];
    const into = sum[cells.axis[cell]];
    if (!into) continue;
    if (change > 0) into.toFirst += change;
    else into.toSecond -= change;
  }
  return sum;
}

/** Where most of what may change hands lies: its middle, and how much nearer than the whole that is. */
export function busiest(
  cells: Cells, value: Uint8Array, opening: Uint8Array, whole: { west: number; east: number; south: number; north: number },
): { longitude: number; latitude: number; zoom: number } {
  const [west, east] = spread(cells, value, opening, 0);
  const [north, south] = spread(cells, value, opening, 1);
  const middle = unproject((west + east) / 2, (north + south) / 2);
  const [, top] = unproject(0, north);
  const [, bottom] = unproject(0, south);
  const zoom = (whole.north - whole.south) / Math.max(0.2, 1.25 * (top - bottom));
  return { longitude: middle[0], latitude: middle[1], zoom: Math.min(6, Math.max(1, zoom)) };
}

/** The places along x or y between which nine tenths of the expected change lie. */
function spread(cells: Cells, value: Uint8Array, opening: Uint8Array, along: 0 | 1): [number, number] {
  const order = Array.from({ length: cells.count }, (_, cell) => cell).filter((cell) => value[cell] !== opening[cell]);
  if (!order.length) return [cells.middle[along], cells.middle[along]];
  const place = (cell: number): number => cells.middle[2 * cell + along];
  order.sort((one, other) => place(one) - place(other));
  const sums: number[] = [];
  let sum = 0;
  for (const cell of order) sums.push((sum += Math.abs(value[cell] - opening[cell])));
  const at = (share: number): number => place(order[sums.findIndex((each) => each >= share * sum)]);
  return [at(0.05), at(0.95)];
}
