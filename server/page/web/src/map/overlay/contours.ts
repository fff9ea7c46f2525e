import type { View } from "../camera";
import { contour, density, LEVELS, peak } from "../density";
import { byId } from "../../ui/dom";
import type { Model } from "../../state/model";
import type { Pane } from "./scene";

/** With more classes than this, their lines would be a tangle: all points together have one set. */
const CLASS_LIMIT = 16;

export const WIDTH = 1.25;

/** Lines of equal density over the map, a set for each class. */
export class Contours {
  private readonly canvas = byId<HTMLCanvasElement>("contours");
  private clean = true;
  private drawn: unknown[] = [];
  /** How many classes have lines, for tests. */
  sets = 0;

  hide(): void {
    this.drawn = [];
    if (this.clean) return;
    this.canvas.width = this.canvas.width; // which empties it
    this.clean = true;
    this.sets = 0;
  }

  draw(panes: readonly Pane[], m: Float32Array, v: View, size: { width: number; height: number; density: number }, model: Model, ink: string): void {
    const { viewstate } = model;
    const key = [
      ...m,
      size.width,
      size.height,
      viewstate.theme,
      viewstate.tints,
      ...panes.flatMap((p) => [p.shot.from, p.shot.to, p.shot.t, viewstate.hidden(p.at), viewstate.values(p.at)]),
    ];
    if (this.drawn.length === key.length && this.drawn.every((o, i) => o === key[i])) return;
    this.drawn = key;
    const c = this.canvas;
    c.width = Math.round(size.width * size.density);
    c.height = Math.round(size.height * size.density);
    const g = c.getContext("2d")!;
    this.clean = false;
    this.sets = 0;
    const sets = lines(panes, m, v, model, ink);
    this.sets = sets.length;
    for (const { pane: p, colour, levels } of sets) {
      g.save();
      g.setTransform(size.density, 0, 0, size.density, p.x * size.density, p.y * size.density);
      g.beginPath();
      g.rect(0, 0, p.width, p.height);
      g.clip();
      g.lineWidth = WIDTH;
      g.strokeStyle = colour;
      for (const { opacity, segments: s } of levels) {
        g.globalAlpha = opacity;
        g.beginPath();
        for (let k = 0; k < s.length; k += 4) {
          g.moveTo(s[k], s[k + 1]);
          g.lineTo(s[k + 2], s[k + 3]);
        }
        g.stroke();
      }
      g.restore();
    }
  }
}

/** The lines of one class in a part of the stage, level by level: segments x1, y1, x2, y2 in that part. */
export interface Lines {
  pane: Pane;
  colour: string;
  levels: { opacity: number; segments: ArrayLike<number> }[];
}

/** Finds the lines of equal density in parts of the stage. */
export function lines(panes: readonly Pane[], m: Float32Array, v: View, model: Model, ink: string): Lines[] {
  const { viewstate } = model;
  const out: Lines[] = [];
  for (const pane of panes) {
    const values = viewstate.values(pane.at);
    const split = values?.kind === "category" && values.classes.length <= CLASS_LIMIT ? values : null;
    const d = density(pane.shot, m, v, split?.code ?? null, split?.classes.length ?? 1, viewstate.hidden(pane.at), panes.length > 1 ? 5 : 8);
    d.layers.forEach((layer, code) => {
      const highest = peak(layer);
      if (highest < 0.05) return; // a few strays have no contour
      out.push({
        pane,
        colour: split ? viewstate.tints.ofClass(code) : ink,
        levels: LEVELS.map((share, i) => ({ opacity: 0.45 + 0.2 * i, segments: contour(d, layer, share * highest) })),
      });
    });
  }
  return out;
}
