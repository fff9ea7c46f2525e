// Which rows of a plane are near to a place, without looking at all of them.

import { MISSING, type Shot } from "./cloud";

/** Cells along a side of the world from −1 to 1; points beyond it are in the outermost cells. */
const SIDE = 256;

/** Rows of one moment, sorted by the cell that they are in. */
export interface Grid {
  readonly of: Shot;
  /** Where each cell's rows begin in rows, and, last, where they end. */
  first: Uint32Array;
  rows: Uint32Array;
}

let kept: Grid | null = null;

/** The grid of a moment: the one that was asked for last is kept, so at rest it is made once. Only for two planes. */
export function gridOf(s: Shot): Grid {
  const k = kept?.of;
  if (!k || k.from !== s.from || k.to !== s.to || k.t !== s.t) kept = sort(s);
  return kept!;
}

function sort(s: Shot): Grid {
  const { from, to, t } = s;
  const [qa, qb] = [from.quanta, to.quanta];
  const [sa, sb] = [from.placement.scale, to.placement.scale];
  const [ax, ay] = from.placement.offset;
  const [bx, by] = to.placement.offset;
  const n = qa.length / 2;
  const cells = new Uint32Array(n); // each row's cell and one more; 0 for a row that is nowhere
  const first = new Uint32Array(SIDE * SIDE + 1);
  for (let i = 0, k = 0; i < n; i++, k += 2) {
    let share = t;
    if (qa[k] === MISSING) {
      if (qb[k] === MISSING) continue;
      share = 1;
    } else if (qb[k] === MISSING) share = 0;
    const x = (qa[k] * sa + ax) * (1 - share) + (qb[k] * sb + bx) * share;
    const y = (qa[k + 1] * sa + ay) * (1 - share) + (qb[k + 1] * sb + by) * share;
    first[(cells[i] = cell(y) * SIDE + cell(x) + 1)]++;
  }
  for (let c = 1; c < first.length; c++) first[c] += first[c - 1];
  const rows = new Uint32Array(first[SIDE * SIDE]);
  const next = first.slice();
  for (let i = 0; i < n; i++) if (cells[i] > 0) rows[next[cells[i] - 1]++] = i;
  return { of: { from, to, t }, first, rows };
}

function cell(v: number): number {
  return Math.max(0, Math.min(SIDE - 1, Math.floor((v + 1) * (SIDE / 2))));
}

/**
 * Calls visit with where in g.rows the rows of cells around a place of the world are, from up to and without to: of its own
 * cell first, then ring by ring, for as long as a ring may have something within reach, which visit may shorten.
 */
export function around(g: Grid, x: number, y: number, reach: () => number, visit: (from: number, to: number) => void): void {
  const [column, row] = [cell(x), cell(y)];
  const size = 2 / SIDE;
  const [left, top] = [x - (column * size - 1), y - (row * size - 1)];
  const inner = Math.max(0, Math.min(left, size - left, top, size - top)); // to the first ring
  const across = (r: number, from: number, to: number) => {
    if (r < 0 || r >= SIDE) return;
    const [a, b] = [Math.max(from, 0), Math.min(to, SIDE - 1)];
    if (a <= b) visit(g.first[r * SIDE + a], g.first[r * SIDE + b + 1]);
  };
  across(row, column, column);
  for (let k = 1; k < SIDE && inner + (k - 1) * size <= reach(); k++) {
    across(row - k, column - k, column + k);
    across(row + k, column - k, column + k);
    for (let r = row - k + 1; r < row + k; r++) {
      across(r, column - k, column - k);
      across(r, column + k, column + k);
    }
  }
}
