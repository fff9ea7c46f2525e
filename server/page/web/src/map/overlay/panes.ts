// Which parts the stage has at a moment, and how one map becomes another in them.

import type { Frame } from "../cloud";
import type { Model } from "../../state/model";
import { cells, moment, spread, type Pane } from "./scene";

/** How long one map takes to become another, in milliseconds. */
const MORPH = 900;

/** Pixels that the grid of epochs leaves free for what lies over the map. */
const INSET = { top: 50, right: 58 };

export class Panes {
  morph: { from: Frame; start: number } | null = null;
  private shown: Frame | null = null; // what was last on screen, for a morph to begin from

  constructor(private readonly model: Model) {}

  /** The parts of a stage of this size at this moment, or at a position of the playhead. */
  arrange(now: number, size: { width: number; height: number }, asked: number | null = null): Pane[] {
    const { playhead, viewstate, numbers } = this.model;
    const { width, height } = size;
    if (viewstate.options.grid && numbers.length > 1 && asked === null) {
      const [w, h] = [Math.max(40, width - INSET.right), Math.max(40, height - INSET.top)];
      const room = Math.max(2, Math.min(64, Math.floor((w * h) / (120 * 110))));
      const shown = spread(numbers.length, room);
      const { columns, rows } = cells(shown.length, w, h);
      return shown.flatMap((i, k) => {
        const m = moment(this.model, i);
        return m ? [{ ...m, x: ((k % columns) * w) / columns, y: INSET.top + (Math.floor(k / columns) * h) / rows, width: w / columns, height: h / rows }] : [];
      });
    }
    const m = moment(this.model, asked ?? (playhead.still ? playhead.nearest : playhead.position));
    if (!m) return [];
    const other = this.model.other ? this.beside(m) : null;
    if (other) {
      const over = viewstate.options.overlay;
      const tall = width < height * 0.9; // two maps have more room under each other
      const [w, h] = over ? [width, height] : tall ? [width, height / 2] : [width / 2, height];
      return [
        { ...m, x: 0, y: 0, width: w, height: h },
        { ...other, x: over || tall ? 0 : w, y: over || !tall ? 0 : h, width: w, height: h },
      ];
    }
    const pane: Pane = { ...m, x: 0, y: 0, width, height };
    if (!this.morph) return [pane];
    const t = (now - this.morph.start) / MORPH;
    if (t >= 1 || playhead.moving) {
      this.morph = null; // the user goes on: the new map is simply there
      return [pane];
    }
    return [{ ...pane, shot: { from: this.morph.from, to: pane.shot.t < 0.5 ? pane.shot.from : pane.shot.to, t: t * t * (3 - 2 * t) } }];
  }

  /** The other run at the epoch that is looked at. */
  private beside(m: Omit<Pane, "x" | "y" | "width" | "height">): Omit<Pane, "x" | "y" | "width" | "height"> | null {
    const { numbers } = this.model;
    const epoch = numbers[m.from] + (numbers[m.to] - numbers[m.from]) * (m.now - m.from);
    const shot = this.model.other!.shot(epoch);
    return shot && { ...shot, now: m.now, whose: "other" };
  }

  /** These parts are on screen now. */
  show(panes: readonly Pane[]): void {
    const { shot } = panes[panes.length - 1];
    this.shown = shot.t < 0.5 ? shot.from : shot.to;
  }

  /** Begins to turn what was last on screen into another map, seen in this frame, where that can be followed. */
  takeMap(next: Frame | null): void {
    const { map, playhead, viewstate } = this.model;
    const before = this.shown;
    const sameRows = before && next && before.quanta.length / before.dims === next.quanta.length / next.dims;
    const moved = before && next && (before.quanta !== next.quanta || before.placement.scale !== next.placement.scale);
    if (!map) this.shown = null;
    this.morph = sameRows && moved && !playhead.still && !playhead.moving && !viewstate.options.grid ? { from: before, start: performance.now() } : null;
  }
}
