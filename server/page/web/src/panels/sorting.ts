// The order of rows in the table: pure.

import { natural, type Values } from "../data/columns";

export interface Sort {
  key: string;
  down: boolean;
}

/**
 * Returns rows, which ascend, in the order of a column's values, or of their ids, which are null where they are the rows'
 * numbers; rows without a value come last.
 */
export function order(rows: ArrayLike<number>, v: Values | null, s: Sort, ids: readonly string[] | null): number[] {
  const out = Array.from(rows);
  if (s.key === "sample") {
    // Rows are in the order in which they were logged; ids that are numbers are sorted as such.
    if (s.down && ids) out.sort((a, b) => natural(ids[b], ids[a]) || a - b);
    else if (s.down) out.reverse();
    return out;
  }
  if (!v) return out;
  const of = v.kind === "category" ? v.code : v.value;
  const key = new Float64Array(of.length);
  for (let r = 0; r < of.length; r++) {
    const none = v.kind === "category" ? of[r] < 0 : Number.isNaN(of[r]);
    key[r] = none ? Infinity : s.down ? -of[r] : of[r];
  }
  return out.sort((a, b) => key[a] - key[b] || a - b);
}
