import { compare } from "../data/neighbourhood";
import { sampleOf } from "../map/overlay/card";
import { byId, h, icon, setText } from "../ui/dom";
import type { Model } from "../state/model";
import type { Pictures } from "../data/pictures";
import { describe } from "../state/sampledetails";
import { figure, percent } from "../ui/format";
import { sparkline } from "../ui/spark";
import type { Stage } from "../map/overlay/stage";
import { valueAt } from "../data/columns";

/** One sample's nearest ones in the original space at the epoch that is looked at, and how they changed. */
export class Near {
  private readonly panel = byId("near-panel");
  private drawn: unknown[] = [];
  private readonly line = h("p", { class: "course" });

  constructor(
    private readonly model: Model,
    private readonly pictures: Pictures,
    stage: Stage,
  ) {
    const rowOf = (e: Event) => (e.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset.row;
    this.panel.addEventListener("click", (e) => {
      const row = rowOf(e);
      if (row !== undefined) model.viewstate.setFocal(Number(row));
    });
    this.panel.addEventListener("pointerover", (e) => stage.point(Number(rowOf(e) ?? -1)));
    this.panel.addEventListener("pointerleave", () => stage.point(-1));
  }

  /** Pictures have come. */
  renew(): void {
    this.drawn = [];
  }

  /** Follows the moment; hidden says that nobody sees it. */
  update(hidden: boolean): void {
    const { model } = this;
    const { viewstate, facts, playhead, samples, numbers } = model;
    const row = viewstate.focal;
    this.panel.hidden = row < 0 || !samples;
    if (this.panel.hidden || hidden) return;
    const at = playhead.nearest;
    const now = facts.nearest(at);
    const before = at > 0 ? facts.nearest(at - 1) : null;
    this.draw(row, at);
    const drawn = [row, at, now, before, facts.outputs(at), facts.values("trust", at), viewstate.tints];
    if (this.drawn.length > 0 && this.drawn.every((o, i) => o === drawn[i])) return;
    this.drawn = drawn;
    const f = describe(model, row, at)!;
    const picture = h("canvas", { class: "thumb", "aria-hidden": "true" });
    if (!this.pictures.draw(row, picture, 56)) picture.hidden = !this.pictures.has(row);
    const lines = [
      typeof f.prediction === "string" ? `Predicted ${f.prediction}${f.confidence === null ? "" : ` \u00b7 ${percent(f.confidence)}`}` : "",
      f.loss === null ? "" : `Loss ${figure(f.loss)}`,
    ].filter(Boolean);
    const trust = facts.column("trust");
    const known = trust?.values(at);
    const sure = known ? valueAt(known, row) : null;
    if (sure !== null) lines.push(`Its place can be trusted to ${trust!.format(sure)}`);
    const meta = Object.entries(samples!.metadata ?? {}).flatMap(([k, list]) =>
      list[row] === null || list[row] === undefined ? [] : [`${k}: ${typeof list[row] === "string" ? list[row] : JSON.stringify(list[row])}`],
    );
    const away = h("button", { type: "button", class: "away", "aria-label": "Close", title: "Close" }, icon("cross"));
    away.addEventListener("click", (e) => {
      e.stopPropagation();
      viewstate.setFocal(-1);
    });
    const content: HTMLElement[] = [
      h(
        "header",
        {},
        picture,
        h(
          "div",
          { class: "text" },
          h("h2", {}, ...(f.label === undefined ? [sampleOf(f)] : [f.label ?? "No label", h("span", { class: "id" }, ` ${f.id}`)])),
          ...lines.map((l) => h("p", {}, l)),
          meta.length ? h("p", { class: "meta" }, meta.join(" \u00b7 ")) : null,
        ),
        away,
      ),
    ];
    content.push(this.line);
    if (now) {
      const { now: near, gone } = compare(before, now, row);
      const fresh = near.filter((n) => n.fresh).length;
      const title = h("h3", {}, `Nearest at epoch ${numbers[at]}, in the original space`);
      const note = h(
        "p",
        { class: "note" },
        before
          ? fresh === 0
            ? `The same ${near.length} as at epoch ${numbers[at - 1]}`
            : `${fresh} of ${near.length} are new since epoch ${numbers[at - 1]}`
          : "",
      );
      content.push(title, note, h("ol", { class: "near" }, ...near.map((n) => h("li", {}, this.tile(n.row, at, n.fresh ? "fresh" : "")))));
      if (gone.length > 0) content.push(h("h3", {}, "Gone since"), h("ol", { class: "near gone" }, ...gone.map((r) => h("li", {}, this.tile(r, at, "")))));
    } else if (facts.column("change") === null) content.push(h("p", { class: "note" }, "Neighbours are not known for this many samples."));
    this.panel.replaceChildren(...content);
  }

  /** The course of its neighbourhood, which grows as epochs become known. */
  private draw(row: number, at: number): void {
    const course = this.course(row);
    const key = JSON.stringify([course, at]);
    if (this.line.dataset.key === key) return;
    this.line.dataset.key = key;
    this.line.hidden = !course.some((v) => v !== null);
    this.line.replaceChildren(sparkline(course, at, 120, 24), h("span", {}, "of its neighbourhood changed, by epoch"));
  }

  private course(row: number): (number | null)[] {
    const { facts, numbers } = this.model;
    const change = facts.column("change");
    return numbers.map((_, i) => {
      const v = change?.glance(i);
      const x = v ? valueAt(v, row) : null;
      return typeof x === "number" ? x : null;
    });
  }

  private tile(row: number, at: number, kind: string): HTMLElement {
    const { samples, viewstate } = this.model;
    const label = samples!.label[row] < 0 ? "" : samples!.classes[samples!.label[row]];
    const name = `${label} ${samples!.id(row)}`.trim();
    const b = h("button", {
      type: "button",
      class: `tile ${kind}`,
      "data-row": String(row),
      title: kind === "fresh" ? `${name}: new` : name,
      "aria-label": name,
    });
    b.style.setProperty("--c", viewstate.colour(row, at));
    const c = h("canvas", { class: "thumb", "aria-hidden": "true" });
    if (this.pictures.has(row)) {
      this.pictures.draw(row, c, 32);
      b.append(c);
    } else {
      const text = h("span", {});
      setText(text, label || samples!.id(row));
      b.append(text);
    }
    return b;
  }
}
