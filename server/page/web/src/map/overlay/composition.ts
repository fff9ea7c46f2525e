// What the renderer is given to draw: for each part of the stage its points, with their colours, flags, ground and trails.

import { matrix, type Camera, type View } from "../camera";
import { strideOf } from "../cloud";
import { inside } from "../region";
import type { Ground, Picture } from "../renderer";
import type { Pictures } from "../../data/pictures";
import type { Model } from "../../state/model";
import { groundOf, paintOf, trailsOf, type Look, type Pane } from "./scene";

/** Selected samples whose trails are drawn, at most. */
const TRAILS = 3000;

/** With more points than this, some are left out while things move. */
const SWIFT = 150_000;

/** The side of a picture in place of a point, in pixels: below the minimum, points stay points. */
const PICTURE = { min: 20, max: 56 };

const NOTHING: readonly Ground[] = [];

/** A moment of the stage: its parts, seen by a camera through a view, which come to the matrix m. */
export interface Seen {
  panes: readonly Pane[];
  camera: Camera;
  view: View;
  m: Float32Array;
}

export class Composition {
  look: Look = { ink: [0, 0, 0, 1], paper: [1, 1, 1, 1] };
  private trails: { of: unknown[]; steps: Float32Array } | null = null;
  private ground: { map: unknown; here: number; options: unknown; column: string; look: Look; of: readonly Ground[] } | null = null;
  private sight: { of: unknown[]; count: number } | null = null;
  private plain = new Uint8Array(0); // slots and flags of a sketch

  /** keep is called when arrays that were drawn are needed no longer. */
  constructor(
    private readonly model: Model,
    private readonly pictures: Pictures,
    private readonly keep: () => void,
  ) {}

  /** Forgets the trails, whose colours or positions changed. */
  forgetTrails(): void {
    this.trails = null;
  }

  /** What there is of a map whose samples, or frames, are still on their way: points without colours, each for many. */
  sketch(camera: Camera, v: View, m: Float32Array): Picture[] {
    const { model } = this;
    const f = model.frame(model.playhead.nearest) ?? model.map?.sketch;
    if (!f) return [];
    const rows = f.quanta.length / f.dims;
    if (this.plain.length !== rows) this.plain = new Uint8Array(rows);
    const paint = paintOf(model, this.look, camera, v, 0);
    const few = f === model.map?.sketch;
    return [
      {
        shot: { from: f, to: f, t: 0 },
        slots: [this.plain, this.plain],
        flags: this.plain,
        hiding: false,
        hollow: false,
        emphasis: 0,
        matrix: matrix(camera, v, m),
        paint: few ? { ...paint, radius: paint.radius * 3, rim: 0, opacity: 0.3 } : paint,
        ground: [],
        echo: null,
        trails: null,
        now: 0,
        ringed: -1,
        stride: 1,
        port: { x: 0, y: 0, width: v.width, height: v.height },
      },
    ];
  }

  /** What to draw of each part: a row ringed or -1, pictures of this side or 0, and fewer points while things move; morphing says that one map becomes another. */
  compose(s: Seen, ringed: number, side: number, moving: boolean, morphing: boolean): Picture[] {
    return s.panes.map((p) => this.picture(s, p, ringed, side, moving, morphing));
  }

  private picture(s: Seen, p: Pane, ringed: number, side: number, moving: boolean, morphing: boolean): Picture {
    const { viewstate, map, frameOf } = this.model;
    const rows = this.model.samples!.count;
    const alone = s.panes.length === 1;
    const open = p.whose === "run" ? p : s.panes[0]; // whose filters hold
    const before = viewstate.options.ghost && p.at > 0 && p.whose === "run" ? this.model.frame(p.at - 1) : null;
    return {
      shot: p.shot,
      slots: this.slots(s, p),
      flags: viewstate.flags(open.at),
      hiding: viewstate.hides(open.at),
      hollow: p.whose === "other" && viewstate.options.overlay,
      emphasis: viewstate.emphasis,
      matrix: s.m,
      paint: paintOf(this.model, this.look, s.camera, s.view, side),
      ground: alone ? this.groundNow() : NOTHING,
      echo: before === p.shot.from && before === p.shot.to ? null : before,
      trails: alone && map && !morphing && viewstate.options.trails && viewstate.selected.length > 0 ? this.trailsOfSelection(p) : null,
      now: frameOf[p.from] + (frameOf[p.to] - frameOf[p.from]) * p.shot.t,
      ringed,
      stride: moving ? Math.min(41, strideOf(rows / SWIFT)) : 1,
      port: p,
    };
  }

  /** Each row's place in the palette at the ends of a pane's shot. */
  private slots(s: Seen, p: Pane): [Uint8Array, Uint8Array] {
    const { viewstate, other } = this.model;
    if (p.whose === "run" || !other) return [viewstate.slots(p.from), viewstate.slots(p.to)];
    const by = viewstate.colourBy;
    const own = by ? viewstate.values(s.panes[0].at) : null;
    const of = (i: number) => viewstate.slotsFor(by ? other.values(by.key, i, own?.kind === "category" ? own.classes : null) : null);
    return [of(p.from), of(p.to)];
  }

  /** The ground, which is the same in every frame of a movement. */
  private groundNow(): readonly Ground[] {
    const { map, viewstate } = this.model;
    const g = this.ground;
    const here = map?.here ?? 0;
    const column = viewstate.colourBy?.key ?? "";
    if (g && g.map === map && g.here === here && g.options === viewstate.options && g.column === column && g.look === this.look) return g.of;
    const of = groundOf(this.model, this.look);
    this.ground = { map, here, options: viewstate.options, column, look: this.look, of };
    return of;
  }

  private trailsOfSelection(p: Pane): Float32Array {
    const { viewstate, map } = this.model;
    const slots = viewstate.slots(p.at);
    const of = [viewstate.selected, map, map!.loaded.length, viewstate.colourBy?.perEpoch ? viewstate.colourBy.key : slots];
    if (this.trails && this.trails.of.every((o, i) => o === of[i])) return this.trails.steps;
    const every = Math.max(1, Math.ceil(viewstate.selected.length / TRAILS));
    const rows = viewstate.selected.filter((_, i) => i % every === 0);
    this.trails = { of, steps: trailsOf(map!.frames, rows, (r) => slots[r]) };
    this.keep();
    return this.trails.steps;
  }

  /** The side of pictures in place of points; 0 while they would lie over each other. */
  side({ panes, camera, view: v, m }: Seen): number {
    const { viewstate } = this.model;
    if (!viewstate.options.pictures || panes.length > 1 || this.pictures.sheets === null) return 0;
    const { shot, at } = panes[0];
    if (camera.zoom < 1.5) return 0; // the whole map is there for its colours
    const of = [camera, shot.from, shot.to, shot.t < 0.5, v.width, v.height, viewstate.hidden(at)];
    if (!this.sight || !this.sight.of.every((o, i) => o === of[i])) {
      const frame = [
        [0, 0],
        [v.width, 0],
        [v.width, v.height],
        [0, v.height],
      ] as const;
      this.sight = { of, count: inside({ ...shot, t: shot.t < 0.5 ? 0 : 1 }, m, v, frame, viewstate.hidden(at)).length };
    }
    const side = Math.sqrt((v.width * v.height) / Math.max(1, this.sight.count)) * 0.52;
    return side < PICTURE.min ? 0 : Math.min(PICTURE.max, side);
  }

  /** The arrays that are drawn again: frames of this map, and colours and flags of what the user chose. */
  get needed(): ArrayBufferView[] {
    const { viewstate, numbers, map } = this.model;
    const kept: ArrayBufferView[] = (map?.loaded ?? []).map((f) => f.quanta);
    if (this.trails) kept.push(this.trails.steps);
    numbers.forEach((_, i) => kept.push(viewstate.slots(i), viewstate.flags(i)));
    return kept;
  }
}
