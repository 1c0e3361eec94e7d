/** Geometry of the cells as the server tells it, projected once: Mercator in units of a thousandth of the Earth's radius. */

import { geoMercatorRaw } from "d3-geo";

/** Projected units per radian; numbers of paths then keep metres in three decimals. */
export const UNITS = 1000;
const CORNERS = 6;
const RADIANS = Math.PI / 180;

export interface Cells {
  count: number;
  /** Projected corners, x and y in turn; y grows southward, as on a screen. */
  corner: Float64Array;
  /** Six corners of each cell. */
  cornerOf: Uint32Array;
  /** The cell across the edge from corner k to the next, −1 for none. */
  neighbour: Int32Array;
  /** Sector of each cell. */
  axis: Uint8Array;
  /** Projected middle of each cell. */
  middle: Float64Array;
  /** Cells around each corner that has three of them: triangles between middles, three numbers each. */
  triangle: Uint32Array;
}

/** Projected place of a longitude and latitude. */
export function project(longitude: number, latitude: number): [number, number] {
  const [x, y] = geoMercatorRaw(longitude * RADIANS, latitude * RADIANS);
  return [UNITS * x, -UNITS * y];
}

/** Longitude and latitude of a projected place. */
export function unproject(x: number, y: number): [number, number] {
  const [longitude, latitude] = geoMercatorRaw.invert!(x / UNITS, -y / UNITS);
  return [longitude / RADIANS, latitude / RADIANS];
}

/** Projected units per kilometre at a latitude. */
export const unitsPerKm = (latitude: number): number => UNITS / (6371.009 * Math.cos(latitude * RADIANS));

export function decode(buffer: ArrayBuffer): Cells {
  const head = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "CFC1") throw new Error(`The cells of the map begin with ${magic}; CFC1 was expected. Reload the page.`);
  const count = head.getUint32(4, true);
  const corners = head.getUint32(8, true);
  let at = 12;
  const next = (bytes: number): number => {
    at += bytes;
    return at - bytes;
  };
  const place = new Float32Array(buffer, next(8 * corners), 2 * corners);
  const cornerOf = new Uint32Array(buffer, next(4 * CORNERS * count), CORNERS * count);
  const neighbour = new Int32Array(buffer, next(4 * CORNERS * count), CORNERS * count);
  const axis = new Uint8Array(buffer, next(count), count);
  const corner = new Float64Array(2 * corners);
  for (let k = 0; k < corners; k++) {
    const [x, y] = project(place[2 * k], place[2 * k + 1]);
    corner[2 * k] = x;
    corner[2 * k + 1] = y;
  }
  return { count, corner, cornerOf, neighbour, axis, middle: middles(count, corner, cornerOf), triangle: triangles(corners, cornerOf) };
}

function middles(count: number, corner: Float64Array, cornerOf: Uint32Array): Float64Array {
  const middle = new Float64Array(2 * count);
  for (let cell = 0; cell < count; cell++) {
    let x = 0;
    let y = 0;
    for (let k = 0; k < CORNERS; k++) {
      x += corner[2 * cornerOf[CORNERS * cell + k]];
      y += corner[2 * cornerOf[CORNERS * cell + k] + 1];
    }
    middle[2 * cell] = x / CORNERS;
    middle[2 * cell + 1] = y / CORNERS;
  }
  return middle;
}

function triangles(corners: number, cornerOf: Uint32Array): Uint32Array {
  const around = new Int32Array(3 * corners).fill(-1);
  const found = new Uint8Array(corners);
  for (let at = 0; at < cornerOf.length; at++) {
    const corner = cornerOf[at];
    const cell = Math.floor(at / CORNERS);
    // A pentagon names its last corner twice.
    if (found[corner] < 3 && (found[corner] === 0 || around[3 * corner + found[corner] - 1] !== cell)) {
      around[3 * corner + found[corner]] = cell;
      found[corner] += 1;
    }
  }
  const kept: number[] = [];
  for (let corner = 0; corner < corners; corner++) {
    if (found[corner] === 3) kept.push(around[3 * corner], around[3 * corner + 1], around[3 * corner + 2]);
  }
  return Uint32Array.from(kept);
}
