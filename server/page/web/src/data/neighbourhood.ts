// Every sample's nearest samples in the original space, and how they change from one epoch to the next: pure.

/** In place of a neighbour that does not exist. */
export const NOBODY = 0xffffffff;

/** The nearest samples of all rows at one epoch: rows × k, the nearest first. */
export interface Neighbourhoods {
  k: number;
  near: Uint32Array;
}

/** Returns the neighbours of a row, the nearest first. */
export function neighboursOf(n: Neighbourhoods, row: number): number[] {
  return Array.from(n.near.subarray(row * n.k, (row + 1) * n.k)).filter((r) => r !== NOBODY);
}

/** Returns, for each row, 1 − the share of its neighbours that it has at both epochs; NaN where it lacks one of them. */
export function changes(a: Neighbourhoods, b: Neighbourhoods): Float32Array {
  const k = Math.min(a.k, b.k);
  const rows = k === 0 ? 0 : Math.min(a.near.length / a.k, b.near.length / b.k);
  const out = new Float32Array(rows).fill(NaN);
  for (let i = 0; i < rows; i++) {
    if (a.near[i * a.k] === NOBODY || b.near[i * b.k] === NOBODY) continue;
    let shared = 0;
    for (let j = 0; j < k; j++) {
      const r = b.near[i * b.k + j];
      for (let l = 0; l < k; l++) {
        if (a.near[i * a.k + l] === r) {
          shared++;
          break;
        }
      }
    }
    out[i] = 1 - shared / k;
  }
  return out;
}

/** A neighbour, and whether it was one at the epoch before. */
export interface Near {
  row: number;
  fresh: boolean;
}

/** Compares a row's neighbours with those that it had before: who is there now, and who is gone. */
export function compare(before: Neighbourhoods | null, now: Neighbourhoods, row: number): { now: Near[]; gone: number[] } {
  const here = neighboursOf(now, row);
  if (before === null) return { now: here.map((r) => ({ row: r, fresh: false })), gone: [] };
  const old = neighboursOf(before, row);
  return { now: here.map((r) => ({ row: r, fresh: !old.includes(r) })), gone: old.filter((r) => !here.includes(r)) };
}
