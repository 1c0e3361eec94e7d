/** What jobs of kinds `influence` and `article` come to, as far as the page shows it. */

import type { Effect } from "../whatif/decree";

export interface Dropped {
  source: string;
  numbers: string[];
  failed_runs: number;
  headline_without: { name: string; labels: string[]; measure: string; unit: string; meaning: string; effects: Effect[] }[];
}
export interface Influence {
  runs: number;
  weeks: number;
  seed: number;
  sources: Dropped[];
}
export interface Claim {
  id: string;
  span: string;
  sentence: string;
  quantity: string;
  attributed_to: string;
  source_side: string;
  admiralty_code: string;
  hedge: string;
  as_of: string | null;
  dup_of: string | null;
  derived: boolean;
  verdict: string;
  checkable: boolean;
  reason: string;
  computation: string;
  record: { source: string; name: string; says: string; date: string; published: string; trust: string; later: boolean }[];
}
export interface Reading {
  title: string | null;
  published: string | null;
  score: { claims: number; repeats: number; checked: number; by_verdict: Record<string, number>; by_system: Record<string, Record<string, number>> };
  claims: Claim[];
  forecasts: { claim: string; due: string | null; outcome: string }[];
  warnings: string[];
}
