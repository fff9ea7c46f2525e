// The order of rows in the table: pure.

import { natural, type Values } from "../data/columns";

export interface Sort {
  key: string;
  down: boolean;
}

/** Returns rows in the order of a column's values, or of their ids; rows without a value come last. */
export function order(rows: readonly number[], v: Values | null, s: Sort, ids: readonly string[]): number[] {
  const out = [...rows];
  if (s.key === "sample") {
    // Rows are in the order in which they were logged; ids that are numbers are sorted as such.
    if (s.down) out.sort((a, b) => natural(ids[b], ids[a]) || a - b);
    return out;
  }
  if (!v) return out;
  const key = (r: number) => (v.kind === "category" ? (v.code[r] < 0 ? NaN : v.code[r]) : v.value[r]);
  return out.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y) ? a - b : Number.isNaN(x) ? 1 : -1;
    return (s.down ? y - x : x - y) || a - b;
  });
}
