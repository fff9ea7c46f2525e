import { project, type View } from "../camera";
import { locate } from "../cloud";
import { RIM } from "../paint";
import type { Pane } from "./scene";

/** What lies within a ring, in CSS pixels: a disc, or a picture. */
export interface Within {
  width: number;
  height: number;
  round: boolean;
}

/** The ring in one part of the stage, cut off at its edges, and what it was last set to. */
interface Part {
  box: SVGSVGElement;
  ring: SVGRectElement;
  edges: string;
  shape: string;
  fill: string;
}

/**
 * The rings around the sample that is pointed at or in focus, one in each part of the stage. They are elements over the
 * map, so that pointing at another sample does not draw all the others again.
 */
export class Rings {
  private readonly parts: Part[] = [];
  private shown = 0; // of the parts, from the first one on
  private readonly spot = new Float32Array(3);
  private readonly pixel: [number, number] = [0, 0];

  constructor(private readonly svg: Element) {}

  hide(): void {
    this.keep(0);
  }

  /** Rings a row in all parts of the stage, each seen through m; a disc within has the colour that fill says. */
  show(row: number, panes: readonly Pane[], m: Float32Array, v: View, within: Within, fill: (p: Pane) => string): void {
    panes.forEach((pane, i) => {
      const part = (this.parts[i] ??= this.make());
      const { spot: p, pixel: at } = this;
      let shape = "";
      if (locate(pane.shot, row, p)) {
        project(m, v, p, at);
        const w = m[3] * p[0] + m[7] * p[1] + m[11] * p[2] + m[15]; // what is farther is smaller, but for its rim
        const wide = Math.max(0, (within.width + 2 * RIM) / w - RIM);
        const tall = Math.max(0, (within.height + 2 * RIM) / w - RIM);
        shape = [at[0] - wide / 2, at[1] - tall / 2, wide, tall, within.round ? wide / 2 : RIM].map((x) => x.toFixed(2)).join(" ");
      }
      place(part, pane, shape, within.round ? shape && fill(pane) : "none");
    });
    this.keep(panes.length);
  }

  private keep(count: number): void {
    if (count === this.shown) return;
    this.parts.forEach((p, i) => p.box.setAttribute("class", i < count ? "" : "off"));
    this.shown = count;
  }

  private make(): Part {
    const ns = "http://www.w3.org/2000/svg";
    const box = document.createElementNS(ns, "svg");
    const ring = document.createElementNS(ns, "rect");
    ring.setAttribute("stroke-width", String(RIM));
    box.append(ring);
    this.svg.append(box);
    this.shown = -1;
    return { box, ring, edges: "", shape: "", fill: "" };
  }
}

/** Touches the page only where something differs. */
function place(part: Part, p: Pane, shape: string, fill: string): void {
  const edges = `${p.x} ${p.y} ${p.width} ${p.height}`;
  if (part.edges !== edges) {
    part.edges = edges;
    set(part.box, ["x", "y", "width", "height"], edges);
  }
  if (part.shape !== shape) {
    part.shape = shape;
    set(part.ring, ["x", "y", "width", "height", "rx"], shape || "0 0 0 0 0");
    part.ring.setAttribute("class", shape ? "" : "off");
  }
  if (shape && part.fill !== fill) part.ring.setAttribute("fill", (part.fill = fill));
}

function set(el: Element, names: readonly string[], values: string): void {
  values.split(" ").forEach((value, i) => el.setAttribute(names[i], value));
}
