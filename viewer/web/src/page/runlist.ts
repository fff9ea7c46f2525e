// Runs as a list that can be searched and compared: pure.

import type { Run, Series } from "../data/api";
import { value } from "./format";

export const STATES: Record<string, string> = {
  running: "Training",
  quiet: "Gone quiet",
  finished: "Finished",
  stopped: "Stopped",
  failed: "Failed",
};

/** A run's state; one that trains and gives no sign of life is quiet. */
export function stateOf(r: Run): string {
  return r.state === "running" && r.quiet ? "quiet" : r.state;
}

/** Reports whether a run has all words of a query in its experiment, name, state or parameters; "lr:0.1" is one parameter. */
export function matches(r: Run, query: string): boolean {
  const params = Object.entries(r.params ?? {}).map(([k, v]) => `${k}:${value(v)}`.toLowerCase());
  const texts = [r.experiment, r.name, r.id, stateOf(r), STATES[stateOf(r)] ?? ""].map((t) => t.toLowerCase());
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => texts.some((t) => t.includes(word)) || params.some((p) => (word.includes(":") ? p === word || p.startsWith(word) : p.includes(word))));
}

/** Groups runs by experiment; experiments stand in the order of their newest run, and runs as they came. */
export function byExperiment(runs: readonly Run[]): { experiment: string; runs: Run[] }[] {
  const out = new Map<string, Run[]>();
  for (const r of runs) out.set(r.experiment, [...(out.get(r.experiment) ?? []), r]);
  return [...out].map(([experiment, list]) => ({ experiment, runs: list }));
}

/** The parameters in which runs differ, each with its value in every run; "" where a run lacks it. */
export function differences(runs: readonly Run[]): { name: string; values: string[] }[] {
  const names = [...new Set(runs.flatMap((r) => Object.keys(r.params ?? {})))].sort();
  return names
    .map((name) => ({ name, values: runs.map((r) => (Object.prototype.hasOwnProperty.call(r.params ?? {}, name) ? value(r.params[name]) : "")) }))
    .filter((d) => new Set(d.values).size > 1);
}

/** The series that says best how a training went: its loss; null without one. */
export function lossOf(series: readonly Series[]): Series | null {
  const named = series.filter((s) => /(^|[^a-z])loss([^a-z]|$)/i.test(s.name));
  return named.find((s) => s.name.toLowerCase() === "loss") ?? named[0] ?? null;
}

/** So many of a list's values, evenly, the last among them. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]);
}
