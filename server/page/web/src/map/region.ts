// What a rectangle or a lasso holds: pure.

import { project, type View } from "./camera";
import { locate, type Shot } from "./cloud";

/** A corner of a region on the map, in CSS pixels. */
export type Corner = readonly [number, number];

/** The corners of the rectangle between two pixels. */
export function rectangle(a: Corner, b: Corner): Corner[] {
  return [a, [b[0], a[1]], b, [a[0], b[1]]];
}

/** Returns the rows that are drawn inside a closed polygon at this moment; bit 1 of hidden leaves a row out. */
export function inside(s: Shot, m: Float32Array, v: View, polygon: readonly Corner[], hidden: Uint8Array | null): number[] {
  if (polygon.length < 3) return [];
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of polygon) {
    [x0, y0] = [Math.min(x0, x), Math.min(y0, y)];
    [x1, y1] = [Math.max(x1, x), Math.max(y1, y)];
  }
  const out: number[] = [];
  const p = new Float32Array(3);
  const at: [number, number] = [0, 0];
  const rows = s.from.quanta.length / s.from.dims;
  for (let i = 0; i < rows; i++) {
    if ((hidden !== null && hidden[i] & 1) || !locate(s, i, p)) continue;
    project(m, v, p, at);
    if (at[0] >= x0 && at[0] <= x1 && at[1] >= y0 && at[1] <= y1 && within(polygon, at[0], at[1])) out.push(i);
  }
  return out;
}

/** Reports whether a pixel is inside a polygon, counting crossings: a lasso that crosses itself leaves holes. */
export function within(polygon: readonly Corner[], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

/** A closed path through corners of a part of the stage. */
export function outline(corners: readonly Corner[], origin: Corner): string {
  return `M${corners.map(([x, y]) => `${(x + origin[0]).toFixed(1)} ${(y + origin[1]).toFixed(1)}`).join("L")}Z`;
}
