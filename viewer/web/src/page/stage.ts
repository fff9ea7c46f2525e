// The map on the page: the renderer, the camera and what lies over them.

import { between, home, isHome, matrix, project, scale, zoomAt, type Camera, type View } from "../map/camera";
import { ease } from "../map/clock";
import { locate, type Frame, type Shot } from "../map/cloud";
import { listen } from "../map/gestures";
import { pick } from "../map/pick";
import { FLAG, Renderer, type Paint, type RGBA } from "../map/renderer";
import { Card, type Facts } from "./card";
import type { Sprite } from "../data/api";
import { byId } from "./dom";
import { Labels } from "./labels";
import type { Model } from "./model";
import { colour, rgb, slot, texture, unlabelled } from "./palette";
import { theme } from "./theme";
import { Trail } from "./trail";

/** How long one map takes to become another, in milliseconds. */
const MORPH = 900;

/** Points drawn as ground under the map, at most. */
const TERRAIN = 100_000;

/** How far from a point's centre the pointer still means it, in pixels. */
const REACH = { mouse: 9, touch: 22 };

export class Stage {
  readonly renderer: Renderer;
  camera: Camera = home(2);
  /** The row under the pointer, or -1. */
  hovered = -1;
  /** The row that a click keeps in view, or -1. */
  pinned = -1;
  private readonly box = byId("stage");
  private readonly card = new Card();
  private readonly labels = new Labels(byId("labels"));
  private readonly trail = new Trail(byId("trail"));
  private readonly m = new Float32Array(16);
  private flags = new Uint8Array(0);
  private pointer: { x: number; y: number; reach: number } | null = null;
  private flight: { from: Camera; to: Camera; start: number } | null = null;
  private morph: { from: Frame; start: number } | null = null;
  private shown: Frame | null = null; // what was last on screen, for a morph to begin from
  private pictures: Sprite | null = null; // still to be fetched
  private dims: 2 | 3 = 2; // that the camera was made for
  private size = { width: 1, height: 1, density: 1 };
  private css = { ink: [0, 0, 0, 1] as RGBA, paper: [1, 1, 1, 1] as RGBA };

  /** invalidate asks for another frame soon. */
  constructor(
    private readonly model: Model,
    private readonly invalidate: () => void,
  ) {
    this.renderer = new Renderer(byId<HTMLCanvasElement>("map"), invalidate);
    byId("no-webgl").hidden = this.renderer.works;
    new ResizeObserver(() => this.measure()).observe(this.box);
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => this.measure());
    this.measure();
    listen(this.box, {
      camera: () => this.camera,
      view: () => this.view,
      move: (c) => {
        this.flight = null;
        this.camera = c;
        this.invalidate();
      },
      hover: (x, y) => this.hover(x, y, REACH.mouse),
      leave: () => this.leave(),
      tap: (x, y) => {
        this.hover(x, y, matchMedia("(hover: none)").matches ? REACH.touch : REACH.mouse);
        this.pinned = this.hovered === this.pinned ? -1 : this.hovered;
        this.invalidate();
      },
      closer: (x, y) => this.fly(zoomAt(this.camera, this.view, x, y, 2)),
    });
    model.on(["samples", "run"], () => this.takeSamples());
    model.on(["filter"], () => this.takeFilter());
    model.on(["map"], () => this.takeMap());
    model.on(["frames"], () => {
      this.renderer.upload(model.map?.loaded ?? []);
      this.invalidate();
    });
    model.on(["outputs"], invalidate);
  }

  get view(): View {
    const f = this.model.frame(0);
    return {
      width: this.size.width,
      height: this.size.height,
      dims: f?.dims ?? 2,
      extent: f?.placement.extent ?? [1, 1, 1],
    };
  }

  /** Colours changed. */
  repaint(): void {
    const style = getComputedStyle(document.documentElement);
    const of = (name: string): RGBA => {
      const [r, g, b] = rgb(style.getPropertyValue(name).trim());
      return [r / 255, g / 255, b / 255, 1];
    };
    this.css = { ink: of("--ink"), paper: of("--map") };
    const classes = this.model.samples?.classes ?? [];
    this.renderer.setPalette(texture(classes.length, theme()));
    this.labels.set(classes, this.model.classOf, theme());
    this.invalidate();
  }

  /** Draws the page's current moment, and reports whether more is to come without anybody's doing. */
  draw(now: number): boolean {
    let moving = this.model.clock.tick(now);
    if (this.flight) {
      const t = Math.min(1, (now - this.flight.start) / 350);
      this.camera = between(this.flight.from, this.flight.to, 1 - Math.pow(1 - t, 3));
      if (t === 1) this.flight = null;
      moving = true;
    }
    const shot = this.shot(now);
    if (!shot || !this.model.samples) {
      this.renderer.clear();
      this.card.hide();
      this.trail.hide();
      return moving;
    }
    moving = moving || this.morph !== null;
    const v = this.view;
    matrix(this.camera, v, this.m);
    const stale = this.pointer !== null && !this.model.clock.playing;
    if (stale) this.hovered = pick(shot, this.m, v, this.pointer!.x, this.pointer!.y, this.pointer!.reach, this.flags);
    const marked = this.hovered >= 0 ? this.hovered : this.pinned;
    this.renderer.draw({ shot, matrix: this.m, paint: this.paint(v), terrain: this.terrain, ringed: marked }, this.size.density);
    const filter = this.model.filter;
    this.labels.update(shot, this.m, v, (c) => (filter.size === 0 || filter.has(c)) && (this.model.focus === null || this.model.focus === c));
    this.describe(marked, shot, v);
    this.box.classList.toggle("pointing", this.hovered >= 0);
    this.shown = shot.t < 0.5 ? shot.from : shot.to;
    return moving;
  }

  /** Shows the whole map again. */
  reset(): void {
    this.fly(home(this.view.dims));
  }

  /** Zooms around the middle. */
  zoom(factor: number): void {
    this.fly(zoomAt(this.flight?.to ?? this.camera, this.view, this.size.width / 2, this.size.height / 2, factor));
  }

  get atHome(): boolean {
    return isHome(this.flight?.to ?? this.camera, this.view.dims);
  }

  unpin(): void {
    this.pinned = -1;
    this.invalidate();
  }

  /** Where a sample is on the stage now, in CSS pixels; null when it is nowhere. */
  positionOf(row: number): [number, number] | null {
    const s = this.shot(performance.now());
    const p = new Float32Array(3);
    if (!s || !locate(s, row, p)) return null;
    const v = this.view;
    return project(matrix(this.camera, v, new Float32Array(16)), v, p, [0, 0]);
  }

  private shot(now: number): Shot | null {
    const { clock } = this.model;
    const position = clock.still ? clock.nearest : clock.position;
    const low = Math.floor(position);
    const a = this.model.frame(low);
    const b = this.model.frame(Math.min(low + 1, this.model.numbers.length - 1));
    if (!a || !b) return null;
    const shot = { from: a, to: b, t: a === b ? 0 : ease(position - low) };
    if (!this.morph) return shot;
    const t = (now - this.morph.start) / MORPH;
    if (t >= 1 || clock.moving) {
      this.morph = null; // the user goes on: the new map is simply there
      return shot;
    }
    return { from: this.morph.from, to: shot.t < 0.5 ? a : b, t: t * t * (3 - 2 * t) };
  }

  /** Frames of all epochs, or evenly some of them when there are many points. */
  private get terrain(): readonly Frame[] {
    const frames = this.model.map?.loaded ?? [];
    if (frames.length < 2) return [];
    const most = Math.max(2, Math.floor(TERRAIN / (frames[0].quanta.length / frames[0].dims)));
    const every = Math.ceil(frames.length / most);
    return frames.filter((_, i) => i % every === 0);
  }

  private paint(v: View): Paint {
    const rows = Math.max(1, this.model.samples?.ids.length ?? 1);
    const room = Math.sqrt((v.width * v.height) / rows); // pixels that each point has, along a side
    const radius = Math.min(5, Math.max(1.1, room * 0.155)) * Math.pow(scale(this.camera, v) / scale(home(v.dims), v), 0.28);
    const [r, g, b] = this.css.ink;
    return {
      radius: Math.min(9, radius),
      rim: radius > 2 ? 0.6 : 0,
      rimColour: this.css.paper,
      ghost: [r, g, b, 0.07],
      terrain: [r, g, b, Math.max(0.008, Math.min(0.022, 0.22 / Math.max(1, this.terrain.length)))],
      fade: 0.13,
      ring: this.css.ink,
    };
  }

  private describe(row: number, shot: Shot, v: View): void {
    const p = new Float32Array(3);
    const { samples, clock, numbers } = this.model;
    if (row < 0 || !samples || !locate(shot, row, p)) {
      this.trail.hide();
      this.card.hide();
      return;
    }
    const at = project(this.m, v, p, [0, 0]);
    const i = clock.nearest;
    const out = this.model.outputs(i);
    const label = samples.label[row];
    const tint = label < 0 ? unlabelled(samples.classes.length, theme()) : colour(label, theme());
    if (this.morph === null) this.trail.show(this.model.map?.frames ?? [], row, this.m, v, tint);
    else this.trail.hide();
    const facts: Facts = {
      row,
      id: samples.ids[row],
      label: label < 0 ? null : samples.classes[label],
      labelColour: tint,
      epoch: numbers[i],
      prediction: out === null ? undefined : out.prediction && out.prediction[row] >= 0 ? out.classes[out.prediction[row]] : null,
      confidence: out?.confidence?.[row] ?? null,
      loss: out?.loss?.[row] ?? null,
    };
    this.card.show(facts, at[0], at[1], v.width, v.height);
  }

  private hover(x: number, y: number, reach: number): void {
    this.pointer = { x, y, reach };
    const shot = this.shot(performance.now());
    if (!shot) return;
    const v = this.view;
    const row = pick(shot, matrix(this.camera, v, this.m), v, x, y, reach, this.flags);
    if (row !== this.hovered) {
      this.hovered = row;
      this.invalidate();
    }
  }

  private leave(): void {
    this.pointer = null;
    if (this.hovered < 0) return;
    this.hovered = -1;
    this.invalidate();
  }

  private fly(to: Camera): void {
    if (this.model.clock.still) this.camera = to;
    else this.flight = { from: this.camera, to, start: performance.now() };
    this.invalidate();
  }

  private takeSamples(): void {
    const s = this.model.samples;
    this.hovered = this.pinned = -1;
    this.renderer.setCategories(Uint8Array.from(this.model.classOf, slot));
    this.card.load("", null, this.invalidate); // the pictures wait until the map is there
    this.pictures = s?.sprite ?? null;
    this.takeFilter();
    this.repaint();
  }

  private takeFilter(): void {
    const { filter, focus, classOf } = this.model;
    this.flags = Uint8Array.from(classOf, (c) => (filter.size > 0 && !filter.has(c) ? FLAG.hidden : 0) | (focus === c ? FLAG.focused : 0));
    this.renderer.setFlags(this.flags);
    this.invalidate();
  }

  private takeMap(): void {
    const { map, clock } = this.model;
    const next = this.model.frame(clock.nearest);
    const before = this.shown;
    const sameRows = before && next && before.quanta.length / before.dims === next.quanta.length / next.dims;
    const moved = before && next && (before.quanta !== next.quanta || before.placement.scale !== next.placement.scale);
    if (next && next.dims !== this.dims) {
      this.dims = next.dims;
      this.camera = home(next.dims);
      this.flight = null;
    }
    if (!map) this.shown = null;
    this.morph = sameRows && moved && !clock.still && !clock.moving ? { from: before, start: performance.now() } : null;
    if (map && this.pictures && this.model.run) {
      this.card.load(this.model.run.id, this.pictures, this.invalidate);
      this.pictures = null;
    }
    this.renderer.upload(map?.loaded ?? []);
    this.renderer.keep([...(map?.loaded ?? []), ...(this.morph ? [this.morph.from] : [])]);
    this.invalidate();
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    this.size = { width: Math.max(1, width), height: Math.max(1, height), density: Math.min(3, devicePixelRatio || 1) };
    this.renderer.resize(width, height, this.size.density);
    this.invalidate();
  }
}
