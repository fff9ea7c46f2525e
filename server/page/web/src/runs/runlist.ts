// Runs as a list that can be searched and compared: pure.

import type { Run, Series } from "../data/api";
import { value } from "../ui/format";

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

/** The words of a query. What stands in quotation marks, as in tag:"not yet", is one. */
const WORDS = /(?:[^\s":]+:)?"(?:[^"\\]|\\.)*"|\S+/g;

interface Word {
  text: string; // in lower case
  whole: boolean; // it stands in quotation marks
}

function wordOf(part: string): Word {
  const quote = /^(?:[^\s":]+:)?"/.exec(part);
  let text = part;
  if (quote && part.endsWith('"')) {
    const key = quote[0].slice(0, -1);
    try {
      text = key + (JSON.parse(part.slice(key.length)) as string);
      return { text: text.toLowerCase(), whole: true };
    } catch {
      // Not written as JSON writes text: it stays as it is.
    }
  }
  return { text: text.toLowerCase(), whole: false };
}

/**
 * Reports whether a run has all words of a query in its experiment, name, state, tags, notes or parameters. "lr:0.1" is one
 * parameter and "tag:best" one tag, or one that begins so; tag:"best" is nothing longer.
 */
export function matches(r: Run, query: string): boolean {
  const params = Object.entries(r.params ?? {}).map(([k, v]) => `${k}:${value(v)}`.toLowerCase());
  const tags = r.tags.map((t) => t.toLowerCase());
  const texts = [r.experiment, r.name, r.id, stateOf(r), STATES[stateOf(r)] ?? "", r.notes].map((t) => t.toLowerCase()).concat(tags);
  const keyed = params.concat(tags.map((t) => `tag:${t}`));
  return (query.match(WORDS) ?? []).map(wordOf).every(({ text, whole }) => {
    if (texts.some((t) => t.includes(text))) return true;
    return text.includes(":") ? keyed.some((k) => (whole ? k === text : k.startsWith(text))) : params.some((p) => p.includes(text));
  });
}

/** Reports whether a query asks for a tag. */
export function asksFor(query: string, tag: string): boolean {
  return (query.match(WORDS) ?? []).some((w) => wordOf(w).text === `tag:${tag.toLowerCase()}`);
}

/** A query that asks for a tag besides; no longer, where it did. */
export function toggled(query: string, tag: string): string {
  const words: string[] = query.match(WORDS) ?? [];
  const others = words.filter((w) => !asksFor(w, tag));
  return (others.length < words.length ? others : [...words, `tag:${JSON.stringify(tag)}`]).join(" ");
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
export function thinned<T>(list: readonly T[], limit: number): T[] {
  if (list.length <= limit) return [...list];
  return Array.from({ length: limit }, (_, i) => list[Math.round((i * (list.length - 1)) / (limit - 1))]);
}
