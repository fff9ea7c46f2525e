// How a column's values become colours: pure.

import type { Values } from "../data/columns";
import { colour, DISTINCT, grey, ramp, slot, texture, unlabelled, type Theme } from "../ui/palette";

/** The range of numbers that the scale of colours covers. */
export interface Scale {
  low: number;
  high: number;
  /** Equal steps of colour are equal factors. */
  log: boolean;
}

/** Numbers looked at to find a scale, at most. */
const LOOK = 20_000;

/**
 * Finds one scale for all epochs, so that a colour means the same throughout: from the 1st to the 99th percentile,
 * logarithmic where values differ by more than a factor of 100. Null without a number.
 */
export function scaleOf(epochs: readonly Float32Array[]): Scale | null {
  const total = epochs.reduce((n, e) => n + e.length, 0);
  const every = Math.max(1, Math.ceil(total / LOOK));
  const seen: number[] = [];
  let k = 0;
  for (const e of epochs) for (let i = 0; i < e.length; i++) if (k++ % every === 0 && Number.isFinite(e[i])) seen.push(e[i]);
  if (seen.length === 0) return null;
  seen.sort((a, b) => a - b);
  const at = (q: number) => seen[Math.min(seen.length - 1, Math.floor(q * seen.length))];
  let [low, high] = [at(0.01), at(0.99)];
  if (low === high) [low, high] = [seen[0], seen[seen.length - 1]];
  // Where most values are tiny beside the largest, as losses are, equal steps would show those few alone.
  const log = seen[0] >= 0 && high > 0 && (seen[0] > 0 ? at(0.95) / at(0.05) > 100 : high / at(0.5) > 50);
  if (log) low = Math.max(low, seen.find((v) => v > 0) ?? high, high * 1e-4);
  if (seen[0] >= 0 && seen[seen.length - 1] <= 1 && !log && low < 0.3) [low, high] = [0, Math.max(high, low + 1e-6)];
  if (low === high) high = low + (Math.abs(low) || 1);
  return log ? { low, high, log } : { ...nice(low, high), log };
}

/** Rounds a range outwards to two figures. */
function nice(low: number, high: number): { low: number; high: number } {
  const step = Math.pow(10, Math.floor(Math.log10(high - low)) - 1);
  const tidy = (v: number) => +v.toPrecision(10);
  return { low: tidy(Math.floor(low / step + 1e-6) * step), high: tidy(Math.ceil(high / step - 1e-6) * step) };
}

/** A number's place on a scale, from 0 to 1. */
export function place(s: Scale, v: number): number {
  const t = s.log ? Math.log(Math.max(v, 1e-30) / s.low) / Math.log(s.high / s.low) : (v - s.low) / (s.high - s.low);
  return Math.min(1, Math.max(0, t));
}

/** The number at a place on a scale. */
export function numberAt(s: Scale, t: number): number {
  return s.log ? s.low * Math.pow(s.high / s.low, t) : s.low + (s.high - s.low) * t;
}

/** Each row's place in the palette. */
export function slotsOf(v: Values, s: Scale | null): Uint8Array {
  const of = v.kind === "category" ? v.code : v.value;
  const out = new Uint8Array(of.length);
  if (v.kind === "category") for (let i = 0; i < out.length; i++) out[i] = slot(of[i]);
  else if (s) for (let i = 0; i < out.length; i++) out[i] = Number.isNaN(of[i]) ? 0 : 1 + Math.round(254 * place(s, of[i]));
  return out;
}

/** The colours of one column. */
export interface Tints {
  palette: Uint8Array;
  /** The colour of a class, or of none (-1). */
  ofClass(code: number): string;
  /** The colour of a number. */
  ofNumber(v: number): string;
}

/** Chooses the colours of a column with so many classes, or with a scale. */
export function tintsOf(key: string, kind: Values["kind"], classes: number, s: Scale | null, theme: Theme): Tints {
  const none = unlabelled(kind === "category" ? classes : 1, theme);
  // What went right is the ground against which mistakes stand out.
  const special = key === "correct" ? [theme === "dark" ? "#4f6f9f" : "#a9bdd6", theme === "dark" ? "#ffa01f" : "#d4480b"] : null;
  const ofClass = (code: number) => (code < 0 ? none : special ? (special[code] ?? none) : colour(code, theme));
  const ofSlot = (k: number) => (kind === "number" ? ramp((k - 1) / 254, theme) : k > DISTINCT ? grey(theme) : ofClass(k - 1));
  return {
    palette: texture(none, ofSlot),
    ofClass,
    ofNumber: (v) => (s && !Number.isNaN(v) ? ramp(place(s, v), theme) : none),
  };
}
