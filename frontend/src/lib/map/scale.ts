/** From what is known of a cell to its colour. */

import {
  CLASSES, CONTROL, DIVERGING, HELD_FIRST, HELD_SECOND, TO_FIRST, TO_SECOND, between, packed, rgb,
} from "../colour";

/**
 * `chance`: chance that the first side holds a cell. `change`: chance that the cell was taken since the opening, in the
 * classes of the report. `past`: a day before the opening, with what changed hands since. `held`: who holds more of it.
 * `difference`: share of runs that hold it with a decree less without.
 */
export type Scale = "chance" | "change" | "past" | "held" | "difference";
export type Values = Uint8Array | Int8Array;

const NONE = 0;
const HELD = [packed(rgb(HELD_SECOND)), packed(rgb(HELD_FIRST))] as const;
const CHANCE = Uint32Array.from({ length: 256 }, (_, k) => packed(between(CONTROL, k / 255)));
const FIRST = TO_FIRST.map((each) => packed(rgb(each)));
const SECOND = TO_SECOND.map((each) => packed(rgb(each)));
/** Differences are small: the scale ends at half of all runs, and rises as a square root. */
const DIFFERENCE = Uint32Array.from({ length: 256 }, (_, k) => {
  const share = (k - 128) / 127;
  return packed(between(DIVERGING, 0.5 + 0.5 * Math.sign(share) * Math.min(1, Math.sqrt(Math.abs(share) / 0.5))));
});

/** Colour of each class of a chance, none below the least class. */
function classed(chance: number, colours: readonly number[], else_: number): number {
  let colour = else_;
  for (let at = 0; at < CLASSES.length && chance >= CLASSES[at]; at++) colour = colours[at];
  return colour;
}

/** By the byte of a cell that the second side holds at the opening, then the first: colour of the chance of change. */
const CHANGE = [
  Uint32Array.from({ length: 256 }, (_, k) => classed(k / 255, FIRST, HELD[0])),
  Uint32Array.from({ length: 256 }, (_, k) => classed(1 - k / 255, SECOND, HELD[1])),
] as const;

/** Colours of all cells, [1 + cell]; the first is that of no cell. */
export function colours(scale: Scale, value: Values, opening: Uint8Array, out: Uint32Array): Uint32Array {
  out[0] = NONE;
  const count = value.length;
  switch (scale) {
    case "chance":
      for (let cell = 0; cell < count; cell++) out[cell + 1] = CHANCE[value[cell]];
      break;
    case "change":
      for (let cell = 0; cell < count; cell++) out[cell + 1] = CHANGE[opening[cell] >= 128 ? 1 : 0][value[cell]];
      break;
    case "past":
      for (let cell = 0; cell < count; cell++) {
        const then = value[cell] >= 128 ? 1 : 0;
        const now = opening[cell] >= 128 ? 1 : 0;
        out[cell + 1] = then === now ? HELD[then] : now ? FIRST[1] : SECOND[1];
      }
      break;
    case "held":
      for (let cell = 0; cell < count; cell++) out[cell + 1] = HELD[value[cell] >= 128 ? 1 : 0];
      break;
    case "difference":
      for (let cell = 0; cell < count; cell++) out[cell + 1] = DIFFERENCE[value[cell] + 128];
      break;
  }
  return out;
}

/** Colour of one value on the scale of chances, for legends. */
export const chanceColour = (share: number): string => hex(CHANCE[Math.round(255 * share)]);
/** Colour of one difference, −1 to 1, for legends. */
export const differenceColour = (share: number): string => hex(DIFFERENCE[128 + Math.round(127 * share)]);

function hex(colour: number): string {
  const part = (shift: number): string => ((colour >>> shift) & 255).toString(16).padStart(2, "0");
  return `#${part(0)}${part(8)}${part(16)}`;
}
