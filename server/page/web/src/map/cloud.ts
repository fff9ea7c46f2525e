// Positions of samples over epochs, as the server sends them: quantised, one block per epoch.

/** A position that the sample does not have at that epoch. */
export const MISSING = 0xffff;

/** The range is cut into this many steps, so that MISSING stays free. */
export const STEPS = 0xfffe;

/** Where a map's quantised positions lie in the projector's own units. */
export interface Range {
  dims: 2 | 3;
  /** The corner that 0 stands for, one number per dimension. */
  origin: number[];
  /** The side of the range, the same in every dimension. */
  size: number;
  /** The points' own extremes over all epochs. */
  min: number[];
  max: number[];
}

/**
 * An affine map from quanta to the world, in which a map's points fill a box around zero whose longest side is 2.
 * Two maps of a run share nothing but this world, so a camera means the same on either.
 */
export interface Placement {
  scale: number;
  offset: [number, number, number];
  /** Half the sides of the box. */
  extent: [number, number, number];
}

/** Returns the placement of a map with this range. */
export function place(r: Range): Placement {
  let half = 0;
  for (let d = 0; d < r.dims; d++) half = Math.max(half, (r.max[d] - r.min[d]) / 2);
  if (!(half > 0)) half = r.size / 2 || 1; // one point, or all at the same place
  const p: Placement = { scale: r.size / STEPS / half, offset: [0, 0, 0], extent: [0, 0, 0] };
  for (let d = 0; d < r.dims; d++) {
    const centre = (r.min[d] + r.max[d]) / 2;
    p.offset[d] = (r.origin[d] - centre) / half;
    p.extent[d] = (r.max[d] - r.min[d]) / 2 / half || 0.01;
  }
  return p;
}

/** Positions of all samples at one epoch of one map: rows × dims quanta, row-major. */
export interface Frame {
  quanta: Uint16Array;
  dims: 2 | 3;
  placement: Placement;
}

/** What is on screen: samples on their way from one frame to another. Both are the same frame at rest. */
export interface Shot {
  from: Frame;
  to: Frame;
  /** 0 at `from`, 1 at `to`. */
  t: number;
}

/** Writes the world position of row i into out, and reports whether the sample is anywhere in the shot. */
export function locate(s: Shot, i: number, out: Float32Array): boolean {
  const { from, to, t } = s;
  const a = i * from.dims;
  const b = i * to.dims;
  const inA = from.quanta[a] !== MISSING;
  const inB = to.quanta[b] !== MISSING;
  if (!inA && !inB) return false;
  out[2] = 0;
  for (let d = 0; d < 3; d++) {
    const pa = d < from.dims ? from.quanta[a + d] * from.placement.scale + from.placement.offset[d] : 0;
    const pb = d < to.dims ? to.quanta[b + d] * to.placement.scale + to.placement.offset[d] : 0;
    out[d] = !inA ? pb : !inB ? pa : pa + (pb - pa) * t;
  }
  return true;
}

/**
 * Returns how many rows to go on by, at least so many, to see some of all rows: a prime other than 2 and 5, because classes
 * often take turns by 2, 10 or 100, and a step in time with them would see one class alone.
 */
export function strideOf(least: number): number {
  if (least <= 1) return 1;
  for (let n = Math.max(3, Math.ceil(least)); ; n++) {
    let d = 2;
    while (d * d <= n && n % d !== 0) d++;
    if (d * d > n && n !== 5) return n;
  }
}

/** Points by which middles goes, at most: more do not move them. */
const ENOUGH = 100_000;

/** Cells along a side of the grid on which middles looks for the densest place. */
const CELLS = 32;

/**
 * Returns where each class is in a frame, in world units, 3 per class: on a plane the middle of its densest place, in
 * space the median. NaN for a class without a point there. classOf holds a class per row, or a negative number.
 */
export function middles(f: Frame, classOf: Int32Array, classes: number): Float32Array {
  const out = new Float32Array(classes * 3).fill(NaN);
  const rows: number[][] = Array.from({ length: classes }, () => []);
  const every = strideOf(classOf.length / ENOUGH);
  for (let i = 0; i < classOf.length; i += every) {
    if (classOf[i] >= 0 && classOf[i] < classes && f.quanta[i * f.dims] !== MISSING) rows[classOf[i]].push(i);
  }
  rows.forEach((of, c) => {
    if (of.length === 0) return;
    const at = f.dims === 2 ? densest(f.quanta, of) : median(f.quanta, of);
    for (let d = 0; d < 3; d++) out[c * 3 + d] = d < f.dims ? at[d] * f.placement.scale + f.placement.offset[d] : 0;
  });
  return out;
}

/** The mean of the points in and around the cell of a grid that has most of them. */
function densest(quanta: Uint16Array, rows: readonly number[]): number[] {
  const cell = (i: number) => (quanta[i * 2 + 1] >> 11) * CELLS + (quanta[i * 2] >> 11);
  const count = new Uint32Array(CELLS * CELLS);
  for (const i of rows) count[cell(i)]++;
  const around = (k: number, near: (j: number) => void) => {
    for (let y = -1; y <= 1; y++) {
      for (let x = -1; x <= 1; x++) {
        const [cx, cy] = [(k % CELLS) + x, Math.floor(k / CELLS) + y];
        if (cx >= 0 && cy >= 0 && cx < CELLS && cy < CELLS) near(cy * CELLS + cx);
      }
    }
  };
  let best = 0;
  let largest = -1;
  for (let k = 0; k < count.length; k++) {
    if (count[k] === 0) continue;
    let n = count[k]; // the cell itself counts twice, so that its neighbours do not tie with it
    around(k, (j) => (n += count[j]));
    if (n > largest) [best, largest] = [k, n];
  }
  const taken = new Set<number>();
  around(best, (j) => taken.add(j));
  const near = rows.filter((i) => taken.has(cell(i)));
  return [0, 1].map((d) => near.reduce((sum, i) => sum + quanta[i * 2 + d], 0) / near.length);
}

function median(quanta: Uint16Array, rows: readonly number[]): number[] {
  return [0, 1, 2].map((d) => Uint16Array.from(rows, (i) => quanta[i * 3 + d]).sort()[rows.length >> 1]);
}
