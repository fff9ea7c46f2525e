// From logged metrics to lines on charts: pure.

import type { Epoch, Series } from "../data/api";

/** A line: x in epochs, whole where an epoch was logged, in between for metrics logged by step. */
export interface Line {
  name: string;
  x: number[];
  y: (number | null)[];
}

/** Lines that belong on one chart. */
export interface Group {
  title: string;
  /** Values are shares of one, shown in percent. */
  percent: boolean;
  lines: Line[];
}

/** Adds what was logged since to what is known; a value at the same step and epoch takes the other's place. */
export function merge(known: readonly Series[], news: readonly Series[]): Series[] {
  const out = known.map((s) => ({ name: s.name, step: [...s.step], epoch: [...s.epoch], value: [...s.value] }));
  for (const n of news) {
    let s = out.find((o) => o.name === n.name);
    if (!s) out.push((s = { name: n.name, step: [], epoch: [], value: [] }));
    const at = new Map(s.step.map((step, i) => [`${step} ${s.epoch[i]}`, i]));
    n.value.forEach((v, i) => {
      const k = at.get(`${n.step[i]} ${n.epoch[i]}`) ?? s.value.length;
      s.step[k] = n.step[i];
      s.epoch[k] = n.epoch[i];
      s.value[k] = v;
    });
  }
  return out.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Sorts metrics into charts: losses first, then accuracies, then the others by name. */
export function groups(series: readonly Series[], epochs: readonly Epoch[]): Group[] {
  const by = new Map<string, Group>();
  for (const s of series) {
    const title = titleOf(s.name);
    let g = by.get(title);
    if (!g) by.set(title, (g = { title, percent: false, lines: [] }));
    g.lines.push(lineOf(s, epochs));
  }
  for (const g of by.values()) {
    g.percent = g.title === "Accuracy" && g.lines.every((l) => l.y.every((v) => v === null || (v >= 0 && v <= 1)));
    g.lines.sort((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  }
  const rank = (g: Group) => (g.title === "Loss" ? 0 : g.title === "Accuracy" ? 1 : 2);
  return [...by.values()].sort((a, b) => rank(a) - rank(b) || (a.title < b.title ? -1 : 1));
}

function titleOf(name: string): string {
  if (/(^|[^a-z])(loss|nll|cross.?entropy)([^a-z]|$)/i.test(name)) return "Loss";
  if (/(^|[^a-z])acc(uracy)?([^a-z]|$)/i.test(name)) return "Accuracy";
  return name;
}

/** A metric as a line over epochs. */
export function lineOf(s: Series, epochs: readonly Epoch[]): Line {
  const stepped = epochs.some((e) => e.step > 0);
  const points = s.value.map((v, i) => ({
    x: stepped && s.step[i] > 0 ? epochOfStep(s.step[i], epochs) : s.epoch[i],
    y: typeof v === "number" ? v : null, // what is no number leaves a gap in the line
  }));
  points.sort((a, b) => a.x - b.x);
  return { name: s.name, x: points.map((p) => p.x), y: points.map((p) => p.y) };
}

/**
 * Returns where between the epochs a step lies. An epoch's step is the one at its end, and training begins at step 0
 * and epoch 0; beyond the last logged epoch it goes on at that pace. Without steps, a step is taken for an epoch.
 */
export function epochOfStep(step: number, epochs: readonly Epoch[]): number {
  let a = { step: 0, number: 0 };
  let b: { step: number; number: number } | null = null;
  for (const e of epochs) {
    if (e.step <= 0 || e.number <= 0) continue;
    if (b && b.step < e.step) a = b;
    b = e;
    if (e.step >= step) break;
  }
  if (!b || b.step === a.step) return step;
  return a.number + ((step - a.step) / (b.step - a.step)) * (b.number - a.number);
}

/** The last value at or before x, or null. */
export function valueAt(l: Line, x: number): number | null {
  let low = 0; // x[low-1] ≤ x < x[high]
  let high = l.x.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (l.x[mid] <= x + 1e-9) low = mid + 1;
    else high = mid;
  }
  while (low > 0 && l.y[low - 1] === null) low--;
  return low > 0 ? l.y[low - 1] : null;
}

/** Joins lines on one axis: x first, then a column per line with null where it has no value. */
export function align(lines: readonly Line[]): [number[], ...(number | null)[][]] {
  const xs = [...new Set(lines.flatMap((l) => l.x))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, i) => [x, i]));
  const columns = lines.map((l) => {
    const c: (number | null)[] = new Array(xs.length).fill(null);
    l.x.forEach((x, i) => (c[place.get(x)!] = l.y[i]));
    return c;
  });
  return [xs, ...columns];
}
