/** Decrees as text, exactly as the command line takes them, and what a what-if comes to. */

import type { Job, Lever } from "../../lib/api";
import { number, signed, unit } from "../../lib/format";

export interface Effect {
  week: number;
  baseline: number | null;
  treated: number | null;
  difference: number | null;
  low: number | null;
  high: number | null;
  higher: number;
  lower: number;
}
export interface Row {
  name: string;
  labels: string[];
  measure: string;
  unit: string;
  meaning: string;
  t: number | null;
  effects: Effect[];
}
export interface Settled {
  text: string;
  doc: string;
  unit: string;
  first: number;
  last: number;
  once: boolean;
}
export interface WhatIf {
  scenario: string;
  opening: string;
  first_day: string;
  is: string;
  is_not: string;
  expectation: string;
  runs: number;
  failed_runs: number;
  weeks: number;
  seed: number;
  given: Settled[];
  interventions: Settled[];
  headline: Row[];
  outputs: Row[];
  unmoved: string[];
}
export interface Asked {
  do: string[];
  given?: string[];
  runs?: number;
  weeks?: number;
  seed?: number;
  surprise?: boolean;
  title?: string;
}

export type Way = "set" | "factor" | "shift";

/** A decree as one line of text. */
export function written(lever: string, labels: readonly string[], way: Way, amount: string, from: string, to: string): string {
  const plain = amount.trim().replace("−", "-");
  const negative = plain.startsWith("-");
  const value = way === "factor" ? `x${plain}` : way === "shift" ? (negative ? plain : `+${plain.replace(/^\+/, "")}`) : negative ? `(${plain})` : plain;
  const some = labels.some((label) => label !== "*");
  const window = from || to ? `@${from}${to && to === from ? `..${to}` : to ? `..${to}` : ""}` : "";
  return `${lever}${some ? `[${trimmed(labels).join(",")}]` : ""}=${value}${window}`;
}

/** Labels without those at the end that mean all. */
function trimmed(labels: readonly string[]): string[] {
  const kept = [...labels];
  while (kept.length > 1 && kept[kept.length - 1] === "*") kept.pop();
  return kept;
}

interface Parts {
  name: string;
  labels: string[];
  value: string;
  window: string;
}

/** The parts of a decree, as far as it can be read; the program has the last word. */
export function parts(text: string): Parts | null {
  const found = /^\s*([A-Za-z_]\w*\.\w+)\s*(?:\[([^\]]*)\])?\s*=\s*([^@]*?)\s*(?:@(.*))?$/.exec(text);
  return found ? { name: found[1], labels: (found[2] ?? "").split(",").map((each) => each.trim()).filter(Boolean), value: found[3], window: (found[4] ?? "").trim() } : null;
}

/** A decree in words, where its lever is known. */
export function words(text: string, levers: ReadonlyMap<string, Lever>): string {
  const read = parts(text);
  const lever = read && levers.get(read.name);
  if (!read || !lever) return "";
  const named = read.labels.map((label, at) => (label === "*" ? "" : (lever.axes[at]?.labels.find((each) => each.key === label)?.name ?? label))).filter(Boolean);
  const of = named.length ? `, ${named.join(", ")}` : lever.axes.length ? ", all" : "";
  const value = read.value.replace("−", "-");
  const said = /^[x×]/i.test(value)
    ? `${value.slice(1).trim()} times what it would be`
    : /^[+-]/.test(value)
      ? `${value.startsWith("+") ? "more" : "less"} by ${amount(value.slice(1), lever.unit)}`
      : amount(value.replace(/[()]/g, ""), lever.unit);
  const [from = "", to = ""] = read.window.split("..").map((each) => each.trim());
  const when = (time: string): string => (/^\d+$/.test(time) ? `week ${time}` : time);
  const span = !read.window ? "from the first week on" : from && to ? (from === to ? `in ${when(from)}` : `${when(from)} to ${when(to)}`) : from ? `from ${when(from)} on` : `until ${when(to)}`;
  return `${lever.doc.replace(/\.$/, "")}${of}: ${said}, ${span}`;
}

function amount(value: string, of: string): string {
  const plain = Number.isFinite(Number(value)) && value.trim() ? number(Number(value), 6) : value;
  const named = unit(of).replace(/^1\//, "per ");
  return named ? `${plain} ${named}` : plain;
}

/** The last effect of a row, or that of a week. */
export const at = (row: Row, week: number): Effect | undefined => row.effects.find((each) => each.week === week);

/** A unit in words; pieces and shares need none. */
export const inWords = (of: string): string => (of === "person" ? "people" : of === "count" ? "" : unit(of));

/** A difference with its interval and unit; shares in points. */
export function difference(of: string, effect: Effect | undefined, whole = true): string {
  if (!effect || effect.difference === null) return "not known";
  if (effect.higher === 0 && effect.lower === 0) return whole ? "the same in every run" : "the same";
  const size = Math.max(Math.abs(effect.baseline ?? 0), Math.abs(effect.treated ?? 0), Math.abs(effect.low ?? 0), Math.abs(effect.high ?? 0));
  if (Math.max(Math.abs(effect.low ?? Infinity), Math.abs(effect.high ?? Infinity)) < 1e-6 * size) return "next to none";
  const scale = of === "1" ? 100 : 1;
  const named = of === "1" ? " points" : inWords(of) ? ` ${inWords(of)}` : "";
  return `${signed(scale * effect.difference)}${whole ? named : ""} (${signed(scale * (effect.low ?? NaN))} to ${signed(scale * (effect.high ?? NaN))})`;
}

/** Whether an interval excludes no difference. */
export const seen = (effect: Effect): boolean => (effect.low ?? 0) > 0 || (effect.high ?? 0) < 0;

/** Words of a shell, safe to paste. */
const quoted = (word: string): string => (/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** What to type to get the same answer. */
export function command(scenario: string, asked: Asked): string {
  const options = [
    ...asked.do.flatMap((each) => ["--do", quoted(each)]),
    ...(asked.given ?? []).flatMap((each) => ["--given", quoted(each)]),
    ...["--runs", String(asked.runs ?? 256), "--weeks", String(asked.weeks ?? 52), "--seed", String(asked.seed ?? 1)],
    ...(asked.surprise ? ["--surprise"] : []),
  ];
  return `ceasefire whatif ${quoted(scenario)} ${options.join(" ")}`;
}

/** The name of an answer: its title, or its decrees. */
export function title(job: Job): string {
  const asked = job.asked as unknown as Asked;
  return asked.title || asked.do.join("; ");
}
