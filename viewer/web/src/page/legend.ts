import type { Outputs } from "../data/api";
import { byId, h, setText } from "./dom";
import { count, percent } from "./format";
import type { Model } from "./model";
import { colour, grey } from "./palette";
import { theme } from "./theme";

/** Rows of the legend before it says how many more there are. */
const MOST = 200;

/** The classes with their colours; a click shows one alone, further clicks add. */
export class Legend {
  private readonly list = byId("legend");
  private readonly title = byId("legend-title");
  private readonly all = byId<HTMLButtonElement>("show-all");
  private rows: { c: number; el: HTMLButtonElement; share: HTMLElement }[] = [];
  private sizes = new Map<number, number>();
  private counted: Outputs | undefined; // what the shares are of

  constructor(
    private readonly model: Model,
    invalidate: () => void,
  ) {
    this.all.addEventListener("click", () => model.showAll());
    model.on(["samples", "run"], () => this.rebuild());
    model.on(["filter"], () => this.mark());
    model.on(["outputs"], invalidate);
  }

  /** Colours changed, or the samples did. */
  rebuild(): void {
    const { model } = this;
    const { samples, classOf } = model;
    this.sizes = new Map();
    for (const c of classOf) this.sizes.set(c, (this.sizes.get(c) ?? 0) + 1);
    const classes = [...this.sizes.keys()].filter((c) => c >= 0).sort((a, b) => a - b);
    const unlabelled = this.sizes.has(-1);
    byId("labels-panel").hidden = samples === null || classes.length === 0;
    setText(this.title, classes.length === 1 ? "Label" : "Labels");
    const shown = unlabelled ? [...classes.slice(0, MOST), -1] : classes.slice(0, MOST);
    this.rows = shown.map((c) => {
      const name = c < 0 ? "No label" : samples!.classes[c];
      const dot = h("i", { class: "dot" });
      dot.style.setProperty("--c", c < 0 ? grey(theme()) : colour(c, theme()));
      const share = h("span", { class: "share" });
      const el = h(
        "button",
        { type: "button", class: c < 0 ? "class none" : "class", "aria-pressed": "false" },
        dot,
        h("span", { class: "name" }, name),
        share,
        h("span", { class: "count" }, count(this.sizes.get(c)!)),
      );
      el.title = name;
      el.addEventListener("click", () => model.toggle(c, this.sizes.size));
      el.addEventListener("pointerenter", (e) => {
        if (e.pointerType === "mouse" && (model.filter.size === 0 || model.filter.has(c))) model.setFocus(c);
      });
      el.addEventListener("pointerleave", () => model.setFocus(null));
      return { c, el, share };
    });
    const more = classes.length - Math.min(MOST, classes.length);
    this.list.replaceChildren(...this.rows.map((r) => r.el), ...(more > 0 ? [h("span", { class: "more" }, `and ${count(more)} more`)] : []));
    this.counted = undefined;
    this.mark();
  }

  /** Shows each class's share of right predictions at an epoch. */
  update(): void {
    const { model } = this;
    const out = model.samples && model.numbers.length > 0 ? model.outputs(model.clock.nearest) : null;
    if (out === null || out === this.counted) return; // while they are on their way, the last ones stay
    this.counted = out;
    byId("legend-share").hidden = !out.prediction;
    if (!out.prediction || !model.samples) {
      for (const r of this.rows) setText(r.share, "");
      return;
    }
    const classOfName = new Map(model.samples.classes.map((name, c) => [name, c]));
    const predicted = out.classes.map((name) => classOfName.get(name) ?? -2);
    const right = new Map<number, number>();
    const seen = new Map<number, number>();
    out.prediction.forEach((p, row) => {
      const c = model.classOf[row];
      if (p < 0 || c < 0) return;
      seen.set(c, (seen.get(c) ?? 0) + 1);
      if (predicted[p] === c) right.set(c, (right.get(c) ?? 0) + 1);
    });
    for (const r of this.rows) {
      const n = seen.get(r.c);
      setText(r.share, n ? percent((right.get(r.c) ?? 0) / n) : "");
    }
  }

  private mark(): void {
    const { filter } = this.model;
    for (const r of this.rows) {
      const on = filter.has(r.c);
      r.el.setAttribute("aria-pressed", String(on));
      r.el.classList.toggle("out", filter.size > 0 && !on);
    }
    this.all.hidden = filter.size === 0;
  }
}
