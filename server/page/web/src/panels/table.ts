import { DEFINITIONS } from "../data/columnlist";
import { valueAt } from "../data/columns";
import { byId, download, h, icon, setText } from "../ui/dom";
import { FLAG } from "../map/paint";
import { brief, count, many } from "../ui/format";
import type { Model } from "../state/model";
import type { Pictures } from "../data/pictures";
import { writtenIn } from "../state/sampledetails";
import { csv, json, type Record } from "../saving/records";
import { invert } from "../state/selection";
import { order, type Sort } from "./sorting";
import type { Stage } from "../map/overlay/stage";

/** The height of a row, in pixels. */
const ROW = 34;

/** The most that the table is high, in pixels; browsers end at 17 million or more. More rows pass by faster than they are scrolled. */
const TALL = 5_000_000;

/** Rows kept above and below those in sight. */
const SPARE = 6;

/** The first column, of the samples themselves. */
const SAMPLE = { key: "sample", head: "Sample", title: "Sort by id", down: false };

const COLUMNS = [SAMPLE, ...DEFINITIONS.flatMap(({ key, table, sort }) => (table ? [{ key, ...table, down: sort.down }] : []))];

/** The samples as a table: those selected or, without a selection, all that are shown. */
export class Table {
  private readonly box = byId("table-box");
  private readonly table = byId("table");
  private readonly title = byId("table-title");
  private readonly actions = byId("table-actions");
  private readonly head = h("tr");
  private readonly body = h("tbody");
  private sort: Sort = { key: SAMPLE.key, down: false };
  private rows: Int32Array | number[] = [];
  private of: unknown[] = [];
  private drawn: unknown[] = [];
  private buttons: { [name: string]: HTMLButtonElement } = {};

  constructor(
    private readonly model: Model,
    private readonly pictures: Pictures,
    private readonly stage: Stage,
    private readonly invalidate: () => void,
  ) {
    this.table.append(h("caption", { class: "visually-hidden" }, "Samples at the epoch that is looked at"), h("thead", {}, this.head), this.body);
    for (const c of COLUMNS) {
      const button = h("button", { type: "button", title: c.title }, c.head);
      button.addEventListener("click", () => {
        this.sort = { key: c.key, down: this.sort.key === c.key ? !this.sort.down : c.down };
        this.box.scrollTop = 0;
        invalidate();
      });
      this.head.append(h("th", { scope: "col", "data-key": c.key, class: c.key }, button));
    }
    const act = (name: string, title: string, f: () => void, ...content: (Node | string)[]) => {
      const b = h("button", { type: "button", class: "small", title }, ...content);
      b.addEventListener("click", f);
      this.buttons[name] = b;
      this.actions.append(b);
    };
    const { viewstate } = model;
    act("visit", "Zoom to the selection (F)", () => stage.visit(viewstate.selected), "Zoom");
    act("invert", "Select what is shown and not selected (I)", () => viewstate.invert(model.playhead.nearest), "Invert");
    act("clear", "Clear the selection (Escape)", () => viewstate.clear(), "Clear");
    act("copy", "Copy the ids, one per line", () => void this.copy(), "Copy ids");
    act("csv", "Save these rows as CSV", () => this.save("csv"), "CSV");
    act("json", "Save these rows as JSON", () => this.save("json"), "JSON");
    this.box.addEventListener("scroll", invalidate);
    new ResizeObserver(invalidate).observe(this.box); // it grows with its rows, up to its most
    this.body.addEventListener("click", (e) => {
      const tr = (e.target as HTMLElement).closest("tr");
      if (!tr?.dataset.row) return;
      const row = Number(tr.dataset.row);
      if (e.shiftKey || e.ctrlKey || e.metaKey) viewstate.select([row], "toggle");
      else if (viewstate.selected.length === 0) viewstate.select([row], "replace");
      else viewstate.setFocal(row === viewstate.focal ? -1 : row);
    });
    this.body.addEventListener("pointerover", (e) => {
      const tr = (e.target as HTMLElement).closest("tr");
      if (tr?.dataset.row && e.pointerType === "mouse") stage.point(Number(tr.dataset.row));
    });
    this.body.addEventListener("pointerleave", () => stage.point(-1));
    this.box.addEventListener("keydown", (e) => this.key(e));
  }

  /** Pictures have come. */
  renew(): void {
    this.drawn = [];
  }

  /** Follows the moment; hidden says that nobody sees the table. */
  update(hidden: boolean): void {
    const { model } = this;
    const { viewstate, samples, playhead } = model;
    const n = viewstate.selected.length;
    setText(byId("tab-count"), n > 0 ? count(n) : "");
    if (hidden || !samples) return;
    const at = playhead.nearest;
    const mask = viewstate.hidden(at);
    const by = model.facts.column(this.sort.key)?.sort.by;
    const keys = by === undefined ? null : model.facts.values(by, at);
    const of = [samples, viewstate.selected, n > 0 ? null : mask, keys, this.sort.key, this.sort.down];
    if (!this.of.every((o, i) => o === of[i]) || this.of.length === 0) {
      this.of = of;
      const rows = n > 0 ? viewstate.selected : invert([], samples.count, mask);
      this.rows = order(rows, keys, this.sort, samples.numbered ? null : samples.ids);
    }
    const pending = viewstate.pending(at);
    this.buttons.invert.disabled = pending;
    setText(
      this.title,
      pending
        ? "Reading what the filters ask for\u2026"
        : n > 0
          ? `${many(n, "sample")} selected`
          : this.rows.length < samples.count
            ? `${many(this.rows.length, "sample")} shown`
            : `All ${many(samples.count, "sample")}`,
    );
    this.buttons.visit.hidden = this.buttons.clear.hidden = n === 0;
    this.buttons.copy.hidden = n === 0;
    for (const th of this.head.children as HTMLCollectionOf<HTMLElement>) {
      const mine = th.dataset.key === this.sort.key;
      th.setAttribute("aria-sort", mine ? (this.sort.down ? "descending" : "ascending") : "none");
      th.hidden = !this.offers(th.dataset.key!);
    }
    this.fill(at);
  }

  private offers(key: string): boolean {
    return key === SAMPLE.key || this.model.facts.column(key) !== null;
  }

  /** Makes the rows that are in sight, and gaps as high as the others. */
  private fill(at: number): void {
    const { facts, viewstate, samples } = this.model;
    const { room, pace } = this;
    const top = Math.min(this.box.scrollTop / pace, this.rows.length);
    const first = Math.max(0, Math.floor(top) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil(top + room) + SPARE);
    const squeezed = pace !== ROW;
    const cells = facts.columns
      .filter((c) => c.table !== null)
      .map((c) => ({ column: c, values: this.sort.key === c.key ? c.values(at) : c.glance(at), judged: c.marks === null ? null : facts.values(c.marks, at) }));
    const drawn = [
      this.rows,
      first,
      last,
      squeezed && top,
      at,
      ...cells.flatMap((c) => [c.column.key, c.values, c.judged]),
      viewstate.focal,
      viewstate.selected,
      viewstate.tints,
    ];
    if (this.drawn.length === drawn.length && this.drawn.every((o, i) => o === drawn[i])) return;
    this.drawn = drawn;
    this.table.setAttribute("aria-rowcount", String(this.rows.length + 1));
    const gap = (height: number) => {
      const tr = h("tr", { "aria-hidden": "true", class: "gap" });
      tr.style.height = `${height}px`;
      return tr;
    };
    // The whole is always as high, or the browser would scroll back, and forth again.
    const whole = Math.min(TALL, this.rows.length * ROW) - (last - first) * ROW;
    const above = squeezed ? Math.max(0, Math.min(whole, this.box.scrollTop - (top - first) * ROW)) : first * ROW;
    const below = whole - above;
    const flags = viewstate.flags(at);
    const short = brief(samples!.classes, 4); // a column is narrow, and ids come last
    const focused = document.activeElement?.closest("tr")?.dataset.row;
    const lines: HTMLElement[] = first > 0 ? [gap(above)] : [];
    for (let i = first; i < last; i++) {
      const row = this.rows[i];
      const label = samples!.label[row] < 0 ? "" : short[samples!.label[row]];
      const dot = h("i", { class: "dot" });
      dot.style.setProperty("--c", viewstate.colour(row, at));
      const name = h("td", { class: "sample" });
      if (this.pictures.any) {
        const c = h("canvas", { class: "thumb", "aria-hidden": "true" });
        this.pictures.draw(row, c, 26);
        name.append(c);
      }
      name.append(
        dot,
        h(
          "span",
          { class: "who" },
          label ? h("b", {}, label) : null,
          label ? " " : null,
          h("span", { class: "id" }, samples!.id(row)),
          this.pictures.any ? null : h("span", { class: "said" }, writtenIn(this.model, row)),
        ),
      );
      const tr = h(
        "tr",
        { "data-row": String(row), "aria-rowindex": String(i + 2), tabindex: "-1", "aria-selected": String((flags[row] & FLAG.selected) !== 0) },
        name,
      );
      tr.classList.toggle("focal", row === viewstate.focal);
      for (const { column, values, judged } of cells) {
        const value = values ? valueAt(values, row) : null;
        const wrong = judged?.kind === "category" && judged.code[row] === 1;
        const text = value === null ? "\u2013" : column.format(value);
        const at = column.kind === "category" ? samples!.classes.indexOf(text) : -1;
        tr.append(
          h(
            "td",
            { class: wrong ? `${column.key} wrong` : column.key, title: at < 0 ? undefined : text },
            wrong ? icon("cross") : null,
            h("span", {}, short[at] ?? text),
          ),
        );
      }
      lines.push(tr);
    }
    if (below > 0) lines.push(gap(below));
    this.body.replaceChildren(...lines);
    if (focused !== undefined) this.body.querySelector<HTMLElement>(`tr[data-row="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  /** How many rows are in sight. */
  private get room(): number {
    return (this.box.clientHeight || 400) / ROW;
  }

  /** How far one scrolls from a row to the next, in pixels. */
  private get pace(): number {
    const n = this.rows.length;
    const below = this.room - 1; // the head covers one
    return n * ROW <= TALL ? ROW : (TALL - below * ROW) / (n - below);
  }

  private key(e: KeyboardEvent): void {
    const tr = (e.target as HTMLElement).closest<HTMLElement>("tr[data-row]");
    const by: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (e.key in by) {
      e.preventDefault();
      e.stopPropagation(); // the page's own shortcuts rest in the table
      const here = tr ? Array.prototype.indexOf.call(this.rows, Number(tr.dataset.row)) : -1;
      const to = Math.max(0, Math.min(this.rows.length - 1, tr ? here + by[e.key] : 0));
      const { room, pace } = this;
      const top = this.box.scrollTop / pace;
      if (to < top) this.box.scrollTop = to * pace;
      else if (to + 2 > top + room) this.box.scrollTop = (to + 2 - room) * pace; // the head covers one
      this.fill(this.model.playhead.nearest);
      this.body.querySelector<HTMLElement>(`tr[data-row="${this.rows[to]}"]`)?.focus({ preventScroll: true });
      this.stage.point(this.rows[to] ?? -1);
    } else if ((e.key === "Enter" || e.key === " ") && tr) {
      e.preventDefault();
      e.stopPropagation();
      tr.click();
    }
  }

  /** What is known of the rows of the table, for a file. */
  records(): Record[] {
    const { samples, facts, playhead, numbers } = this.model;
    const at = playhead.nearest;
    return Array.from(this.rows, (row: number) => {
      const r: Record = { id: samples!.id(row), label: samples!.label[row] < 0 ? null : samples!.classes[samples!.label[row]], epoch: numbers[at] };
      for (const c of facts.columns) {
        if (c.field === null) continue;
        const v = c.glance(at);
        r[c.field] = v ? valueAt(v, row) : null;
      }
      for (const [key, list] of Object.entries(samples!.metadata ?? {})) {
        const v = list[row];
        r[key] = v === null || v === undefined ? null : typeof v === "string" || typeof v === "number" ? v : JSON.stringify(v);
      }
      return r;
    });
  }

  private async copy(): Promise<void> {
    const ids = Array.from(this.rows, (row: number) => this.model.samples!.id(row)).join("\n");
    try {
      await navigator.clipboard.writeText(ids);
      setText(this.buttons.copy, "Copied");
    } catch {
      setText(this.buttons.copy, "Not allowed");
    }
    setTimeout(() => setText(this.buttons.copy, "Copy ids"), 1500);
  }

  private save(kind: "csv" | "json"): void {
    const records = this.records();
    const { run, numbers, playhead } = this.model;
    const blob = new Blob([kind === "csv" ? csv(records) : json(records)], { type: kind === "csv" ? "text/csv" : "application/json" });
    download(blob, `${run?.name ?? "samples"}-epoch-${numbers[playhead.nearest]}.${kind}`);
    this.invalidate();
  }
}
