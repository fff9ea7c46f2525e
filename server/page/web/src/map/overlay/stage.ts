// The map on the page: the renderer, the camera and what lies over them.

import { matrix, project, zoomAt, type Camera, type View } from "../camera";
import { locate } from "../cloud";
import { listen, type Tool } from "../gestures";
import { ready } from "../pick";
import { outline, rectangle } from "../region";
import { Renderer, type Picture } from "../renderer";
import type { Pictures } from "../../data/pictures";
import type { Model } from "../../state/model";
import { byId } from "../../ui/dom";
import { rgb } from "../../ui/palette";
import { Composition, type Seen } from "./composition";
import { Contours } from "./contours";
import { Labels } from "./labels";
import { Panes } from "./panes";
import { Pointing } from "./pointing";
import type { Pane } from "./scene";
import { Spotlight } from "./spotlight";
import { Viewpoint } from "./viewpoint";

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
  /** What is drawn now. */
  panes: readonly Pane[] = [];
  private readonly box = byId("stage");
  readonly contours = new Contours();
  readonly labels = new Labels(byId("labels"), byId("captions"));
  private readonly region = byId("region").querySelector("path")!;
  private readonly viewpoint: Viewpoint;
  private readonly parts: Panes;
  private readonly composition: Composition;
  private readonly pointing: Pointing;
  private readonly spotlight: Spotlight;
  private readonly m = new Float32Array(16);
  private soon: number | undefined;
  private begun = false;
  private marked = false; // whether the stage is drawn as one on which a sample is pointed at
  private loaded = ""; // the run whose pictures were asked for
  private size = { width: 1, height: 1, density: 1 };

  /** invalidate asks for another frame soon, glance for one in which the map itself stays. What is only drawn follows the model by itself. */
  constructor(
    private readonly model: Model,
    private readonly pictures: Pictures,
    private readonly invalidate: () => void,
    glance: () => void,
  ) {
    this.renderer = new Renderer(byId<HTMLCanvasElement>("map"), invalidate);
    this.viewpoint = new Viewpoint(
      () => model.playhead.still,
      () => this.view,
      invalidate,
    );
    this.parts = new Panes(model);
    this.composition = new Composition(model, pictures, () => this.keepArrays());
    this.pointing = new Pointing(model, () => this.seen, invalidate, glance);
    this.spotlight = new Spotlight(model, pictures, this.pointing);
    new ResizeObserver(() => this.measure()).observe(this.box);
    const watch = () => {
      const now = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
      now.addEventListener("change", () => (this.measure(), watch()), { once: true });
    };
    watch();
    this.measure();
    this.listen();
    model.on(["run"], () => {
      this.pointing.row = -1;
      this.viewpoint.home();
    });
    model.on(["samples", "colour"], () => this.repaint());
    model.on(["samples"], () => this.fetchPictures());
    model.on(["map"], () => this.takeMap());
    model.on(["frames"], () => this.renderer.upload((model.map?.loaded ?? []).map((f) => f.quanta)));
  }

  /** Follows the pointer, the fingers and the wheel. */
  private listen(): void {
    const { viewpoint, pointing } = this;
    listen(this.box, {
      tool: () => pointing.tool,
      origin: (x, y) => {
        const p = pointing.paneAt(x, y);
        return p ? [p.x, p.y] : [0, 0];
      },
      camera: () => viewpoint.camera,
      view: () => this.view,
      move: (c) => {
        viewpoint.set(c);
        this.invalidate();
      },
      hover: (x, y, origin) => pointing.hover(x, y, origin),
      leave: () => pointing.leave(),
      tap: (x, y, origin, keys) => pointing.tap(x, y, origin, keys),
      closer: (x, y) => viewpoint.fly(zoomAt(viewpoint.camera, this.view, x, y, 2)),
      draw: (path, tool, origin) => {
        const corners = path && (tool === "rectangle" ? rectangle(path[0], path[path.length - 1]) : path);
        this.region.setAttribute("d", corners ? outline(corners, origin) : "");
      },
      enclose: (path, tool, origin, keys) => pointing.enclose(tool === "rectangle" ? rectangle(path[0], path[path.length - 1]) : path, origin, keys),
    });
  }

  get camera(): Camera {
    return this.viewpoint.camera;
  }

  /** The row under the pointer, or -1. */
  get hovered(): number {
    return this.pointing.row;
  }

  /** The map that becomes another one; null while none does. */
  get morph(): unknown {
    return this.parts.morph;
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

  private get seen(): Seen {
    return { panes: this.panes, camera: this.camera, view: this.view, m: this.m };
  }

  setTool(t: Tool): void {
    this.pointing.tool = t;
    this.box.classList.toggle("drawing", t !== "move");
  }

  /** Looks from this camera as soon as there is a map. */
  start(c: Camera | null): void {
    this.viewpoint.start(c);
  }

  /** Pictures have come. */
  renew(): void {
    this.spotlight.renew();
    this.invalidate();
  }

  /** Colours changed. */
  repaint(): void {
    const style = getComputedStyle(document.documentElement);
    const of = (name: string): [number, number, number, number] => {
      const [r, g, b] = rgb(style.getPropertyValue(name).trim());
      return [r / 255, g / 255, b / 255, 1];
    };
    this.composition.look = { ink: of("--ink"), paper: of("--map") };
    this.labels.clear();
    this.composition.forgetTrails();
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
      this.mark(this.seen);
      return false;
    }
    const { model, composition, parts } = this;
    const { viewstate, playhead } = model;
    let moving = playhead.tick(now);
    if (this.viewpoint.tick(now)) moving = true;
    this.panes = model.samples ? parts.arrange(now, this.size) : [];
    if (this.panes.length === 0) {
      if (this.begun) this.renderer.draw(this.sketch(), this.size.density);
      this.hide();
      return moving;
    }
    moving = moving || parts.morph !== null;
    const { seen } = this;
    const v = seen.view;
    matrix(seen.camera, v, this.m);
    this.renderer.setPalette(viewstate.tints.palette);
    // What is pointed at stays so while it moves: it would flicker, and to look it up among many takes time.
    if (!playhead.playing && !moving) this.pointing.follow();
    const side = composition.side(seen);
    this.renderer.setSheets(this.pictures.sheets);
    const pictures = composition.compose(seen, -1, side, moving, parts.morph !== null);
    this.renderer.draw(pictures, this.size.density);
    this.spotlight.fit(side, pictures[0].paint);
    if (viewstate.options.contours) this.contours.draw(this.panes, this.m, v, this.size, model, getComputedStyle(this.box).color);
    else this.contours.hide();
    this.labels.update(this.panes, this.m, v, model, viewstate.options.names && side === 0);
    this.mark(seen);
    parts.show(this.panes);
    if (!moving) this.prepare();
    return moving;
  }

  /** Points without colours, while samples or frames are on their way. */
  private sketch(): Picture[] {
    const pictures = this.composition.sketch(this.camera, this.view, this.m);
    if (pictures.length > 0) this.renderer.setPalette(this.model.viewstate.tints.palette);
    return pictures;
  }

  /** Hides what lies over the map. */
  private hide(): void {
    for (const over of [this.spotlight, this.labels, this.contours]) over.hide();
  }

  /** Shows what lies over the map for the sample that is pointed at, or else in focus. */
  private mark(seen: Seen): void {
    this.spotlight.update(seen, this.size, this.parts.morph !== null);
    if (this.marked !== this.hovered >= 0) this.box.classList.toggle("pointing", (this.marked = !this.marked));
  }

  /** Makes ready what the pointer will need, once there is time, and the pointer does not hold the slider. */
  private prepare(): void {
    clearTimeout(this.soon);
    if (this.model.playhead.held) return;
    this.soon = setTimeout(() => {
      for (const { shot } of this.panes.slice(0, 1)) ready(shot);
      this.renderer.prepare();
    }, 150);
  }

  /** Shows the whole map again. */
  reset(): void {
    this.viewpoint.reset();
  }

  /** Zooms around the middle. */
  zoom(factor: number): void {
    this.viewpoint.zoom(factor);
  }

  /** Moves on by some steps, to the right and down; a map in three dimensions turns. */
  nudge(right: number, down: number): void {
    this.viewpoint.nudge(right, down);
  }

  /** Goes where some rows are, all of them in sight. */
  visit(rows: readonly number[]): void {
    const shot = this.panes[0]?.shot;
    if (shot && rows.length > 0) this.viewpoint.visit(rows, shot);
  }

  get atHome(): boolean {
    return this.viewpoint.atHome;
  }

  /** Points at a row as the pointer would; -1 at none. */
  point(row: number): void {
    this.pointing.point(row);
  }

  /** Where a sample is in a part of the stage now, in CSS pixels; null when it is nowhere. */
  positionOf(row: number, part = 0): [number, number] | null {
    const pane = this.model.samples ? this.parts.arrange(performance.now(), this.size)[part] : undefined;
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
    this.panes = model.samples ? this.parts.arrange(now, size, position) : [];
    const drawn = this.panes.length > 0;
    if (drawn) {
      const { seen } = this;
      matrix(seen.camera, seen.view, this.m);
      this.renderer.setPalette(model.viewstate.tints.palette);
      this.renderer.setSheets(this.pictures.sheets);
      const pictures = this.composition.compose(seen, model.viewstate.focal, this.composition.side(seen), false, this.parts.morph !== null);
      const look = getComputedStyle(document.documentElement);
      this.renderer.resize(width, height, density);
      this.renderer.draw(pictures, density);
      use({
        canvas: this.renderer.canvas,
        panes: this.panes,
        pictures,
        matrix: this.m,
        view: seen.view,
        width,
        height,
        ink: look.getPropertyValue("--ink").trim(),
        faint: look.getPropertyValue("--ink-2").trim(),
        paper: look.getPropertyValue("--map").trim(),
      });
    }
    this.panes = panes;
    this.renderer.resize(width, height, size.density);
    this.draw(now); // within the same task: nothing else is seen
    return drawn;
  }

  private takeMap(): void {
    const { map, playhead } = this.model;
    const next = this.model.frame(playhead.nearest);
    if (next) {
      const what = next.dims === 3 ? "Turn the map; the right button or two fingers move it" : "Move the map";
      const tool = byId("tool-move");
      tool.setAttribute("aria-label", what);
      tool.title = `${what} (V, or Shift and arrow keys)`;
    }
    const seen = next ?? map?.sketch;
    if (seen) this.viewpoint.takeMap(seen.dims);
    this.composition.forgetTrails();
    this.parts.takeMap(next);
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
    this.spotlight.renew();
  }

  /** Lets go of what is on the GPU and no longer needed: frames of other maps, colours and flags of another selection. */
  private keepArrays(): void {
    const kept = this.composition.needed;
    const { morph } = this.parts;
    if (morph) kept.push(morph.from.quanta);
    if (this.begun) this.renderer.keep(kept);
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    this.size = { width: Math.max(1, width), height: Math.max(1, height), density: Math.min(3, devicePixelRatio || 1) };
    this.renderer.resize(width, height, this.size.density);
    this.invalidate();
  }
}
