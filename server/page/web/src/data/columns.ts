// What is known of each sample, as columns: its label, its metadata, and what the network made of it. Pure.

/** What is the same of a column in every run. */
export interface Traits {
  /** Names the column in addresses: "label", "loss", "meta:split". */
  key: string;
  /** As people read it. */
  name: string;
  kind: "category" | "number";
  /** Where its values come from, as a title under which menus list it. */
  source: string;
  /** What samples without a value are called. */
  none: string;
  /** A value as people read it. */
  format(v: string | number): string;
  /** The column whose values order samples by this one, and whether the last comes first. */
  sort: { by: string; down: boolean };
  /** Its place in the table; null for none. */
  table: { head: string; title: string } | null;
  /** Its name in files; null where every row of a file says it anyway. */
  field: string | null;
  /** Whether the card says it in words of its own. */
  said: boolean;
  /** The column of right and wrong that marks mistakes among its values; null for none. */
  marks: string | null;
  /** The column of right and wrong of which the legend tells the share in each class; null for none. */
  tally: string | null;
  /** Whether with many samples its values take the server long, so that only those who ask for the column get them. */
  costly: boolean;
}

/** A column that points can be coloured, filtered and sorted by, and that the table, the card and files show. */
export interface Column extends Traits {
  /** Whether its values differ from epoch to epoch. */
  perEpoch: boolean;
  /** Its values at an epoch, by its place; null where they are on their way, or do not exist. */
  values(i: number): Values | null;
  /** The same, but where that would take the server long, only what is known. */
  glance(i: number): Values | null;
}

/** A column's values, one per row: places in classes with -1 for none, or numbers with NaN for none. */
export type Values = { kind: "category"; classes: readonly string[]; code: Int32Array } | { kind: "number"; value: Float32Array };

const METADATA = "meta:";

/** The key of a column of metadata. */
export function metadataKey(name: string): string {
  return METADATA + name;
}

/** What a column that this run does not have is called. */
export function nameOfKey(key: string): string {
  return key.startsWith(METADATA) ? key.slice(METADATA.length) : key;
}

/** More distinct values than this are no categories: numbers are a scale then, and text is only searched. */
const CATEGORIES = 200;

/** Fewer distinct whole numbers than this are taken for categories. */
const WHOLE = 13;

/** Reads a column of metadata; null when it holds nothing to colour or filter by, as a text of its own in every row. */
export function metadataValues(list: readonly unknown[]): Values | null {
  const present = list.filter((v) => v !== null && v !== undefined);
  if (present.length === 0) return null;
  const distinct = new Set(present.map(textOf));
  if (present.every((v) => typeof v === "number") && !(distinct.size < WHOLE && present.every((v) => Number.isInteger(v)))) {
    return { kind: "number", value: Float32Array.from(list, (v) => (typeof v === "number" ? v : NaN)) };
  }
  if (distinct.size > CATEGORIES || (distinct.size === present.length && present.length > 24)) return null;
  const classes = [...distinct].sort(natural);
  const place = new Map(classes.map((c, i) => [c, i]));
  return { kind: "category", classes, code: Int32Array.from(list, (v) => (v === null || v === undefined ? -1 : place.get(textOf(v))!)) };
}

/**
 * Labels that are numbers on a scale, as those of a regression are; null when they are names, as the numbers of classes
 * are: whole, from 0 or 1 on, without a gap, and each of several samples.
 */
export function labelScale(classes: readonly string[], code: ArrayLike<number>): Float32Array | null {
  if (classes.length <= 40) return null;
  const numbers = classes.map((c) => (c.trim() === "" ? NaN : Number(c)));
  if (numbers.some((v) => !Number.isFinite(v))) return null;
  const [low, high] = numbers.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const dense = numbers.every(Number.isInteger) && (low === 0 || low === 1) && high - low + 1 === classes.length;
  if (dense && code.length >= 2 * classes.length) return null;
  return Float32Array.from(code, (c) => (c < 0 ? NaN : numbers[c]));
}

/** A value of metadata in one line. */
export function textOf(v: unknown): string {
  return typeof v === "string" ? v : v === null || v === undefined ? "" : JSON.stringify(v);
}

/** What is written of a row's value: a class's name, a number, or null for none. */
export function valueAt(v: Values, row: number): string | number | null {
  if (v.kind === "category") return v.code[row] >= 0 ? v.classes[v.code[row]] : null;
  return Number.isNaN(v.value[row]) || v.value[row] === undefined ? null : v.value[row];
}

/** Compares texts as people do: runs of digits by their value. */
export function natural(a: string, b: string): number {
  const [x, y] = [a, b].map((t) => t.match(/\d+|\D+/g) ?? []);
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [p, q] = [Number(x[i]), Number(y[i])];
    if (p !== q && !Number.isNaN(p) && !Number.isNaN(q)) return p - q;
    if (x[i] !== y[i] && (Number.isNaN(p) || Number.isNaN(q))) return x[i] < y[i] ? -1 : 1;
  }
  return x.length - y.length || (a < b ? -1 : a > b ? 1 : 0);
}
