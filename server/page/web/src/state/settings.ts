// What sets one map apart from another, in words; and what may stand in a field of the form for a new one: pure.

import type { Behind, Field, Projection, Quality } from "../data/api";
import { count, figure, many, value } from "../ui/format";

/** What describe needs of a projection. */
export type Described = Pick<Projection, "title" | "method" | "mode" | "dims" | "layer" | "options"> & Partial<Pick<Projection, "runs" | "settings">>;

/** What options are called; others have their own names. */
const NAMES: Record<string, string> = { n_epochs: "passes", scale: "scaling", pca: "components" };

/** Options that are said otherwise, or change no map. */
const APART = ["layer", "method", "mode", "dims", "n_neighbors", "workers"];

/** Options that follow from the mode, unless the user said otherwise. */
const OF_MODE = ["init", "epoch_negatives", "tie_weight"];

/** "UMAP", "UMAP in 3-D", "Imported". */
export function titleOf(p: Described): string {
  return p.title + (p.dims === 3 ? " in 3-D" : "");
}

/** "balanced", "20 neighbours", and what else differs among some maps. */
export function traits(p: Described, among: readonly Described[]): string[] {
  const n = p.options["n_neighbors"];
  const out = [reads(p, "mode") ? p.mode : "", reads(p, "n_neighbors") && typeof n === "number" ? `${n} neighbours` : ""];
  if (among.some((q) => q.layer !== p.layer)) out.push(p.layer);
  const runs = (q: Described) => q.runs?.length ?? 1;
  if (among.some((q) => runs(q) !== runs(p))) out.push(many(runs(p), "run"));
  for (const key of Object.keys(p.options)) {
    if (APART.includes(key) || !reads(p, key) || left(p, key)) continue;
    const differs = (q: Described) => reads(q, key) && !left(q, key) && option(q, key) !== option(p, key) && (q.mode === p.mode || !OF_MODE.includes(key));
    if (!among.some(differs)) continue;
    out.push(chosen(p, key) ?? `${NAMES[key] ?? key.replace(/_/g, " ")} ${option(p, key)}`);
  }
  return out.filter(Boolean);
}

/** Whether the method of a map reads an option. Nothing is known of how another program computed its map. */
function reads(p: Described, key: string): boolean {
  return p.method !== "given" && (p.settings?.includes(key) ?? true);
}

/** What a map shows of its runs, by an option that chooses; null for any other option. */
function chosen(p: Described, key: string): string | null {
  const v = p.options[key];
  if (key === "epochs") return v ? `epochs ${value(v)}` : "all epochs";
  if (key === "samples") return v ? `${count(Number(v))} samples` : "all samples";
  if (key === "max_points") return v ? `up to ${count(Number(v))} points` : "any number of points";
  return null;
}

/** How far a map is behind its runs: "3 epochs behind: 2 new, 1 removed"; empty if it is not. */
export function lag(b: Behind | undefined): string {
  if (!b) return "";
  const parts = (
    [
      ["new", b.new],
      ["changed", b.changed],
      ["removed", b.removed],
    ] as const
  ).filter(([, n]) => n > 0);
  if (parts.length === 0) return "";
  return `${many(b.new + b.changed + b.removed, "epoch")} behind: ${parts.map(([what, n]) => `${count(n)} ${what}`).join(", ")}`;
}

/** Whether an option is left to the mode, as it is of a map that is being made: what it comes to is not known yet. */
function left(p: Described, key: string): boolean {
  const v = p.options[key];
  return OF_MODE.includes(key) && (v === undefined || v === "" || v === -1);
}

function option(p: Described, key: string): string {
  const v = p.options[key];
  if (v === 0 && key === "n_epochs") return "automatic"; // by the number of points
  return v === undefined || v === "" ? "none" : value(v);
}

/** How two maps are told apart beside each other: by what differs, or else by all there is. */
export function apart(p: Described, q: Described): string {
  const theirs = [titleOf(q), ...traits(q, [p, q])];
  const own = [titleOf(p), ...traits(p, [p, q])];
  const differs = own.filter((t) => !theirs.includes(t));
  return (differs.length > 0 ? differs : own).join(" \u00b7 ");
}

/** The values that a field takes, and the usual one. */
export function range(f: Field): string {
  return f.text
    ? `usually ${f.default === "" ? "all" : f.default}`
    : f.choices
      ? `usually ${f.default}`
      : `${number(f.min)} to ${number(f.max)}, usually ${number(Number(f.default))}`;
}

/** What is wrong with what was typed into a field; empty when nothing is. */
export function check(f: Field, text: string): string {
  if (f.choices || f.text) return "";
  const v = Number(text);
  if (text.trim() === "" || Number.isNaN(v)) return `Needs a number from ${number(f.min)} to ${number(f.max)}.`;
  if (v < f.min || v > f.max) return `Must be ${number(f.min)} to ${number(f.max)}.`;
  return f.whole && !Number.isInteger(v) ? "Must be a whole number." : "";
}

function number(v: number): string {
  return v >= 2 ** 53 - 1 ? "2\u2075\u00b3" : Number.isInteger(v) ? count(v) : String(v);
}

/** The measures of two maps beside each other at an epoch, and which of them does better; those that neither has are left out. */
export function figures(run: string, epoch: number, a: Quality | null, b: Quality | null): { name: string; values: [string, string]; better: -1 | 0 | 1 }[] {
  const at = (q: Quality | null) => q?.epochs.find((e) => e.run === run && e.epoch === epoch);
  const rows: [string, (q: Quality | null) => number | null | undefined][] = [
    [`Trustworthiness, epoch ${epoch}`, (q) => at(q)?.trustworthiness],
    [`Continuity, epoch ${epoch}`, (q) => at(q)?.continuity],
    ["Trustworthiness, mean", (q) => q?.trust_epoch],
    ["Of 15 neighbours of the epoch kept", (q) => q?.own15],
    ["Of 15 neighbours kept", (q) => q?.knn15],
    ["Of 50 neighbours kept", (q) => q?.knn50],
    ["Silhouettes follow", (q) => q?.sil_corr],
    ["Movement within a step follows", (q) => q?.motion_in],
  ];
  return rows.flatMap(([name, of]) => {
    const values = [of(a), of(b)];
    if (values.every((v) => typeof v !== "number")) return [];
    const texts = values.map((v) => (typeof v === "number" ? figure(v) : "\u2013")) as [string, string];
    const [x, y] = values;
    return [{ name, values: texts, better: typeof x !== "number" || typeof y !== "number" || texts[0] === texts[1] ? 0 : x > y ? -1 : 1 }];
  });
}
