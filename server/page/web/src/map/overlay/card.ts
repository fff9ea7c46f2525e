import { byId, h, icon, setText } from "../../ui/dom";
import { figure, percent } from "../../ui/format";
import type { Pictures } from "../../data/pictures";
import type { Details } from "../../state/sampledetails";
import { sparkline } from "../../ui/spark";

/** What a sample is called where it has no label that it could go by. */
export function sampleOf(f: Details): string {
  return `Sample ${f.id}`;
}

/** Pixels between the card and its point, and between the card and the stage's edge. */
const GAP = 18;
const EDGE = 8;

/** The card beside the pointer: a sample's picture, and what is known of it. */
export class Card {
  private readonly el = byId("card");
  private readonly picture = h("canvas", { class: "picture" });
  private readonly label = h("div", { class: "label" });
  private readonly verdict = h("div", { class: "verdict" });
  private readonly details = h("div", { class: "details" });
  private readonly said = h("p", { class: "said" });
  private readonly extra = h("div", { class: "details" });
  private readonly course = h("div", { class: "course" });
  private drawn = -1;

  constructor(private readonly pictures: Pictures) {
    this.el.append(this.picture, h("div", { class: "text" }, this.label, this.verdict, this.said, this.details, this.extra, this.course));
  }

  /** Pictures changed. */
  renew(): void {
    this.drawn = -1;
  }

  hide(): void {
    this.el.hidden = true;
  }

  /** Shows the card beside what is around the pixel (x, y), as far as reach, of a stage of this size. */
  show(f: Details, x: number, y: number, reach: number, width: number, height: number): void {
    this.el.hidden = false;
    this.picture.hidden = !this.pictures.has(f.row);
    if (!this.picture.hidden && this.drawn !== f.row) this.drawn = this.pictures.draw(f.row, this.picture, 84) ? f.row : -1;
    this.label.replaceChildren();
    if (f.label === null) this.label.append("No label");
    else {
      const dot = h("i", { class: "dot" });
      dot.style.setProperty("--c", f.colour);
      this.label.append(dot, f.label ?? sampleOf(f));
    }
    const labelled = typeof f.label === "string";
    const wrong = labelled && typeof f.prediction === "string" && f.prediction !== f.label;
    this.verdict.classList.toggle("wrong", wrong);
    if (typeof f.prediction === "string") {
      const sure = f.confidence === null ? "" : ` \u00b7 ${percent(f.confidence)}`;
      this.verdict.replaceChildren(
        !labelled ? "" : icon(wrong ? "cross" : "check"),
        h("span", {}, wrong || !labelled ? `Predicted ${f.prediction}` : "Predicted right"),
        h("span", { class: "sure" }, sure),
      );
    } else this.verdict.replaceChildren(f.prediction === undefined ? "\u2026" : "");
    this.verdict.hidden = f.prediction === null;
    const details = f.label === undefined ? [`Epoch ${f.epoch}`] : [sampleOf(f), `epoch ${f.epoch}`];
    setText(this.details, (f.loss === null ? details : [...details, `loss ${figure(f.loss)}`]).join(" \u00b7 "));
    setText(this.said, f.text);
    this.said.hidden = f.text === "";
    setText(this.extra, f.extra);
    this.extra.hidden = f.extra === "";
    this.course.hidden = f.course === null;
    if (f.course) this.course.replaceChildren(sparkline(f.course.values, f.course.at, 132, 22), h("span", {}, f.course.name));
    const [left, top] = this.place(x, y, GAP + reach, width, height);
    this.el.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** Beside the point, or below or above it; on a narrow stage at the bottom or the top, whichever is farther from it. */
  private place(x: number, y: number, gap: number, width: number, height: number): [number, number] {
    const { offsetWidth: w, offsetHeight: h } = this.el;
    if (width < 560) return [8, y > height / 2 ? 52 : height - h - 46];
    const within = (at: number, size: number, room: number) => Math.max(EDGE, Math.min(at, room - size - EDGE));
    const top = within(y - h / 2, h, height);
    if (x + gap + w <= width - EDGE) return [x + gap, top];
    if (x - gap - w >= EDGE) return [x - gap - w, top];
    return [within(x - w / 2, w, width), y + gap + h <= height - EDGE ? y + gap : Math.max(EDGE, y - gap - h)];
  }
}
