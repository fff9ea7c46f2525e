import { nameOfKey, type Values } from "../data/columns";
import { numberAt, type Scale } from "../state/colouring";
import { byId, h, icon, setText } from "../ui/dom";
import type { Condition } from "../state/filter";
import { brief, bound, count, percent } from "../ui/format";
import { DISTINCT } from "../ui/palette";
import { Menu } from "../ui/menu";
import type { Model } from "../state/model";

/** Rows of the legend before it says how many more there are. */
const ROW_LIMIT = 200;

/** Bars of a histogram. */
const BARS = 40;

/** How many samples there are of each class, how many of them were judged, and how many rightly; those of no class come first. */
interface Tally {
  of: Categories;
  n: Uint32Array;
  good: Uint32Array;
  judged: Uint32Array;
}

type Categories = Values & { kind: "category" };

function tallyOf(of: Categories, right: Values | null): Tally {
  const [n, good, judged] = [0, 1, 2].map(() => new Uint32Array(of.classes.length + 1));
  for (let i = 0; i < of.code.length; i++) {
    const c = of.code[i] + 1;
    n[c]++;
    if (right?.kind !== "category" || right.code[i] < 0) continue;
    judged[c]++;
    if (right.code[i] === 0) good[c]++;
  }
  return { of, n, good, judged };
}

/** What the colours mean: the column's classes or its scale, which filter, select and set off what they stand for. */
export class Legend {
  private readonly list = byId("legend");
  private readonly chips = byId("filters");
  private readonly all = byId<HTMLButtonElement>("show-all");
  private readonly menu: Menu;
  private of: unknown[] = []; // what it was made of
  private rows: { name: string; code: number; el: HTMLElement; button: HTMLButtonElement; note: HTMLElement; dot: HTMLElement }[] = [];
  private built = "";
  private counted: unknown[] = [];
  private readonly tallies = new WeakMap<Values, Tally>(); // by what was right, or else by the classes

  constructor(
    private readonly model: Model,
    private readonly invalidate: () => void,
  ) {
    const { viewstate } = model;
    this.menu = new Menu(byId<HTMLButtonElement>("colour"), "Colour by", (key) => viewstate.setColour(key));
    this.all.addEventListener("click", () => viewstate.showAll());
    model.on(["filter"], () => this.mark());
  }

  /** Follows the moment: the column in colours, and its values at the epoch that is looked at. */
  update(): void {
    const { model } = this;
    const { viewstate, facts, playhead, samples } = model;
    const panel = byId("colour-panel");
    panel.hidden = samples === null;
    if (!samples) return;
    const columns = facts.columns;
    const by = viewstate.colourBy;
    const at = playhead.nearest;
    const values = viewstate.values(at);
    const of = [columns, by?.key, viewstate.theme, values, viewstate.scale];
    if (this.built !== "" && this.of.every((o, i) => o === of[i])) {
      this.read(values, viewstate.scale, at); // as in most frames
      return;
    }
    this.of = of;
    const items = [...columns.map((c) => ({ key: c.key, title: c.name, note: c.perEpoch ? "at each epoch" : "", group: c.source }))];
    items.push({ key: "none", title: "One colour", note: "", group: "Without" });
    const head = JSON.stringify([items, by?.key]);
    if (head !== panel.dataset.head) {
      panel.dataset.head = head;
      this.menu.set(items, by?.key ?? "none");
      setText(byId("colour-name"), by?.name ?? "One colour");
      this.mark(); // conditions are named after columns
    }
    const { scale } = viewstate;
    const key = JSON.stringify([by?.key, viewstate.theme, values?.kind === "category" ? values.classes : scale, by && !values]);
    if (key !== this.built) {
      this.built = key;
      this.build(values, scale);
    }
    this.read(values, scale, at);
  }

  /** Colours changed. */
  rebuild(): void {
    this.built = "";
    this.invalidate();
  }

  private build(values: Values | null, scale: Scale | null): void {
    this.rows = [];
    this.counted = [];
    this.list.className = values?.kind === "number" ? "scale" : "classes";
    if (!values) this.list.replaceChildren();
    else if (values.kind === "category") this.buildClasses(values.classes, values.code.includes(-1));
    else this.buildScale(scale);
    this.mark();
  }

  private buildClasses(classes: readonly string[], none: boolean): void {
    const { viewstate } = this.model;
    const shown = classes.slice(0, ROW_LIMIT).map((name, code) => ({ name, code }));
    if (none) shown.push({ name: "", code: -1 });
    const key = () => viewstate.colourBy!.key;
    const short = brief(classes);
    this.list.classList.toggle(
      "long",
      shown.some(({ code }) => code >= 0 && short[code].length > 12),
    );
    this.rows = shown.map(({ name, code }) => {
      const text = code < 0 ? viewstate.colourBy!.none : name;
      const dot = h("i", { class: "dot" });
      dot.style.setProperty("--c", viewstate.tints.ofClass(code));
      const note = h("span", { class: "share" });
      const button = h("button", { type: "button", class: "class", "aria-pressed": "false" }, dot, h("span", { class: "name" }, short[code] ?? text), note);
      const take = h("button", { type: "button", class: "take", "aria-label": `Select ${text}`, title: `Select ${text}` }, icon("select"));
      const el = h("div", { class: "entry" }, button, take);
      button.addEventListener("click", (e) => {
        if (e.shiftKey) this.select(code, true);
        else viewstate.toggle(key(), name, shown.length);
      });
      take.addEventListener("click", (e) => this.select(code, e.shiftKey));
      el.addEventListener("pointerenter", (e) => {
        const c = this.condition;
        if (e.pointerType === "mouse" && (!c || c.values!.includes(name))) viewstate.setFocus({ name });
      });
      el.addEventListener("pointerleave", () => viewstate.setFocus(null));
      return { name, code, el, button, note, dot };
    });
    const more = classes.length - Math.min(ROW_LIMIT, classes.length);
    const few = classes.length > DISTINCT ? [h("span", { class: "more" }, `${DISTINCT} colours for ${count(classes.length)} classes: some share one`)] : [];
    this.list.replaceChildren(...few, ...this.rows.map((r) => r.el), ...(more > 0 ? [h("span", { class: "more" }, `and ${count(more)} more`)] : []));
  }

  private select(code: number, add: boolean): void {
    const { viewstate, playhead } = this.model;
    const v = viewstate.values(playhead.nearest);
    if (v?.kind !== "category") return;
    const hidden = viewstate.hidden(playhead.nearest);
    const rows: number[] = [];
    v.code.forEach((c, i) => {
      if (c === code && !hidden[i]) rows.push(i);
    });
    viewstate.select(rows, add ? "add" : "replace");
  }

  private buildScale(scale: Scale | null): void {
    if (!scale) {
      this.list.replaceChildren(h("p", { class: "more" }, "No values at this epoch."));
      return;
    }
    const { viewstate } = this.model;
    const bars = h("canvas", { class: "bars", "aria-hidden": "true" });
    const strip = h("canvas", { class: "strip", width: "256", height: "1", "aria-hidden": "true" });
    const brush = h("div", { class: "brush", hidden: "" });
    const frame = h("div", { class: "brushing" }, bars, strip, brush);
    const g = strip.getContext("2d")!;
    for (let i = 0; i < 256; i++) {
      g.fillStyle = viewstate.tints.ofNumber(numberAt(scale, i / 255));
      g.fillRect(i, 0, 1, 1);
    }
    const field = (name: string, which: 0 | 1) => {
      const input = h("input", { type: "text", inputmode: "decimal", "aria-label": name, class: "bound", placeholder: bound(numberAt(scale, which)) });
      input.addEventListener("change", () => {
        const v = Number(input.value);
        const old = this.condition?.range ?? [-Infinity, Infinity];
        const now: [number, number] = which === 0 ? [input.value.trim() === "" ? -Infinity : v, old[1]] : [old[0], input.value.trim() === "" ? Infinity : v];
        if (!now.some(Number.isNaN)) this.setRange(now);
      });
      return input;
    };
    const low = field("Show from", 0);
    const high = field("Show up to", 1);
    this.list.replaceChildren(frame, h("div", { class: "bounds" }, low, h("span", { class: "share" }), high));
    let start: number | null = null;
    const at = (e: PointerEvent) => {
      const r = frame.getBoundingClientRect();
      return Math.min(1, Math.max(0, (e.clientX - r.left) / r.width));
    };
    frame.addEventListener("pointerdown", (e) => {
      frame.setPointerCapture(e.pointerId);
      start = at(e);
    });
    frame.addEventListener("pointermove", (e) => {
      if (start === null) return;
      const [a, b] = [Math.min(start, at(e)), Math.max(start, at(e))];
      // The ends of the scale stand for all that lies beyond them.
      if (b - a > 0.02) this.setRange([a <= 0.005 ? -Infinity : numberAt(scale, a), b >= 0.995 ? Infinity : numberAt(scale, b)]);
    });
    frame.addEventListener("pointerup", (e) => {
      if (start !== null && Math.abs(at(e) - start) <= 0.02) this.setRange([-Infinity, Infinity]);
      start = null;
    });
  }

  private setRange(range: [number, number]): void {
    const { viewstate } = this.model;
    const column = viewstate.colourBy!.key;
    const all = range[0] === -Infinity && range[1] === Infinity;
    viewstate.setCondition(column, all ? null : { column, epoch: null, range });
  }

  /** The condition on the column in colours that follows the slider. */
  private get condition(): Condition | undefined {
    const { viewstate } = this.model;
    return viewstate.conditions.find((c) => c.column === viewstate.colourBy?.key && c.epoch === null);
  }

  /** Counts what is at the epoch. */
  private read(values: Values | null, scale: Scale | null, at: number): void {
    const { model } = this;
    const { viewstate } = model;
    if (values?.kind === "number" && scale) {
      if (this.counted[0] === values && this.counted[1] === scale) return;
      this.counted = [values, scale];
      this.histogram(values.value, scale);
      return;
    }
    if (values?.kind !== "category") return;
    const by = viewstate.colourBy?.tally ?? null;
    const right = by === null ? null : model.facts.values(by, at);
    if (this.counted[0] === values && (this.counted[1] === right || (right === null && this.counted.length === 2 && model.facts.outputs(at) === null))) return;
    this.counted = [values, right];
    let tally = this.tallies.get(right ?? values);
    if (tally?.of !== values) this.tallies.set(right ?? values, (tally = tallyOf(values, right)));
    const { n, good, judged } = tally;
    for (const r of this.rows) {
      const size = n[r.code + 1];
      const j = judged[r.code + 1];
      setText(r.note, j > 0 ? percent(good[r.code + 1] / j) : count(size));
      const name = r.code < 0 ? "without a value" : r.name;
      r.button.title = `${name}: ${count(size)} samples${j > 0 ? `, ${percent(good[r.code + 1] / j)} predicted right` : ""}\nClick to show it alone, Shift and click to select it`;
    }
  }

  private histogram(values: Float32Array, scale: Scale): void {
    const c = this.list.querySelector<HTMLCanvasElement>("canvas.bars");
    if (!c) return;
    const bars = new Uint32Array(BARS);
    let known = 0;
    for (const v of values) {
      if (Number.isNaN(v)) continue;
      known++;
      const t = scale.log ? Math.log(Math.max(v, 1e-30) / scale.low) / Math.log(scale.high / scale.low) : (v - scale.low) / (scale.high - scale.low);
      bars[Math.min(BARS - 1, Math.max(0, Math.floor(t * BARS)))]++;
    }
    const largest = Math.max(1, ...bars);
    const density = Math.min(3, devicePixelRatio || 1);
    c.width = Math.max(1, Math.round((c.clientWidth || 300) * density));
    c.height = Math.round(44 * density);
    const g = c.getContext("2d")!;
    const w = c.width / BARS;
    bars.forEach((n, i) => {
      if (n === 0) return;
      const tall = Math.max(density, (n / largest) * c.height);
      g.fillStyle = this.model.viewstate.tints.ofNumber(numberAt(scale, (i + 0.5) / BARS));
      g.fillRect(i * w, c.height - tall, Math.max(1, w - density), tall);
    });
    const note = this.list.querySelector(".bounds .share");
    if (note) setText(note, known === 0 ? "no values at this epoch" : known < values.length ? `${count(known)} samples` : "");
  }

  private mark(): void {
    const { model } = this;
    const { viewstate } = model;
    const c = this.condition;
    for (const r of this.rows) {
      const on = c?.values?.includes(r.name) ?? false;
      r.button.setAttribute("aria-pressed", String(on));
      r.el.classList.toggle("out", c?.values !== undefined && !on);
    }
    const brush = this.list.querySelector<HTMLElement>(".brush");
    const { scale } = viewstate;
    if (brush && scale) {
      brush.hidden = !c?.range;
      const t = (v: number) =>
        v === -Infinity
          ? 0
          : v === Infinity
            ? 1
            : scale.log
              ? Math.log(v / scale.low) / Math.log(scale.high / scale.low)
              : (v - scale.low) / (scale.high - scale.low);
      if (c?.range) {
        brush.style.left = `${Math.max(0, t(c.range[0])) * 100}%`;
        brush.style.right = `${(1 - Math.min(1, t(c.range[1]))) * 100}%`;
      }
      this.list.querySelectorAll<HTMLInputElement>(".bound").forEach((input, i) => {
        const v = c?.range?.[i];
        input.value = v === undefined || !Number.isFinite(v) ? "" : bound(v);
      });
    }
    this.all.hidden = viewstate.conditions.length === 0;
    this.chips.hidden = viewstate.conditions.length === 0;
    this.chips.replaceChildren(...viewstate.conditions.map((x) => this.chip(x)));
  }

  /** A condition as one sees it whatever the colours are, with a pin that keeps it at one epoch. */
  private chip(c: Condition): HTMLElement {
    const { model } = this;
    const { viewstate, facts } = model;
    const column = facts.column(c.column);
    const name = column?.name ?? nameOfKey(c.column);
    const say = (v: number) => (Number.isFinite(v) ? bound(v) : "");
    const what = c.range
      ? c.range[0] === -Infinity
        ? `\u2264 ${say(c.range[1])}`
        : c.range[1] === Infinity
          ? `\u2265 ${say(c.range[0])}`
          : `${say(c.range[0])} \u2013 ${say(c.range[1])}`
      : (c.values ?? []).map((v) => v || "none").join(", ");
    const away = h("button", { type: "button", "aria-label": `Remove the filter ${name}`, title: "Remove" }, icon("cross"));
    away.addEventListener("click", () => viewstate.setConditions(viewstate.conditions.filter((o) => o !== c)));
    let pin: HTMLElement | null = null;
    if (column?.perEpoch) {
      const text = c.epoch === null ? "at each epoch" : c.epoch === "all" ? "at all epochs" : `at epoch ${c.epoch}`;
      const title = c.epoch === null ? "Keep it at this epoch" : c.epoch === "all" ? "Let it follow the slider" : "Ask for it at all epochs";
      pin = h("button", { type: "button", class: "pin", title, "aria-label": `${name} ${text}. ${title}` }, text);
      pin.addEventListener("click", () => {
        const next = c.epoch === null ? model.numbers[model.playhead.nearest] : c.epoch === "all" ? null : "all";
        viewstate.setConditions(viewstate.conditions.map((o) => (o === c ? { ...c, epoch: next } : o)));
      });
    }
    return h("span", { class: "chip" }, h("span", { class: "what" }, `${name}: ${what}`), pin, away);
  }
}
