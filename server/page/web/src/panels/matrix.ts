import type { Outputs } from "../data/api";
import { confusion } from "./confusion";
import { byId, h, setText } from "../ui/dom";
import { brief, count, many, percent } from "../ui/format";
import type { Model } from "../state/model";

/** With more classes than this the table would be unreadable. */
const CLASS_LIMIT = 30;

/** Who was taken for whom at the epoch that is looked at; a click selects those samples. */
export class Matrix {
  private readonly panel = byId("matrix-panel");
  private readonly table = byId("matrix");
  private drawn: unknown[] = [];
  private counted = new WeakMap<Outputs, ReturnType<typeof confusion>>(); // a million samples take their time
  private countedOf: unknown = null; // the samples

  constructor(private readonly model: Model) {
    this.table.addEventListener("click", (e) => {
      const cell = (e.target as HTMLElement).closest<HTMLElement>("button[data-label]");
      if (cell) this.take(Number(cell.dataset.label), cell.dataset.prediction!, e.shiftKey);
    });
  }

  update(hidden: boolean): void {
    const { facts, samples, playhead, numbers, viewstate } = this.model;
    const at = playhead.nearest;
    const out = facts.outputs(at);
    if (out === null && !this.panel.hidden && this.drawn.length > 0 && samples === this.drawn[1]) return; // the last one stays while this is on its way
    const fits = samples !== null && out?.prediction !== null && out !== null && samples.classes.length > 1 && samples.classes.length <= CLASS_LIMIT;
    this.panel.hidden = !fits;
    if (!fits || hidden) return;
    const drawn = [out, samples, viewstate.theme];
    if (this.drawn.every((o, i) => o === drawn[i]) && this.drawn.length > 0) return;
    this.drawn = drawn;
    this.draw(out, numbers[at]);
  }

  private draw(out: Outputs, epoch: number): void {
    const { samples } = this.model;
    if (this.countedOf !== samples) [this.counted, this.countedOf] = [new WeakMap(), samples];
    let c = this.counted.get(out);
    if (!c) this.counted.set(out, (c = confusion(samples!.classes, samples!.label, out.classes, out.prediction!)));
    const n = c.classes.length;
    const wrong = c.total - c.right;
    setText(byId("matrix-note"), c.total > 0 ? `${many(wrong, "sample")} wrong at epoch ${epoch}, ${percent(wrong / c.total)}` : "");
    let largest = 1;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) largest = Math.max(largest, c.counts[i * n + j]);
    const short = brief(samples!.classes, 4); // columns are narrow
    const head = h("tr", {}, h("td", {}), ...c.classes.map((name, i) => h("th", { scope: "col", title: `Predicted ${name}` }, short[i] ?? name)));
    const rows = samples!.classes.map((name, i) => {
      const cells = c.classes.map((other, j) => {
        const k = c.counts[i * n + j];
        if (k === 0) return h("td", {});
        const what = i === j ? `${count(k)} of ${name} were right` : `${count(k)} of ${name} were taken for ${other}`;
        const b = h("button", { type: "button", "data-label": String(i), "data-prediction": other, title: what, "aria-label": what }, count(k));
        const td = h("td", { class: i === j ? "right" : "wrong" }, b);
        td.style.setProperty("--share", i === j ? "0" : String(Math.sqrt(k / largest)));
        return td;
      });
      return h("tr", {}, h("th", { scope: "row", title: `Labelled ${name}` }, short[i]), ...cells);
    });
    this.table.replaceChildren(
      h("caption", { class: "visually-hidden" }, "Rows are labels, columns are predictions"),
      h("thead", {}, head),
      h("tbody", {}, ...rows),
    );
  }

  private take(label: number, predicted: string, add: boolean): void {
    const { samples, facts, playhead, viewstate } = this.model;
    const out = facts.outputs(playhead.nearest);
    if (!out?.prediction || !samples) return;
    const p = out.classes.indexOf(predicted);
    const rows: number[] = [];
    samples.label.forEach((l, row) => {
      if (l === label && out.prediction![row] === p) rows.push(row);
    });
    viewstate.select(rows, add ? "add" : "replace");
  }
}
