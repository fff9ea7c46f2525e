// What the user points at, selects and encloses on the map.

import { matrix } from "../camera";
import type { Keys, Tool } from "../gestures";
import { pick } from "../pick";
import { inside, type Corner } from "../region";
import type { Model } from "../../state/model";
import type { Seen } from "./composition";
import type { Pane } from "./scene";

/** How far from a point's centre the pointer still means it, in pixels. */
const REACH = { mouse: 9, touch: 22 };

export class Pointing {
  tool: Tool = "move";
  /** The row that is pointed at, or -1. */
  row = -1;
  private pointer: { x: number; y: number; reach: number; origin: Corner } | null = null;

  /** seen is what is on screen; glance asks for a frame in which the map itself stays, invalidate for a whole one. */
  constructor(
    private readonly model: Model,
    private readonly seen: () => Seen,
    private readonly invalidate: () => void,
    private readonly glance: () => void,
  ) {}

  /** Points at a row as the pointer would; -1 at none. */
  point(row: number): void {
    this.pointer = null;
    this.turn(row);
  }

  hover(x: number, y: number, origin: Corner, reach = REACH.mouse): void {
    this.pointer = { x, y, reach, origin };
    this.aim();
    this.turn(this.under());
  }

  leave(): void {
    this.point(-1);
  }

  /** Looks up anew what is under the pointer: the map has moved. */
  follow(): void {
    if (this.pointer) this.row = this.under();
  }

  /** The part of the stage in which the pointer is; null where it is in none. */
  get pane(): Pane | null {
    const { pointer } = this;
    return pointer && this.paneFrom(pointer.origin);
  }

  /** The part of the stage at a pixel, or else the first. */
  paneAt(x: number, y: number): Pane | null {
    const { panes } = this.seen();
    return panes.find((p) => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height) ?? panes[0] ?? null;
  }

  /** A click on a sample selects it, one on the ground lets the selection go; with Shift or Ctrl it adds or takes away. */
  tap(x: number, y: number, origin: Corner, keys: Keys): void {
    this.hover(x, y, origin, matchMedia("(hover: none)").matches ? REACH.touch : REACH.mouse);
    const { viewstate } = this.model;
    if (this.row >= 0) viewstate.select([this.row], keys.add ? "toggle" : keys.subtract ? "subtract" : "replace");
    else if (viewstate.options.grid && this.seen().panes.length > 1) {
      const pane = this.paneAt(x + origin[0], y + origin[1]);
      if (pane) this.model.playhead.glide(pane.at, performance.now());
      this.invalidate();
    } else if (!keys.add && !keys.subtract) viewstate.clear();
  }

  enclose(path: readonly Corner[], origin: Corner, keys: Keys): void {
    const pane = this.paneFrom(origin);
    if (!pane) return;
    this.aim();
    const { m, view } = this.seen();
    const rows = inside(pane.shot, m, view, path, this.model.viewstate.hidden(pane.at));
    // Shift begins a rectangle, so that alone it does not mean to add.
    const add = keys.add && (this.tool !== "move" || this.model.viewstate.selected.length > 0);
    this.model.viewstate.select(rows, keys.subtract ? "subtract" : add ? "add" : "replace");
  }

  private turn(row: number): void {
    if (row === this.row) return;
    this.row = row;
    this.glance();
  }

  /** The camera may have moved since the last frame. */
  private aim(): void {
    const { camera, view, m } = this.seen();
    matrix(camera, view, m);
  }

  private paneFrom(origin: Corner): Pane | null {
    return this.seen().panes.find((p) => p.x === origin[0] && p.y === origin[1]) ?? null;
  }

  private under(): number {
    const { panes, m, view } = this.seen();
    const { x, y, reach, origin } = this.pointer!;
    const pane = this.paneFrom(origin);
    const open = pane?.whose === "other" ? panes[0] : pane;
    return pane ? pick(pane.shot, m, view, x, y, reach, this.model.viewstate.hidden(open!.at)) : -1;
  }
}
