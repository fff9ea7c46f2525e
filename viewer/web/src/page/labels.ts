import { project, type View } from "../map/camera";
import { middles, type Frame, type Shot } from "../map/cloud";
import { h } from "./dom";
import { colour, type Theme } from "./palette";

/** With more classes than this their names would cover the map. */
const MOST = 24;

/** The names of the classes, each in the middle of its points, moving with them. */
export class Labels {
  private names: HTMLElement[] = [];
  private classOf: Int32Array = new Int32Array(0);
  private readonly cache = new WeakMap<Frame, Float32Array>();
  private sizes: number[] = [];

  constructor(private readonly layer: HTMLElement) {}

  /** Sets the classes, in the order of their numbers, and each row's class. */
  set(classes: readonly string[], classOf: Int32Array, theme: Theme): void {
    this.classOf = classOf;
    const shown = classes.length >= 2 && classes.length <= MOST ? classes : [];
    this.names = shown.map((name, i) => {
      const el = h("span", {}, name);
      el.style.setProperty("--c", colour(i, theme));
      return el;
    });
    this.sizes = shown.map((_, c) => classOf.reduce((n, k) => n + (k === c ? 1 : 0), 0));
    this.layer.replaceChildren(...this.names);
  }

  /** Moves the names to where their classes are in a shot; visible says which classes are shown. */
  update(s: Shot, m: Float32Array, v: View, visible: (c: number) => boolean): void {
    if (this.names.length === 0) return;
    const a = this.of(s.from);
    const b = this.of(s.to);
    const taken: [number, number][] = [];
    const at: [number, number] = [0, 0];
    const p = [0, 0, 0];
    const order = this.names.map((_, c) => c).sort((i, j) => this.sizes[j] - this.sizes[i]);
    for (const c of order) {
      for (let d = 0; d < 3; d++) {
        const [pa, pb] = [a[c * 3 + d], b[c * 3 + d]];
        p[d] = Number.isNaN(pa) ? pb : Number.isNaN(pb) ? pa : pa + (pb - pa) * s.t;
      }
      const el = this.names[c];
      project(m, v, p, at);
      // Where two names would lie over each other, the one of the bigger class stays.
      const free = !Number.isNaN(p[0]) && visible(c) && taken.every(([x, y]) => Math.abs(x - at[0]) > 22 || Math.abs(y - at[1]) > 20);
      el.classList.toggle("off", !free);
      if (!free) continue;
      taken.push([at[0], at[1]]);
      el.style.transform = `translate(${at[0].toFixed(1)}px, ${at[1].toFixed(1)}px) translate(-50%, -50%)`;
    }
  }

  private of(f: Frame): Float32Array {
    let m = this.cache.get(f);
    if (!m) this.cache.set(f, (m = middles(f, this.classOf, this.names.length)));
    return m;
  }
}
