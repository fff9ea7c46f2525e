// How densely points lie on the screen, and lines of equal density: pure.

import { project, type View } from "./camera";
import { locate, strideOf, type Shot } from "./cloud";

/** Counts on a grid over a view, one layer per class. */
export interface Density {
  columns: number;
  rows: number;
  /** The side of a cell, in CSS pixels. */
  cell: number;
  layers: Float32Array[];
}

/** Points looked at, at most: more do not change the lines. */
const POINTS = 100_000;

/**
 * Counts the points of a shot in cells, by class where codes has some, and smooths the counts. Points that are hidden,
 * in no class, or outside of the view are left out.
 */
export function density(s: Shot, m: Float32Array, v: View, codes: ArrayLike<number> | null, classes: number, hidden: Uint8Array | null, cell = 8): Density {
  const border = 4; // cells around the view, so that lines do not end at its edge
  const columns = Math.ceil(v.width / cell) + 2 * border;
  const rows = Math.ceil(v.height / cell) + 2 * border;
  const layers = Array.from({ length: codes ? classes : 1 }, () => new Float32Array(columns * rows));
  const total = s.from.quanta.length / s.from.dims;
  const every = strideOf(total / POINTS);
  const p = new Float32Array(3);
  const at: [number, number] = [0, 0];
  for (let i = 0; i < total; i += every) {
    const layer = layers[codes ? codes[i] : 0];
    if (!layer || (hidden !== null && hidden[i] & 1) || !locate(s, i, p)) continue;
    project(m, v, p, at);
    // A point counts for the four cells around it, by how near it is to their middles.
    const x = at[0] / cell + border - 0.5;
    const y = at[1] / cell + border - 0.5;
    const [cx, cy] = [Math.floor(x), Math.floor(y)];
    if (!(cx >= 0 && cy >= 0 && cx + 1 < columns && cy + 1 < rows)) continue;
    const [fx, fy] = [x - cx, y - cy];
    const k = cy * columns + cx;
    layer[k] += (1 - fx) * (1 - fy);
    layer[k + 1] += fx * (1 - fy);
    layer[k + columns] += (1 - fx) * fy;
    layer[k + columns + 1] += fx * fy;
  }
  const scratch = new Float32Array(columns * rows);
  for (const layer of layers) for (let pass = 0; pass < 3; pass++) smooth(layer, scratch, columns, rows, 1);
  return { columns, rows, cell, layers };
}

/** Replaces each cell by the mean of those within a distance, along both directions: three times is nearly Gaussian. */
function smooth(a: Float32Array, b: Float32Array, columns: number, rows: number, reach: number): void {
  const one = (from: Float32Array, to: Float32Array, count: number, step: number, lines: number, stride: number) => {
    for (let l = 0; l < lines; l++) {
      let sum = 0;
      const at = (i: number) => (i >= 0 && i < count ? from[l * stride + i * step] : 0);
      for (let i = -reach; i < reach; i++) sum += at(i);
      for (let i = 0; i < count; i++) {
        sum += at(i + reach);
        to[l * stride + i * step] = sum / (2 * reach + 1);
        sum -= at(i - reach);
      }
    }
  };
  one(a, b, columns, 1, rows, columns);
  one(b, a, rows, columns, columns, 1);
}

/** Returns the line of a level through a layer as segments: x0, y0, x1, y1 in CSS pixels (marching squares). */
export function contour(d: Density, layer: Float32Array, level: number): Float32Array {
  const { columns, rows, cell } = d;
  const out: number[] = [];
  const place = (x: number) => (x - 4 + 0.5) * cell;
  for (let y = 0; y + 1 < rows; y++) {
    for (let x = 0; x + 1 < columns; x++) {
      const k = y * columns + x;
      const [a, b, c, e] = [layer[k], layer[k + 1], layer[k + columns + 1], layer[k + columns]]; // clockwise
      const shape = (a > level ? 1 : 0) | (b > level ? 2 : 0) | (c > level ? 4 : 0) | (e > level ? 8 : 0);
      if (shape === 0 || shape === 15) continue;
      const cut = (p: number, q: number) => (level - p) / (q - p);
      const top = [place(x + cut(a, b)), place(y)];
      const right = [place(x + 1), place(y + cut(b, c))];
      const bottom = [place(x + cut(e, c)), place(y + 1)];
      const left = [place(x), place(y + cut(a, e))];
      const line = (p: number[], q: number[]) => out.push(p[0], p[1], q[0], q[1]);
      switch (shape > 7 ? 15 - shape : shape) {
        case 1:
          line(left, top);
          break;
        case 2:
          line(top, right);
          break;
        case 3:
          line(left, right);
          break;
        case 4:
          line(right, bottom);
          break;
        case 5: // two corners across: the middle decides whether they belong together
          if ((a + b + c + e) / 4 > level === (shape === 5)) (line(left, bottom), line(top, right));
          else (line(left, top), line(right, bottom));
          break;
        case 6:
          line(top, bottom);
          break;
        case 7:
          line(left, bottom);
          break;
      }
    }
  }
  return Float32Array.from(out);
}

/** The levels at which lines are drawn: shares of the layer's highest density. */
export const LEVELS = [0.12, 0.35, 0.65] as const;

/** The highest density of a layer. */
export function peak(layer: Float32Array): number {
  let highest = 0;
  for (const v of layer) if (v > highest) highest = v;
  return highest;
}
