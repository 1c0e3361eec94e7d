/** Colours, as in the report: orange and blue for the sides, Okabe and Ito's set for the ways of ending. */

export const INK = "#1d1d1b";
export const QUIET = "#62625d";
export const RULE = "#dedbd3";
export const FIRST = "#bf5b04";
export const SECOND = "#2166ac";
export const NEITHER = "#4d4d4d";
export const SIDES = [FIRST, SECOND] as const;

export const ENDINGS: Record<string, string> = {
  war: "#d9d6cf",
  none: "#d9d6cf",
  ceasefire: "#0072b2",
  settlement: "#009e73",
  "dictated by the first side": "#d55e00",
  "dictated by the second side": "#cc79a7",
  fade: "#e6c229",
  frozen: "#7cc0e8",
};

/** Chance that the first side holds a cell, 0 to 1: blue, near white, orange. Most cells are sure, so the ends are mild. */
export const CONTROL: readonly string[] = [
  "#5b9bcf", "#83b4dc", "#abcde8", "#d3e3f1", "#f6f3ed", "#fbe0c7", "#fbc190", "#f0a05c", "#db7d35",
];

/** A difference, −1 to 1: dark blue, near white, dark orange. */
export const DIVERGING: readonly string[] = [
  "#0b3d7a", "#2470b3", "#559ccd", "#92c0e2", "#c3daee", "#f4f1ea", "#fdd0a2", "#fdae6b", "#f08a38", "#cf5a0c", "#8a3404",
];

/** Chance that a cell was taken, by class, as in the report. */
export const CLASSES = [0.01, 0.1, 0.25, 0.5, 0.75] as const;
export const CLASS_NAMES = ["1–10 %", "10–25 %", "25–50 %", "50–75 %", "over 75 %"] as const;
export const TO_FIRST = ["#fdd0a2", "#fdae6b", "#f08a38", "#cf5a0c", "#8a3404"] as const;
export const TO_SECOND = ["#c3daee", "#92c0e2", "#559ccd", "#2470b3", "#0b3d7a"] as const;
export const HELD_FIRST = "#efdfd2";
export const HELD_SECOND = "#e3eaf0";
export const LAND = "#f6f4ef";

type RGB = [number, number, number];

export function rgb(hex: string): RGB {
  return [1, 3, 5].map((place) => Number.parseInt(hex.slice(place, place + 2), 16)) as RGB;
}

/** A colour as the machine's bytes of an image: red first, little-endian. */
export function packed([red, green, blue]: RGB, alpha = 255): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A colour between stops, at 0 to 1. */
export function between(stops: readonly string[], at: number): RGB {
  const place = Math.min(1, Math.max(0, at)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const [one, two] = [rgb(stops[low]), rgb(stops[low + 1])];
  return one.map((each, channel) => Math.round(each + (place - low) * (two[channel] - each))) as RGB;
}
