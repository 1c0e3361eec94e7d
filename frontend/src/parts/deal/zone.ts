/** What a job of kind `zone` comes to, as far as the page shows it, and its words. */

import { number, percent, signed } from "../../lib/format";

export interface Band {
  low: number;
  mid: number;
  high: number;
}
export interface Share {
  share: number;
  low: number;
  high: number;
}
export interface Chosen {
  issue: string;
  issue_name: string;
  option: string;
  option_name: string;
}
export interface Package {
  id: string;
  rank: number;
  options: Chosen[];
  riders: Chosen[];
  inside: Share;
  short: number;
  surplus: Record<string, Band>;
  binds: Record<string, number>;
  holds_a_year: number;
  holds: Band;
  line: {
    first_share: number;
    first_share_now: number;
    km2_to: Record<string, number>;
    people_to: Record<string, number>;
    km2_demilitarised: number;
    depth_km: number;
  };
}
export interface Way {
  kind: string;
  sides: string[];
  size: number | null;
  most: number | null;
  unit: string;
  inside: number;
  enough: boolean;
  swapped: [Chosen, Chosen] | null;
}
export interface Zone {
  is: string;
  is_not: string;
  sides: Record<string, string>;
  values: string;
  runs: number;
  seed: number;
  open: Share;
  width: Band;
  stances: { side: string; least: Band; fighting_on: Band; standing: Band; confidence: Band; beyond: number | null }[];
  wishes: { issue: string; issue_name: string; option: Record<string, Chosen>; share: Record<string, number>; apart: boolean }[];
  packages_weighed: number;
  packages_inside: number;
  packages_likely: number;
  packages: Package[];
  near_misses: { package: Package; ways: Way[] }[];
  status_quo: { inside: Share; surplus: Record<string, Band> };
  means: { issue: string; issue_name: string; rider: boolean; position: Band; option: Chosen; share: number }[];
  mean_package: Package | null;
}

/** A share and its interval. */
export const shared = (of: Share): string => `${percent(of.share)} (${percent(of.low)} to ${percent(of.high)})`;

/** A band of worth. */
export const banded = (of: Band): string => `${signed(of.mid)} (${signed(of.low)} to ${signed(of.high)})`;

/** The options that set a package apart from others, in words. */
export const clauses = (of: Package): string[] => of.options.map((each) => `${each.issue_name}: ${each.option_name}`);

/** What would bring a package inside, in words. */
export function way(of: Way, sides: Record<string, string>): string {
  const whom = of.sides.map((side) => sides[side] ?? side).join(" and ");
  if (of.kind === "option" && of.swapped) {
    return `${of.swapped[0].issue_name}: “${of.swapped[1].option_name}” in place of “${of.swapped[0].option_name}”`;
  }
  const size = of.size ?? of.most ?? 0;
  if (of.kind === "payment") return `a payment to ${whom}, worth ${number(size)} of its own aims${of.sides.length > 1 ? " each" : ""}`;
  if (of.kind === "cost") return `the war costing ${whom} ${number(Math.exp(size))} times as much`;
  if (of.kind === "pressure") return `pressure on ${whom} doubled ${number(size)} times`;
  if (of.kind === "confidence") return `${whom} reckoning with ${number(100 * Math.exp(-size))} % of the power that it believes in`;
  return `guarantees that are believed: ${percent(size)} of the doubt gone`;
}
