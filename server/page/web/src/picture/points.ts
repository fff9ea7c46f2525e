// The points and trails of a map as marks, looking as the renderer draws them: pure.

import type { View } from "../map/camera";
import { locate, type Frame, type Shot } from "../map/cloud";
import { FLAG, growth, tinge, type RGBA } from "../map/paint";
import type { Picture } from "../map/renderer";
import type { Mark } from "./marks";

/** Trails, the echo of another epoch, and points, from below to above. palette has 256 colours of four bytes. */
export function points(p: Picture, v: View, palette: Uint8Array): Mark[] {
  return [...trails(p, v, palette), ...echo(p, v, palette), ...discs(p, v, palette)];
}

/** How many points would be drawn. */
export function countOf(p: Picture): number {
  return p.shot.from.quanta.length / p.shot.from.dims;
}

function discs(p: Picture, v: View, palette: Uint8Array): Mark[] {
  const { paint, emphasis } = p;
  const out: { tier: number; depth: number; mark: Mark }[] = [];
  eachIn(p, p.shot, v, (row, x, y, w) => {
    const flags = p.flags[row];
    const tier = flags & FLAG.hidden ? 0 : emphasis !== 0 && (flags & emphasis) === 0 ? 1 : 2;
    const [fill, alpha] = tint(p, row, palette);
    if (alpha <= 0) return;
    const marked = tier === 2 && (flags & FLAG.selected) !== 0;
    const more = marked ? growth(paint) : 0;
    const rim = tier < 2 ? 0 : (p.hollow ? 1.2 : paint.rim) + more * 0.2;
    const radius = ((tier === 0 ? paint.radius * 0.8 : paint.radius) + (tier < 2 ? 0 : p.hollow ? 1.2 : paint.rim) + more / 2 - rim / 2) / w;
    const edge = p.hollow ? fill : hex(paint.rimColour);
    const mark: Mark =
      tier === 0
        ? { kind: "disc", x, y, radius, fill: hex(paint.ghost), rim: "", width: 0, opacity: paint.ghost[3] * alpha }
        : {
            kind: "disc",
            x,
            y,
            radius,
            fill: p.hollow ? "" : fill,
            rim: rim > 0 ? (marked ? mixed(edge, paint.ring, tinge(paint)) : edge) : "",
            width: rim / w,
            opacity: alpha * (tier === 1 ? paint.fade : paint.opacity),
          };
    out.push({ tier, depth: w, mark });
  });
  // In space, what is nearer covers what is farther; on a plane the order stays that of the rows.
  out.sort((a, b) => a.tier - b.tier || b.depth - a.depth);
  return out.map((o) => o.mark);
}

function echo(p: Picture, v: View, palette: Uint8Array): Mark[] {
  const out: Mark[] = [];
  const shot: Shot | null = p.echo && { from: p.echo, to: p.echo, t: 0 };
  if (shot)
    eachIn(p, shot, v, (row, x, y, w) => {
      const [rim, alpha] = tint(p, row, palette);
      if ((p.flags[row] & FLAG.hidden) === 0)
        out.push({ kind: "disc", x, y, radius: (p.paint.radius + 0.5) / w, fill: "", rim, width: 1, opacity: alpha * 0.5 });
    });
  return out;
}

function trails(p: Picture, v: View, palette: Uint8Array): Mark[] {
  const out: Mark[] = [];
  const at: [number, number] = [0, 0];
  const steps = p.trails ?? new Float32Array(0);
  for (let i = 0; i < steps.length; i += 8) {
    see(p.matrix, v, steps, i, at);
    const from = `M${at[0].toFixed(1)} ${at[1].toFixed(1)}`;
    see(p.matrix, v, steps, i + 3, at);
    const since = p.now - steps[i + 6] - 0.5;
    const presence = since >= 0 ? 0.35 + 0.65 * Math.exp(-since / 4) : 0.22; // as shaders.ts has it
    const k = steps[i + 7] * 4;
    out.push({
      kind: "path",
      d: `${from}L${at[0].toFixed(1)} ${at[1].toFixed(1)}`,
      stroke: css(palette[k], palette[k + 1], palette[k + 2]),
      width: 1.4,
      opacity: +(presence * p.paint.trail).toFixed(2),
    });
  }
  return out;
}

/** Calls f for each row that lies in the picture's part of the canvas, with its place there. */
function eachIn(p: Picture, shot: Shot, v: View, f: (row: number, x: number, y: number, w: number) => void): void {
  const place = new Float32Array(3);
  const at: [number, number] = [0, 0];
  const reach = 12;
  const rows = (shot.from as Frame).quanta.length / shot.from.dims;
  for (let row = 0; row < rows; row++) {
    if (!locate(shot, row, place)) continue;
    const w = see(p.matrix, v, place, 0, at);
    if (at[0] < -reach || at[1] < -reach || at[0] > v.width + reach || at[1] > v.height + reach) continue;
    f(row, at[0] + p.port.x, at[1] + p.port.y, w);
  }
}

/** Writes where a place in the world is seen, and returns how far it makes things smaller. */
function see(m: Float32Array, v: View, a: ArrayLike<number>, i: number, out: [number, number]): number {
  const w = m[3] * a[i] + m[7] * a[i + 1] + m[11] * a[i + 2] + m[15];
  out[0] = ((m[0] * a[i] + m[4] * a[i + 1] + m[8] * a[i + 2] + m[12]) / w / 2 + 0.5) * v.width;
  out[1] = (0.5 - (m[1] * a[i] + m[5] * a[i + 1] + m[9] * a[i + 2] + m[13]) / w / 2) * v.height;
  return w;
}

/** A row's colour between the ends of the shot, and its opacity. */
function tint(p: Picture, row: number, palette: Uint8Array): [string, number] {
  const { from, to, t } = p.shot;
  const inFrom = from.quanta[row * from.dims] !== 0xffff;
  const inTo = to.quanta[row * to.dims] !== 0xffff;
  const share = !inFrom ? 1 : !inTo ? 0 : t;
  const [a, b] = [p.slots[0][row] * 4, p.slots[1][row] * 4];
  const mix = (k: number) => Math.round(palette[a + k] + (palette[b + k] - palette[a + k]) * share);
  return [css(mix(0), mix(1), mix(2)), (mix(3) / 255) * (inFrom && inTo ? 1 : inFrom ? 1 - t : t)];
}

/** A colour on its way to another. */
function mixed(from: string, to: RGBA, t: number): string {
  const n = parseInt(from.slice(1), 16);
  const mix = (c: number, k: number) => Math.round((c & 255) * (1 - t) + to[k] * 255 * t);
  return css(mix(n >> 16, 0), mix(n >> 8, 1), mix(n, 2));
}

function hex([r, g, b]: RGBA): string {
  return css(Math.round(r * 255), Math.round(g * 255), Math.round(b * 255));
}

function css(r: number, g: number, b: number): string {
  return "#" + ((1 << 24) | (r << 16) | (g << 8) | b).toString(16).slice(1);
}
