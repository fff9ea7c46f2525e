import { MISSING, type Shot } from "./cloud";
import type { View } from "./camera";
import { around, gridOf } from "./grid";

/** With more points than this, those on a plane are looked up in a grid. */
const MANY = 20_000;

/** In three dimensions points this near to the pixel, squared, lie over each other: the one in front is meant. */
const COVER = 16;

/** Makes what pick will look for in a shot. */
export function ready({ from, to, t }: Shot): void {
  if (from.dims === 2 && to.dims === 2 && from.quanta.length / 2 > MANY) gridOf({ from, to, t });
}

/**
 * Returns the row drawn nearest to the pixel (px, py) within radius, or -1; of those in one place, the one in front. It
 * looks at the positions as they are on screen in this very moment, so it is right in the middle of a movement and in
 * three dimensions. hidden, where set, marks rows that cannot be picked.
 */
export function pick(s: Shot, m: Float32Array, v: View, px: number, py: number, radius: number, hidden: Uint8Array | null): number {
  const { from, to, t } = s;
  const [da, db] = [from.dims, to.dims];
  const [qa, qb] = [from.quanta, to.quanta];
  const [sa, sb] = [from.placement.scale, to.placement.scale];
  const [ax, ay, az] = from.placement.offset;
  const [bx, by, bz] = to.placement.offset;
  const flat = da === 2 && db === 2;
  const rows = qa.length / da;
  let best = -1;
  let bound = radius * radius;
  let front = Infinity; // how far from the eye the one in front is
  const consider = (i: number) => {
    if (hidden !== null && hidden[i] & 1) return;
    const [a, b] = [i * da, i * db];
    // A sample that is in one of the two frames only is drawn where it is in that one.
    let k = t;
    if (qa[a] === MISSING) {
      if (qb[b] === MISSING) return;
      k = 1;
    } else if (qb[b] === MISSING) k = 0;
    const x = (qa[a] * sa + ax) * (1 - k) + (qb[b] * sb + bx) * k;
    const y = (qa[a + 1] * sa + ay) * (1 - k) + (qb[b + 1] * sb + by) * k;
    let z = 0;
    if (!flat) z = (da === 3 ? qa[a + 2] * sa + az : 0) * (1 - k) + (db === 3 ? qb[b + 2] * sb + bz : 0) * k;
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    const dx = ((m[0] * x + m[4] * y + m[8] * z + m[12]) / w / 2 + 0.5) * v.width - px;
    const dy = (0.5 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w / 2) * v.height - py;
    const d = dx * dx + dy * dy;
    if (d > bound || (d === bound && i < best)) return; // later rows lie over earlier ones
    if (flat || d >= COVER) {
      bound = d;
      best = i;
    } else if (w < front) {
      bound = COVER;
      front = w;
      best = i;
    }
  };
  if (flat && rows > MANY) {
    // On a plane the matrix scales and shifts, so the pixel is a place of the world.
    const g = gridOf(s);
    const [x, y] = [((px / v.width - 0.5) * 2 - m[12]) / m[0], ((0.5 - py / v.height) * 2 - m[13]) / m[5]];
    const pixel = 2 / (v.width * Math.abs(m[0])); // in the world
    const reach = () => Math.sqrt(bound) * pixel;
    around(g, x, y, reach, (first, end) => {
      for (let k = first; k < end; k++) consider(g.rows[k]);
    });
  } else for (let i = 0; i < rows; i++) consider(i);
  return best;
}
