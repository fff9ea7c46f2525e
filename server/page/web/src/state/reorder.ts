import type { Values } from "../data/columns";

/** Brings values into another order of rows: rows names the old row of each new one, -1 for none. Pure. */
export function reorder(v: Values, rows: Int32Array): Values {
  return v.kind === "category"
    ? { kind: "category", classes: v.classes, code: Int32Array.from(rows, (r) => (r < 0 ? -1 : v.code[r])) }
    : { kind: "number", value: Float32Array.from(rows, (r) => (r < 0 ? NaN : v.value[r])) };
}

/** Gives classes the places that they have in another list; names that it lacks are put at its end. */
export function recode(v: Values, classes: readonly string[]): Values {
  if (v.kind !== "category" || v.classes === classes) return v;
  const all = [...classes];
  const place = v.classes.map((c) => {
    const at = all.indexOf(c);
    return at >= 0 ? at : all.push(c) - 1;
  });
  return { kind: "category", classes: all, code: v.code.map((c) => (c < 0 ? -1 : place[c])) };
}
