import { address, type Sprite } from "../data/api";
import { byId, h, icon, setText } from "./dom";
import { figure, percent } from "./format";

/** What the card says about a sample at an epoch. */
export interface Facts {
  row: number;
  id: string;
  /** null is a sample without a label. */
  label: string | null;
  labelColour: string;
  epoch: number;
  /** null when no prediction was logged, undefined while it is on its way. */
  prediction: string | null | undefined;
  confidence: number | null;
  loss: number | null;
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
  private sheets: HTMLImageElement[] = [];
  private sprite: Sprite | null = null;
  private missing = new Set<number>();
  private drawn = -1;

  constructor() {
    this.el.append(this.picture, h("div", { class: "text" }, this.label, this.verdict, this.details));
  }

  /** Fetches the pictures of a run's samples ahead of the first hover. */
  load(run: string, sprite: Sprite | null, arrived: () => void): void {
    this.sprite = sprite;
    this.missing = new Set(sprite?.missing);
    this.drawn = -1;
    this.sheets = [];
    for (let i = 0; i < (sprite?.sheets ?? 0); i++) {
      const img = new Image();
      img.decoding = "async";
      img.fetchPriority = "low";
      img.addEventListener("load", () => {
        this.drawn = -1;
        arrived();
      });
      img.src = address.sheet(run, sprite!, i);
      this.sheets.push(img);
    }
  }

  hide(): void {
    this.el.hidden = true;
  }

  /** Shows the card beside the pixel (x, y) of a stage of this size. */
  show(f: Facts, x: number, y: number, width: number, height: number): void {
    this.el.hidden = false;
    this.draw(f.row);
    this.label.replaceChildren();
    if (f.label !== null) {
      const dot = h("i", { class: "dot" });
      dot.style.setProperty("--c", f.labelColour);
      this.label.append(dot, f.label);
    } else this.label.append("No label");
    const wrong = f.label !== null && typeof f.prediction === "string" && f.prediction !== f.label;
    this.verdict.classList.toggle("wrong", wrong);
    if (typeof f.prediction === "string") {
      const sure = f.confidence === null ? "" : ` \u00b7 ${percent(f.confidence)}`;
      this.verdict.replaceChildren(
        f.label === null ? "" : icon(wrong ? "cross" : "check"),
        h("span", {}, wrong ? `Predicted ${f.prediction}` : f.label === null ? `Predicted ${f.prediction}` : "Predicted right"),
        h("span", { class: "sure" }, sure),
      );
    } else this.verdict.replaceChildren(f.prediction === undefined ? "\u2026" : "");
    this.verdict.hidden = f.prediction === null;
    setText(this.details, `Sample ${f.id} \u00b7 epoch ${f.epoch}` + (f.loss === null ? "" : ` \u00b7 loss ${figure(f.loss)}`));

    const [left, top] = this.place(x, y, width, height);
    this.el.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** Beside the point; on a narrow stage at the bottom or the top, whichever is farther from it. */
  private place(x: number, y: number, width: number, height: number): [number, number] {
    const { offsetWidth: w, offsetHeight: h } = this.el;
    if (width < 560) return [8, y > height / 2 ? 52 : height - h - 46];
    const left = x + GAP + w > width - EDGE && x - GAP - w > EDGE ? x - GAP - w : Math.min(x + GAP, width - w - EDGE);
    return [Math.max(EDGE, left), Math.max(EDGE, Math.min(y - h / 2, height - h - EDGE))];
  }

  private draw(row: number): void {
    const s = this.sprite;
    const has = s !== null && !this.missing.has(row);
    this.picture.hidden = !has;
    if (!has || this.drawn === row) return;
    const img = this.sheets[Math.floor(row / s.per_sheet)];
    const tile = row % s.per_sheet;
    const c = this.picture;
    // Whole pixels look best enlarged by a whole number.
    const k = Math.max(1, Math.floor(84 / Math.max(s.width, s.height)));
    c.width = s.width * k;
    c.height = s.height * k;
    c.style.width = `${c.width}px`;
    c.style.height = `${c.height}px`;
    if (!img?.complete || img.naturalWidth === 0) return;
    const g = c.getContext("2d")!;
    g.imageSmoothingEnabled = false;
    g.drawImage(img, (tile % s.columns) * s.width, Math.floor(tile / s.columns) * s.height, s.width, s.height, 0, 0, c.width, c.height);
    this.drawn = row;
  }
}
