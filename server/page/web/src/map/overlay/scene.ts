// What is drawn of a moment: which epochs, in which parts of the stage, with which points. It touches no element.

import { home, scale, type Camera, type View } from "../camera";
import { ease } from "../playhead";
import { strideOf, type Frame, type Shot } from "../cloud";
import type { Paint, RGBA } from "../paint";
import type { Ground } from "../renderer";
import type { Model } from "../../state/model";
import { ramp, rgb } from "../../ui/palette";

/** Points drawn as ground under the map, at most. */
const GROUND = 100_000;

/** A part of the stage with one moment of the map. */
export interface Pane {
  x: number;
  y: number;
  width: number;
  height: number;
  shot: Shot;
  /** The logged epochs, by their place, at the shot's ends, and the one that counts for what is not in between. */
  from: number;
  to: number;
  at: number;
  /** The playhead, with its fraction. */
  now: number;
  /** The run whose moment it is: the open one, or the one that it is compared with. */
  whose: "run" | "other";
}

/** Colours of the page that the map takes. */
export interface Look {
  ink: RGBA;
  paper: RGBA;
}

/** The moment at a position of the playhead; null while its frames are on their way. */
export function moment(model: Model, position: number): Omit<Pane, "x" | "y" | "width" | "height"> | null {
  const from = Math.floor(position);
  const to = Math.min(from + 1, model.numbers.length - 1);
  const [a, b] = [model.frame(from), model.frame(to)];
  if (!a || !b) return null;
  const at = Math.max(0, Math.min(model.numbers.length - 1, Math.round(position)));
  return { shot: { from: a, to: b, t: position === from ? 0 : ease(position - from) }, from, to, at, now: position, whose: "run" };
}

/** A grid of cells for so many pictures in a space: as large as they can be, about as wide as high. */
export function cells(count: number, width: number, height: number): { columns: number; rows: number } {
  let best = { columns: 1, rows: count, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.min(width / columns, (height / rows) * 1.15);
    if (side > best.side) best = { columns, rows, side };
  }
  return best;
}

/** Which of so many epochs a grid shows, when it has room for fewer: the first, the last, and evenly between. */
export function spread(count: number, room: number): number[] {
  if (count <= room) return Array.from({ length: count }, (_, i) => i);
  if (room < 2) return [count - 1];
  return Array.from({ length: room }, (_, i) => Math.round((i * (count - 1)) / (room - 1)));
}

/** Frames of all epochs, or evenly some of them and of their points when there are many, each in the colour of the ground. */
export function groundOf(model: Model, look: Look): Ground[] {
  const frames = model.map?.loaded ?? [];
  if (frames.length < 2 || !model.viewstate.options.ground) return [];
  const rows = frames[0].quanta.length / frames[0].dims;
  const limit = Math.max(8, Math.floor(GROUND / rows));
  const every = Math.ceil(frames.length / limit);
  const kept = frames.filter((_, i) => i % every === 0);
  const stride = strideOf((kept.length * rows) / GROUND);
  const [r, g, b] = look.ink;
  // Where one point stands for many, it has to be seen for them.
  const faint = Math.min(0.12, Math.max(0.008, Math.min(0.022, 0.22 / kept.length)) * Math.sqrt(stride));
  // Coloured by epoch, the ground is what has the epochs' colours: all of them at once.
  if (model.viewstate.colourBy?.key === "epoch") {
    return kept.map((frame, i) => {
      const [cr, cg, cb] = rgb(ramp(kept.length > 1 ? i / (kept.length - 1) : 1, model.viewstate.theme));
      return { frame, colour: [cr / 255, cg / 255, cb / 255, Math.min(0.3, 4 / kept.length)], stride };
    });
  }
  return kept.map((frame) => ({ frame, colour: [r, g, b, faint], stride }));
}

/** Selected samples that are few, however many others there are. */
const FEW = 12;

/** The share of the samples up to which a selection is marked in full, and from which on it is only set off by the fading of others. */
const SHARES = [0.01, 0.4];

/** How much so many selected rows are marked, each by itself, among so many: what most points have sets none apart. */
export function marking(selected: number, rows: number): number {
  const share = Math.max(0, selected - FEW) / Math.max(1, rows);
  const [low, high] = SHARES;
  return Math.min(1, Math.max(0, Math.log(high / Math.max(share, low)) / Math.log(high / low)));
}

/** How points are painted in a view with so many rows, of which some are in sight. */
export function paintOf(model: Model, look: Look, camera: Camera, v: View, picture: number): Paint {
  const { options, emphasis, focus } = model.viewstate;
  const rows = Math.max(1, model.samples?.count ?? model.map?.layout.rows ?? 1);
  const room = Math.sqrt((v.width * v.height) / rows); // pixels that each point has, along a side
  const zoom = scale(camera, v) / scale(home(v.dims), v);
  const radius = Math.min(9, Math.min(5, Math.max(0.8, room * 0.155)) * Math.pow(zoom, 0.28) * options.size);
  const [r, g, b] = look.ink;
  return {
    radius,
    rim: radius > 2 && picture === 0 ? 0.6 : 0,
    rimColour: look.paper,
    opacity: options.opacity * (rows > 20_000 ? Math.max(0.25, Math.pow(20_000 / rows, 0.35)) : 1),
    ghost: [r, g, b, 0.07],
    fade: emphasis === 0 ? 1 : focus ? 0.13 : 0.3,
    marking: marking(model.viewstate.selected.length, rows),
    ring: look.ink,
    picture,
    trail: Math.max(0.12, Math.min(0.9, 4 / Math.sqrt(Math.max(1, model.viewstate.selected.length)))),
  };
}

/** The steps of some rows through frames, 8 numbers each (see renderer.ts), in the colours that slots give. */
export function trailsOf(frames: readonly (Frame | null)[], rows: readonly number[], slot: (row: number) => number): Float32Array {
  const out: number[] = [];
  for (const row of rows) {
    let last: number[] | null = null;
    frames.forEach((f, i) => {
      if (!f || f.quanta[row * f.dims] === 0xffff) return;
      const here = [0, 1, 2].map((d) => (d < f.dims ? f.quanta[row * f.dims + d] * f.placement.scale + f.placement.offset[d] : 0));
      if (last) out.push(...last, ...here, i - 1, slot(row));
      last = here;
    });
  }
  return Float32Array.from(out);
}
