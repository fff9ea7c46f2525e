// The map on the page: the renderer, the camera and what lies over them.

import { between, home, isHome, matrix, orbit, pan, project, scale, zoomAt, type Camera, type View } from "../camera";
import { locate, strideOf, type Frame } from "../cloud";
import { listen, type Keys, type Tool } from "../gestures";
import { pick, ready } from "../pick";
import { inside, rectangle, type Corner } from "../region";
import { Renderer, ringRadius, type Ground, type Paint, type Picture } from "../renderer";
import { Card, type Facts } from "./card";
import { Contours } from "./contours";
import { byId } from "../../ui/dom";
import { Labels } from "./labels";
import { Links } from "./links";
import type { Model } from "../../state/model";
import { rgb } from "../../ui/palette";
import type { Pictures } from "../../data/pictures";
import { describe } from "../../state/sampledetails";
import { Rings, type Within } from "./rings";
import { cells, groundOf, moment, paintOf, spread, trailsOf, type Look, type Pane } from "./scene";
import { Trail } from "./trail";

/** How long one map takes to become another, in milliseconds. */
const MORPH = 900;

/** How far from a point's centre the pointer still means it, in pixels. */
const REACH = { mouse: 9, touch: 22 };

/** Selected samples whose trails are drawn, at most. */
const TRAILS = 3000;

/** With more points than this, some are left out while things move. */
const SWIFT = 150_000;

/** Pixels that the grid of epochs leaves free for what lies over the map. */
const INSET = { top: 50, right: 58 };

/** The side of a picture in place of a point, in pixels: below the least, points stay points. */
const PICTURE = { least: 20, most: 56 };

const NOTHING: readonly Ground[] = [];

/** A moment of the map as it is drawn; canvas holds it only while it is handed over. */
export interface Snapshot {
  canvas: HTMLCanvasElement;
  panes: readonly Pane[];
  pictures: readonly Picture[];
  matrix: Float32Array;
  view: View;
  width: number;
  height: number;
  ink: string;
  faint: string;
  paper: string;
}

export class Stage {
  readonly renderer: Renderer;
  camera: Camera = home(2);
  tool: Tool = "move";
  /** The row under the pointer, or -1. */
  hovered = -1;
  /** What is drawn now. */
  panes: Pane[] = [];
  private readonly box = byId("stage");
  private readonly card: Card;
  readonly contours = new Contours();
  readonly labels = new Labels(byId("labels"), byId("captions"));
  private readonly trail = new Trail(byId("trail"));
  private readonly rings = new Rings(byId("rings"));
  private readonly links = new Links(byId("links"));
  private readonly region = byId("region").querySelector("path")!;
  private readonly m = new Float32Array(16);
  private pointer: { x: number; y: number; reach: number; origin: Corner } | null = null;
  private flight: { from: Camera; to: Camera; start: number } | null = null;
  private morph: { from: Frame; start: number } | null = null;
  private shown: Frame | null = null; // what was last on screen, for a morph to begin from
  private trails: { of: unknown[]; steps: Float32Array } | null = null;
  private ground: { map: unknown; here: number; options: unknown; column: string; look: Look; of: readonly Ground[] } | null = null;
  private sight: { of: unknown[]; count: number } | null = null;
  private soon: number | undefined;
  private readonly spot = new Float32Array(3);
  private readonly pixel: [number, number] = [0, 0];
  private atHomeOf: { camera: Camera; dims: 2 | 3; is: boolean } | null = null;
  private begun = false;
  private pointing = false;
  private readonly ring: Within = { width: 0, height: 0, round: true }; // what it is around; 0 where none is shown
  private plain = new Uint8Array(0); // slots and flags of a sketch
  private loaded = ""; // the run whose pictures were asked for
  private dims: 2 | 3 = 2; // that the camera was made for
  private kept: Camera | null = null; // from the address, until there is a map to look at
  private size = { width: 1, height: 1, density: 1 };
  private look: Look = { ink: [0, 0, 0, 1], paper: [1, 1, 1, 1] };

  /** invalidate asks for another frame soon, glance for one in which the map itself stays. What is only drawn follows the model by itself. */
  constructor(
    private readonly model: Model,
    private readonly pictures: Pictures,
    private readonly invalidate: () => void,
    private readonly glance: () => void,
  ) {
    this.card = new Card(pictures);
    this.renderer = new Renderer(byId<HTMLCanvasElement>("map"), invalidate);
    new ResizeObserver(() => this.measure()).observe(this.box);
    const watch = () => {
      const now = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
      now.addEventListener("change", () => (this.measure(), watch()), { once: true });
    };
    watch();
    this.measure();
    listen(this.box, {
      tool: () => this.tool,
      origin: (x, y) => {
        const p = this.paneAt(x, y);
        return p ? [p.x, p.y] : [0, 0];
      },
      camera: () => this.camera,
      view: () => this.view,
      move: (c) => {
        this.flight = null;
        this.camera = c;
        this.invalidate();
      },
      hover: (x, y, origin) => this.hover(x, y, REACH.mouse, origin),
      leave: () => this.leave(),
      tap: (x, y, origin, keys) => this.tap(x, y, origin, keys),
      closer: (x, y) => this.fly(zoomAt(this.camera, this.view, x, y, 2)),
      draw: (path, tool, origin) => {
        const corners = path && (tool === "rectangle" ? rectangle(path[0], path[path.length - 1]) : path);
        this.region.setAttribute("d", corners ? `M${corners.map(([x, y]) => `${(x + origin[0]).toFixed(1)} ${(y + origin[1]).toFixed(1)}`).join("L")}Z` : "");
      },
      enclose: (path, tool, origin, keys) => this.enclose(tool === "rectangle" ? rectangle(path[0], path[path.length - 1]) : path, origin, keys),
    });
    model.on(["run"], () => {
      this.hovered = -1;
      this.camera = home(this.dims);
      this.flight = null;
    });
    model.on(["samples", "colour"], () => this.repaint());
    model.on(["samples"], () => this.fetchPictures());
    model.on(["map"], () => this.takeMap());
    model.on(["frames"], () => this.renderer.upload((model.map?.loaded ?? []).map((f) => f.quanta)));
  }

  /** The window of one part of the stage. */
  get view(): View {
    const f = this.model.frame(0) ?? this.model.map?.sketch;
    const pane = this.panes[0];
    const other = this.panes[1]?.whose === "other" ? this.panes[1].shot.to.placement.extent : null;
    const extent: readonly [number, number, number] = f?.placement.extent ?? [1, 1, 1];
    return {
      width: pane?.width ?? this.size.width,
      height: pane?.height ?? this.size.height,
      dims: f?.dims ?? 2,
      extent: other ? [Math.max(extent[0], other[0]), Math.max(extent[1], other[1]), Math.max(extent[2], other[2])] : extent, // both fit
    };
  }

  setTool(t: Tool): void {
    this.tool = t;
    this.box.classList.toggle("drawing", t !== "move");
  }

  /** Looks from this camera as soon as there is a map. */
  start(c: Camera | null): void {
    this.kept = c;
  }

  /** Pictures have come. */
  renew(): void {
    this.card.renew();
    this.invalidate();
  }

  /** Colours changed. */
  repaint(): void {
    const style = getComputedStyle(document.documentElement);
    const of = (name: string): [number, number, number, number] => {
      const [r, g, b] = rgb(style.getPropertyValue(name).trim());
      return [r / 255, g / 255, b / 255, 1];
    };
    this.look = { ink: of("--ink"), paper: of("--map") };
    this.labels.clear();
    this.trails = null;
    this.invalidate();
  }

  /** Begins with WebGL, which takes a while: what is asked for before is on its way meanwhile. */
  begin(): void {
    this.begun = true;
    byId("no-webgl").hidden = this.renderer.works;
    this.invalidate();
  }

  /**
   * Draws the page's current moment, and reports whether more is to come without anybody's doing. Where only another sample
   * may be pointed at, the map is not drawn again: whole is false.
   */
  draw(now: number, whole = true): boolean {
    if (!whole && this.panes.length > 0) {
      this.mark(this.view);
      return false;
    }
    const { model } = this;
    const { choice, clock } = model;
    let moving = clock.tick(now);
    if (this.flight) {
      const t = Math.min(1, (now - this.flight.start) / 350);
      this.camera = between(this.flight.from, this.flight.to, 1 - Math.pow(1 - t, 3));
      if (t === 1) this.flight = null;
      moving = true;
    }
    this.panes = model.samples ? this.arrange(now) : [];
    if (this.panes.length === 0) {
      if (this.begun) this.renderer.draw(this.sketch(), this.size.density);
      this.card.hide();
      this.rings.hide();
      this.trail.hide();
      this.links.hide();
      this.labels.hide();
      this.contours.hide();
      return moving;
    }
    moving = moving || this.morph !== null;
    const v = this.view;
    matrix(this.camera, v, this.m);
    this.renderer.setPalette(choice.tints.palette);
    // What is pointed at stays so while it moves: it would flicker, and to look it up among many takes time.
    if (this.pointer !== null && !clock.playing && !moving) this.hovered = this.under(this.pointer);
    const picture = this.picture(v);
    this.renderer.setSheets(this.pictures.sheets);
    const pictures = this.panes.map((p) => this.pictureOf(p, v, -1, picture, moving));
    this.renderer.draw(pictures, this.size.density);
    this.fit(picture, pictures[0].paint);
    if (choice.options.contours) this.contours.draw(this.panes, this.m, v, this.size, model, getComputedStyle(this.box).color);
    else this.contours.hide();
    this.labels.update(this.panes, this.m, v, model, choice.options.names && picture === 0);
    this.mark(v);
    const { shot } = this.panes[this.panes.length - 1];
    this.shown = shot.t < 0.5 ? shot.from : shot.to;
    if (!moving) this.prepare();
    return moving;
  }

  /** Shows what lies over the map for the sample that is pointed at, or else in focus. */
  private mark(v: View): void {
    const { choice, other } = this.model;
    const { panes, pointer } = this;
    const marked = this.hovered >= 0 ? this.hovered : choice.focal;
    const alone = panes.length === 1;
    if (marked < 0 || this.ring.width === 0) this.rings.hide();
    else this.rings.show(marked, panes, this.m, v, this.ring, (p) => (p.whose === "other" && other ? choice.colourIn(other, marked, p.at) : choice.colour(marked, p.at)));
    this.describe(marked, alone ? panes[0] : (panes.find((p) => pointer && p.x === pointer.origin[0] && p.y === pointer.origin[1]) ?? null), v, alone);
    if (this.pointing !== this.hovered >= 0) this.box.classList.toggle("pointing", (this.pointing = !this.pointing));
  }

  /** Makes the ring as large as what it is around: a picture whose longer side has this length, or a disc. */
  private fit(picture: number, paint: Paint): void {
    const { ring } = this;
    const s = this.pictures.sheets;
    ring.round = picture === 0 || !s;
    ring.width = ring.height = ring.round ? 2 * ringRadius(paint) : picture;
    if (ring.round || !s) return;
    const long = Math.max(s.width, s.height);
    ring.width *= s.width / long;
    ring.height *= s.height / long;
  }

  /** Makes ready what the pointer will need, once there is time, and the pointer does not hold the slider. */
  private prepare(): void {
    clearTimeout(this.soon);
    if (this.model.clock.held) return;
    this.soon = setTimeout(() => {
      for (const { shot } of this.panes.slice(0, 1)) ready(shot);
      this.renderer.prepare();
    }, 150);
  }

  /** Shows the whole map again. */
  reset(): void {
    this.fly(home(this.view.dims));
  }

  /** Zooms around the middle. */
  zoom(factor: number): void {
    const v = this.view;
    this.fly(zoomAt(this.flight?.to ?? this.camera, v, v.width / 2, v.height / 2, factor));
  }

  /** Moves on by some steps, to the right and down; a map in three dimensions turns. */
  nudge(right: number, down: number): void {
    const v = this.view;
    const from = this.flight?.to ?? this.camera;
    this.fly(v.dims === 3 ? orbit(from, right * 25, down * 25) : pan(from, v, (-right * v.width) / 8, (-down * v.height) / 8));
  }

  /** Goes where some rows are, all of them in sight. */
  visit(rows: readonly number[]): void {
    const shot = this.panes[0]?.shot;
    if (!shot || rows.length === 0) return;
    const p = new Float32Array(3);
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (const r of rows) {
      if (!locate(shot, r, p)) continue;
      for (let d = 0; d < 3; d++) [low[d], high[d]] = [Math.min(low[d], p[d]), Math.max(high[d], p[d])];
    }
    if (low[0] > high[0]) return;
    const v = this.view;
    const one = scale({ ...this.camera, zoom: 1 }, v);
    const wide = Math.max(0.05, high[0] - low[0], v.dims === 3 ? high[2] - low[2] : 0);
    const tall = Math.max(0.05, high[1] - low[1]);
    const zoom = Math.max(0.6, Math.min(24, Math.min((v.width * 0.7) / (wide * one), (v.height * 0.7) / (tall * one))));
    this.fly({ ...this.camera, x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, z: (low[2] + high[2]) / 2, zoom });
  }

  get atHome(): boolean {
    const camera = this.flight?.to ?? this.camera;
    const { dims } = this;
    if (this.atHomeOf?.camera !== camera || this.atHomeOf.dims !== dims) this.atHomeOf = { camera, dims, is: isHome(camera, dims) };
    return this.atHomeOf.is;
  }

  /** Points at a row as the pointer would; -1 at none. */
  point(row: number): void {
    this.pointer = null;
    if (this.hovered === row) return;
    this.hovered = row;
    this.glance();
  }

  /** Where a sample is in a part of the stage now, in CSS pixels; null when it is nowhere. */
  positionOf(row: number, part = 0): [number, number] | null {
    const pane = this.model.samples ? this.arrange(performance.now())[part] : undefined;
    const p = new Float32Array(3);
    if (!pane || !locate(pane.shot, row, p)) return null;
    const v = this.view;
    const [x, y] = project(matrix(this.camera, v, new Float32Array(16)), v, p, [0, 0]);
    return [x + pane.x, y + pane.y];
  }

  /**
   * Draws what is on screen, or the one moment at a position of the playhead, without the pointer's mark, at so many device pixels per CSS pixel,
   * shows it to use, and goes back to what is on screen. False where there is nothing to draw.
   */
  snapshot(position: number | null, density: number, use: (s: Snapshot) => void): boolean {
    const { model, panes, size } = this;
    const { width, height } = size;
    const now = performance.now();
    this.panes = model.samples ? this.arrange(now, position) : [];
    const drawn = this.panes.length > 0;
    if (drawn) {
      const v = this.view;
      matrix(this.camera, v, this.m);
      this.renderer.setPalette(model.choice.tints.palette);
      this.renderer.setSheets(this.pictures.sheets);
      const picture = this.picture(v);
      const pictures = this.panes.map((p) => this.pictureOf(p, v, model.choice.focal, picture, false));
      const look = getComputedStyle(document.documentElement);
      this.renderer.resize(width, height, density);
      this.renderer.draw(pictures, density);
      use({ canvas: this.renderer.canvas, panes: this.panes, pictures, matrix: this.m, view: v, width, height, ink: look.getPropertyValue("--ink").trim(), faint: look.getPropertyValue("--ink-2").trim(), paper: look.getPropertyValue("--map").trim() });
    }
    this.panes = panes;
    this.renderer.resize(width, height, size.density);
    this.draw(now); // within the same task: nothing else is seen
    return drawn;
  }

  /** What there is of a map whose samples, or frames, are still on their way: points without colours, each for many. */
  private sketch(): Picture[] {
    const { model } = this;
    const f = model.frame(model.clock.nearest) ?? model.map?.sketch;
    if (!f) return [];
    const rows = f.quanta.length / f.dims;
    if (this.plain.length !== rows) this.plain = new Uint8Array(rows);
    const v = this.view;
    const paint = paintOf(model, this.look, this.camera, v, 0);
    const few = f === model.map?.sketch;
    this.renderer.setPalette(model.choice.tints.palette);
    return [
      {
        shot: { from: f, to: f, t: 0 },
        slots: [this.plain, this.plain],
        flags: this.plain,
        hiding: false,
        hollow: false,
        emphasis: 0,
        matrix: matrix(this.camera, v, this.m),
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

  /** The parts of the stage at this moment. */
  private arrange(now: number, asked: number | null = null): Pane[] {
    const { clock, choice, numbers } = this.model;
    const { width, height } = this.size;
    if (choice.options.grid && numbers.length > 1 && asked === null) {
      const [w, h] = [Math.max(40, width - INSET.right), Math.max(40, height - INSET.top)];
      const room = Math.max(2, Math.min(64, Math.floor((w * h) / (120 * 110))));
      const shown = spread(numbers.length, room);
      const { columns, rows } = cells(shown.length, w, h);
      return shown.flatMap((i, k) => {
        const m = moment(this.model, i);
        return m ? [{ ...m, x: ((k % columns) * w) / columns, y: INSET.top + (Math.floor(k / columns) * h) / rows, width: w / columns, height: h / rows }] : [];
      });
    }
    const m = moment(this.model, asked ?? (clock.still ? clock.nearest : clock.position));
    if (!m) return [];
    const other = this.model.other ? this.beside(m) : null;
    if (other) {
      const over = choice.options.overlay;
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
    if (t >= 1 || clock.moving) {
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

  /** Each row's place in the palette at the ends of a pane's shot. */
  private slots(p: Pane): [Uint8Array, Uint8Array] {
    const { choice, other } = this.model;
    if (p.whose === "run" || !other) return [choice.slots(p.from), choice.slots(p.to)];
    const by = choice.colourBy;
    const own = by ? choice.values(this.panes[0].at) : null;
    const of = (i: number) => choice.slotsFor(by ? other.values(by.key, i, own?.kind === "category" ? own.classes : null) : null);
    return [of(p.from), of(p.to)];
  }

  private pictureOf(p: Pane, v: View, marked: number, picture: number, moving: boolean): Picture {
    const { choice, map, frameOf } = this.model;
    const rows = this.model.samples!.count;
    const alone = this.panes.length === 1;
    const open = p.whose === "run" ? p : this.panes[0]; // whose filters hold
    const before = choice.options.ghost && p.at > 0 && p.whose === "run" ? this.model.frame(p.at - 1) : null;
    return {
      shot: p.shot,
      slots: this.slots(p),
      flags: choice.flags(open.at),
      hiding: choice.hides(open.at),
      hollow: p.whose === "other" && choice.options.overlay,
      emphasis: choice.emphasis,
      matrix: this.m,
      paint: paintOf(this.model, this.look, this.camera, v, picture),
      ground: alone ? this.groundNow() : NOTHING,
      echo: before === p.shot.from && before === p.shot.to ? null : before,
      trails: alone && map && this.morph === null && choice.options.trails && choice.selected.length > 0 ? this.trailsOfSelection(p) : null,
      now: frameOf[p.from] + (frameOf[p.to] - frameOf[p.from]) * p.shot.t,
      ringed: marked,
      stride: moving ? Math.min(41, strideOf(rows / SWIFT)) : 1,
      port: p,
    };
  }

  /** The ground, which is the same in every frame of a movement. */
  private groundNow(): readonly Ground[] {
    const { map, choice } = this.model;
    const g = this.ground;
    const here = map?.here ?? 0;
    const column = choice.colourBy?.key ?? "";
    if (g && g.map === map && g.here === here && g.options === choice.options && g.column === column && g.look === this.look) return g.of;
    const of = groundOf(this.model, this.look);
    this.ground = { map, here, options: choice.options, column, look: this.look, of };
    return of;
  }

  private trailsOfSelection(p: Pane): Float32Array {
    const { choice, map } = this.model;
    const slots = choice.slots(p.at);
    const of = [choice.selected, map, map!.loaded.length, choice.colourBy?.perEpoch ? choice.colourBy.key : slots];
    if (this.trails && this.trails.of.every((o, i) => o === of[i])) return this.trails.steps;
    const every = Math.max(1, Math.ceil(choice.selected.length / TRAILS));
    const rows = choice.selected.filter((_, i) => i % every === 0);
    this.trails = { of, steps: trailsOf(map!.frames, rows, (r) => slots[r]) };
    this.keepArrays();
    return this.trails.steps;
  }

  /** The side of pictures in place of points; 0 while they would lie over each other. */
  private picture(v: View): number {
    const { choice } = this.model;
    if (!choice.options.pictures || this.panes.length > 1 || this.pictures.sheets === null) return 0;
    const { shot, at } = this.panes[0];
    if (this.camera.zoom < 1.5) return 0; // the whole map is there for its colours
    const of = [this.camera, shot.from, shot.to, shot.t < 0.5, v.width, v.height, choice.hidden(at)];
    if (!this.sight || !this.sight.of.every((o, i) => o === of[i])) {
      const frame = [[0, 0], [v.width, 0], [v.width, v.height], [0, v.height]] as const;
      this.sight = { of, count: inside({ ...shot, t: shot.t < 0.5 ? 0 : 1 }, this.m, v, frame, choice.hidden(at)).length };
    }
    const side = Math.sqrt((v.width * v.height) / Math.max(1, this.sight.count)) * 0.52;
    return side < PICTURE.least ? 0 : Math.min(PICTURE.most, side);
  }

  private describe(row: number, pane: Pane | null, v: View, alone: boolean): void {
    const p = this.spot;
    const facts: Facts | null = row >= 0 && pane && locate(pane.shot, row, p) ? describe(this.model, row, pane.at, pane.whose === "other" ? this.model.other : null) : null;
    if (!facts || !pane) {
      this.trail.hide();
      this.card.hide();
      this.links.hide();
      return;
    }
    const at = project(this.m, v, p, this.pixel);
    if (this.morph === null && alone) this.trail.show(this.model.map?.frames ?? [], row, this.m, v, facts.colour);
    else this.trail.hide();
    const near = alone && row === this.model.choice.focal ? this.model.facts.nearest(pane.at) : null;
    if (near) this.links.show(near, row, pane.shot, this.m, v);
    else this.links.hide();
    // What is beside a wide map says more of the sample in focus than the card, which would hide its neighbours.
    if (this.hovered >= 0 || (alone && this.size.width < 560)) this.card.show(facts, at[0] + pane.x, at[1] + pane.y, this.ring.round ? 0 : this.ring.width / 2, this.size.width, this.size.height);
    else this.card.hide();
  }

  private paneAt(x: number, y: number): Pane | null {
    return this.panes.find((p) => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height) ?? this.panes[0] ?? null;
  }

  private under(at: { x: number; y: number; reach: number; origin: Corner }): number {
    const pane = this.panes.find((p) => p.x === at.origin[0] && p.y === at.origin[1]);
    const open = pane && pane.whose === "other" ? this.panes[0] : pane;
    return pane ? pick(pane.shot, this.m, this.view, at.x, at.y, at.reach, this.model.choice.hidden(open!.at)) : -1;
  }

  private hover(x: number, y: number, reach: number, origin: Corner): void {
    this.pointer = { x, y, reach, origin };
    matrix(this.camera, this.view, this.m);
    const row = this.under(this.pointer);
    if (row === this.hovered) return;
    this.hovered = row;
    this.glance();
  }

  private leave(): void {
    this.pointer = null;
    if (this.hovered < 0) return;
    this.hovered = -1;
    this.glance();
  }

  /** A click on a sample selects it, one on the ground lets the selection go; with Shift or Ctrl it adds or takes away. */
  private tap(x: number, y: number, origin: Corner, keys: Keys): void {
    this.hover(x, y, matchMedia("(hover: none)").matches ? REACH.touch : REACH.mouse, origin);
    const { choice } = this.model;
    if (this.hovered >= 0) choice.select([this.hovered], keys.add ? "toggle" : keys.subtract ? "subtract" : "replace");
    else if (choice.options.grid && this.panes.length > 1) {
      const pane = this.paneAt(x + origin[0], y + origin[1]);
      if (pane) this.model.clock.glide(pane.at, performance.now());
      this.invalidate();
    } else if (!keys.add && !keys.subtract) choice.clear();
  }

  private enclose(path: readonly Corner[], origin: Corner, keys: Keys): void {
    const pane = this.panes.find((p) => p.x === origin[0] && p.y === origin[1]);
    if (!pane) return;
    matrix(this.camera, this.view, this.m);
    const rows = inside(pane.shot, this.m, this.view, path, this.model.choice.hidden(pane.at));
    // Shift begins a rectangle, so that alone it does not mean to add.
    const add = keys.add && (this.tool !== "move" || this.model.choice.selected.length > 0);
    this.model.choice.select(rows, keys.subtract ? "subtract" : add ? "add" : "replace");
  }

  private fly(to: Camera): void {
    if (this.model.clock.still) this.camera = to;
    else this.flight = { from: this.camera, to, start: performance.now() };
    this.invalidate();
  }

  private takeMap(): void {
    const { map, clock } = this.model;
    const next = this.model.frame(clock.nearest);
    const before = this.shown;
    const sameRows = before && next && before.quanta.length / before.dims === next.quanta.length / next.dims;
    const moved = before && next && (before.quanta !== next.quanta || before.placement.scale !== next.placement.scale);
    if (next) {
      const what = next.dims === 3 ? "Turn the map; the right button or two fingers move it" : "Move the map";
      const tool = byId("tool-move");
      tool.setAttribute("aria-label", what);
      tool.title = `${what} (V, or Shift and arrow keys)`;
    }
    const { dims } = next ?? map?.sketch ?? { dims: this.dims };
    if (dims !== this.dims) {
      this.dims = dims;
      this.camera = home(dims);
      this.flight = null;
    }
    if ((next || map?.sketch) && this.kept) {
      this.camera = this.kept;
      this.kept = null;
    }
    if (!map) this.shown = null;
    this.trails = null;
    this.morph = sameRows && moved && !clock.still && !clock.moving && !this.model.choice.options.grid ? { from: before, start: performance.now() } : null;
    this.fetchPictures();
    if (map) this.renderer.upload(map.loaded.map((f) => f.quanta));
    this.keepArrays();
    this.invalidate();
  }

  /** The pictures wait until the map is there. */
  private fetchPictures(): void {
    const { map, run, samples } = this.model;
    if (!map || !run || !samples || this.loaded === `${run.id} ${samples.count}`) return;
    this.loaded = `${run.id} ${samples.count}`;
    this.pictures.load(run.id, samples.sprite);
    this.card.renew();
  }

  /** Lets go of what is on the GPU and no longer needed: frames of other maps, colours and flags of another choice. */
  private keepArrays(): void {
    const { choice, numbers } = this.model;
    const kept: ArrayBufferView[] = (this.model.map?.loaded ?? []).map((f) => f.quanta);
    if (this.morph) kept.push(this.morph.from.quanta);
    if (this.trails) kept.push(this.trails.steps);
    numbers.forEach((_, i) => kept.push(choice.slots(i), choice.flags(i)));
    if (this.begun) this.renderer.keep(kept);
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    this.size = { width: Math.max(1, width), height: Math.max(1, height), density: Math.min(3, devicePixelRatio || 1) };
    this.renderer.resize(width, height, this.size.density);
    this.invalidate();
  }
}
