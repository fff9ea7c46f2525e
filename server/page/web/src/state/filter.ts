// Which samples are shown: pure.

import type { Values } from "../data/columns";

/** One condition on one column. All conditions have to hold. */
export interface Condition {
  column: string;
  /** The epoch whose values count; "all": those of every epoch; null: those of the epoch that is looked at. */
  epoch: number | "all" | null;
  /** Names of the classes that are shown; "" is none. */
  values?: string[];
  /** The least and the most that is shown. */
  range?: [number, number];
}

/** Marks the rows that fail a condition in hidden; values that are still on their way hide nothing. */
export function apply(c: Condition, v: Values | null, hidden: Uint8Array): void {
  if (v === null) return;
  if (v.kind === "category" && c.values) {
    const shown = new Set(c.values);
    const pass = v.classes.map((name) => shown.has(name));
    const none = shown.has("");
    for (let i = 0; i < hidden.length; i++) if (!(v.code[i] < 0 ? none : pass[v.code[i]])) hidden[i] = 1;
  } else if (v.kind === "number" && c.range) {
    const [low, high] = c.range;
    for (let i = 0; i < hidden.length; i++) if (!(v.value[i] >= low && v.value[i] <= high)) hidden[i] = 1;
  }
}

/**
 * Returns the conditions with this one in the place of the column's own that follows the slider; null takes that away.
 * Those that are kept at an epoch stay, so that one can ask who was wrong at epoch 5 and right at 6.
 */
export function replace(all: readonly Condition[], column: string, c: Condition | null): Condition[] {
  const at = all.findIndex((o) => o.column === column && o.epoch === null);
  if (at < 0) return c ? [...all, c] : [...all];
  return c ? all.map((o, i) => (i === at ? c : o)) : all.filter((_, i) => i !== at);
}

/** Shows or hides one class: the first click shows it alone, the next ones add and take away, and none or all is no condition. */
export function toggle(all: readonly Condition[], column: string, name: string, classes: number): Condition[] {
  const old = all.find((o) => o.column === column && o.epoch === null && o.values);
  const values = old?.values ?? [];
  const now = values.includes(name) ? values.filter((v) => v !== name) : [...values, name];
  const none = now.length === 0 || now.length >= classes;
  return replace(all, column, none ? null : { column, epoch: null, values: now });
}

/** Writes a condition for an address. */
export function format(c: Condition): string {
  const at = c.epoch === null ? "" : `@${c.epoch}`;
  const what = c.range ? `~${c.range.map((v) => String(+v.toPrecision(7))).join("~")}` : (c.values ?? []).map((v) => `~${escape(v)}`).join("");
  return `${escape(c.column)}${at}${c.range ? "!" : ""}${what}`;
}

/** Reads what format wrote; null when it cannot be read. */
export function parse(text: string): Condition | null {
  const [head, ...rest] = text.split("~");
  const found = /^([^@!]+)(?:@(-?\d{1,9}|all))?(!?)$/.exec(head);
  if (!found || rest.length === 0) return null;
  const column = unescape(found[1]);
  const epoch = found[2] === undefined ? null : found[2] === "all" ? "all" : Number(found[2]);
  if (found[3] === "") return { column, epoch, values: rest.map(unescape) };
  const [low, high] = rest.map(Number);
  return rest.length === 2 && low <= high ? { column, epoch, range: [low, high] } : null;
}

// The few signs that have a meaning here are written as _ and their code.
function escape(s: string): string {
  return s.replace(/[_~@!;]/g, (c) => `_${c.charCodeAt(0).toString(16)}`);
}

function unescape(s: string): string {
  return s.replace(/_(5f|7e|40|21|3b)/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
