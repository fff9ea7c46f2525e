import { project, type View } from "../camera";
import { middles, type Frame } from "../cloud";
import { widthOf } from "../../picture/marks";
import { h, setText } from "../../ui/dom";
import { brief } from "../../ui/format";
import type { Model } from "../../state/model";
import type { Pane } from "./scene";
import { apart, titleOf, traits } from "../../state/settings";

/** With more classes than this their names would cover the map. */
const CLASS_LIMIT = 24;

const NONE = new Int32Array(0);

/** The width of the longest name, in pixels, and what is around its letters: as map.css has it. */
const WIDEST = 180;
const PADDING = 14;

/** The name of a class on a map. */
interface Name {
  el: HTMLElement;
  text: string;
  /** About half its width. */
  half: number;
  /** Where it is, if it has a place of its own. */
  x: number;
  y: number;
  free: boolean;
  /** Where its element is. */
  left: number;
  top: number;
  off: boolean;
}

/** The names of the classes, each in the middle of its points, moving with them, on one map or on two; and of the epochs of a grid. */
export class Labels {
  private names: Name[][] = []; // of each map, by class
  private shownOf: { values: unknown; theme: string } | null = null; // what the names were made for
  private sizes: number[] = [];
  private order: number[] = []; // of the classes, the biggest first
  private orderOf: number[] | null = null; // the sizes that it goes by
  private middlesOf = new WeakMap<Frame, { codes: Int32Array; at: Float32Array }>();
  private captions: HTMLElement[] = [];
  private readonly wanted: boolean[] = []; // of the classes, those that are not filtered away
  private readonly point = new Float32Array(3);
  private readonly pixel: [number, number] = [0, 0];

  constructor(
    private readonly layer: HTMLElement,
    private readonly captionLayer: HTMLElement,
  ) {}

  /** Colours or samples changed. */
  clear(): void {
    this.shownOf = null;
  }

  hide(): void {
    this.layer.hidden = true;
    this.captionLayer.hidden = true;
  }

  /** Moves the names to where their classes are, and names the parts of the stage where it has some. */
  update(panes: readonly Pane[], m: Float32Array, v: View, model: Model, wanted: boolean): void {
    const alone = panes.length === 1;
    this.captionLayer.hidden = alone;
    if (!alone) this.caption(panes, model);
    const placed = wanted && this.place(panes, m, v, model);
    if (this.layer.hidden === placed) this.layer.hidden = !placed;
    if (!placed) return;
    for (const names of this.names) {
      for (const n of names) {
        if (n.off === n.free) n.el.classList.toggle("off", (n.off = !n.free));
        // A tenth of a pixel is not seen.
        if (!n.free || Math.abs(n.x - n.left) + Math.abs(n.y - n.top) < 0.1) continue;
        n.left = n.x;
        n.top = n.y;
        n.el.style.transform = `translate(${n.x.toFixed(1)}px, ${n.y.toFixed(1)}px) translate(-50%, -50%)`;
      }
    }
  }

  /** The names that have a place on the stage. */
  placed(panes: readonly Pane[], m: Float32Array, v: View, model: Model): readonly { text: string; x: number; y: number }[] {
    return this.place(panes, m, v, model) ? this.names.flat().filter((n) => n.free) : [];
  }

  /** Finds the places of the names, on two maps only where they are beside each other, and reports whether there are any. */
  private place(panes: readonly Pane[], m: Float32Array, v: View, model: Model): boolean {
    const { viewstate, other } = model;
    const by = viewstate.colourBy;
    const values = viewstate.values(panes[0].at);
    const fixed = by?.kind === "category" && !by.perEpoch && values?.kind === "category" ? values : null;
    if (!fixed || fixed.classes.length < 2 || fixed.classes.length > CLASS_LIMIT) return false;
    if (panes.length > 1 && (panes[1].whose === "run" || viewstate.options.overlay)) return false;
    if (this.shownOf?.values !== fixed || this.shownOf.theme !== viewstate.theme || this.names.length !== panes.length) {
      this.shownOf = { values: fixed, theme: viewstate.theme };
      this.names = panes.map(() => brief(fixed.classes).map(nameOf));
      this.sizes = fixed.classes.map(() => 0);
      for (const c of fixed.code) if (c >= 0) this.sizes[c]++;
      this.layer.replaceChildren(...this.names.flat().map((n) => n.el));
      this.middlesOf = new WeakMap();
    }
    if (this.orderOf !== this.sizes) {
      this.orderOf = this.sizes;
      this.order = fixed.classes.map((_, c) => c).sort((i, j) => this.sizes[j] - this.sizes[i]);
    }
    const shown = viewstate.conditions.find((c) => c.column === by!.key && c.values)?.values ?? null;
    const focus = viewstate.focus && "name" in viewstate.focus ? viewstate.focus.name : null;
    for (let i = 0; i < fixed.classes.length; i++)
      this.wanted[i] = (shown === null || shown.includes(fixed.classes[i])) && (focus === null || focus === fixed.classes[i]);
    for (let i = 0; i < panes.length; i++) {
      const own = panes[i].whose === "other" ? other?.values(by!.key, panes[i].at, fixed.classes) : fixed;
      this.placeOn(this.names[i], panes[i], own?.kind === "category" ? own.code : NONE, m, v, panes.length > 1);
    }
    return true;
  }

  /** Finds the places of the names on one map, within its part of the stage where there are several. */
  private placeOn(names: Name[], { shot, x, y, width, height }: Pane, codes: Int32Array, m: Float32Array, v: View, several: boolean): void {
    const a = this.of(shot.from, codes);
    const b = this.of(shot.to, codes);
    const { order, wanted, point: p, pixel: at } = this;
    for (let i = 0; i < order.length; i++) {
      const c = order[i];
      const n = names[c];
      for (let d = 0; d < 3; d++) {
        const pa = a[c * 3 + d];
        const pb = b[c * 3 + d];
        p[d] = Number.isNaN(pa) ? pb : Number.isNaN(pb) ? pa : pa + (pb - pa) * shot.t;
      }
      project(m, v, p, at);
      n.free = !Number.isNaN(p[0]) && wanted[c];
      if (several) {
        n.free &&= at[0] > 0 && at[1] > 0 && at[0] < width && at[1] < height;
        at[0] = Math.max(n.half, Math.min(width - n.half, at[0])); // none reaches over to the other map
      }
      n.x = at[0] + x;
      n.y = at[1] + y;
      // Where two names would lie over each other, the one of the bigger class stays.
      for (let j = 0; n.free && j < i; j++) {
        const other = names[order[j]];
        if (other.free && Math.abs(other.x - n.x) <= n.half + other.half && Math.abs(other.y - n.y) <= 20) n.free = false;
      }
    }
  }

  private caption(panes: readonly Pane[], model: Model): void {
    while (this.captions.length < panes.length) {
      const el = h("span", {}, h("i")); // two maps over each other have their names at the line between
      this.captions.push(el);
      this.captionLayer.append(el);
    }
    this.captions.forEach((el, i) => {
      const p = panes[i];
      el.hidden = !p;
      if (!p) return;
      setText(el.firstElementChild as HTMLElement, this.nameOf(p, panes, model));
      el.hidden = el.textContent === "";
      el.classList.toggle("now", !model.other && p.at === model.playhead.nearest);
      el.classList.toggle("low", model.other !== null && p.y === 0);
      el.classList.toggle("line", panes.length === 2 && panes[0].y !== panes[1].y);
      el.style.left = `${p.x}px`;
      el.style.top = `${p.y}px`;
      el.style.width = `${p.width}px`;
      el.style.height = `${p.height}px`;
    });
  }

  /** What is written on a part of the stage: its epoch, and its run where there are two. */
  nameOf(p: Pane, panes: readonly Pane[], model: Model): string {
    const { other, run, numbers } = model;
    if (!other) return `Epoch ${numbers[p.at]}`;
    let names = [run?.name, other.run.name];
    if (other.wanted !== null) {
      const [a, b] = [model.map?.layout.projection, other.wanted].map((id) => model.projections.find((q) => q.projection === id));
      names = a && b ? [apart(a, b), apart(b, a)] : [a, b].map((q) => (q ? [titleOf(q), ...traits(q, [q])].join(" \u00b7 ") : "PCA"));
    }
    const open = `${names[0]} \u00b7 epoch ${numbers[panes[0].at]}`;
    const own = `${names[1]} \u00b7 epoch ${other.numbers[panes[1].at]}${other.together || other.wanted !== null ? "" : " \u00b7 on a map of its own"}`;
    if (panes[0].x !== panes[1].x || panes[0].y !== panes[1].y) return p.whose === "run" ? open : own;
    return p.whose === "run" ? `Discs: ${open}\u2003Rings: ${own}` : "";
  }

  private of(f: Frame, codes: Int32Array): Float32Array {
    let known = this.middlesOf.get(f);
    if (known?.codes !== codes) this.middlesOf.set(f, (known = { codes, at: middles(f, codes, this.names[0].length) }));
    return known.at;
  }
}

function nameOf(text: string): Name {
  const half = Math.min(WIDEST, widthOf(text, 13) * 1.06 + PADDING) / 2;
  return { el: h("span", {}, text), text, half, x: 0, y: 0, free: true, left: NaN, top: NaN, off: false };
}
