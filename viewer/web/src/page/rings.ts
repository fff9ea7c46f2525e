import { project, type View } from "../map/camera";
import { locate } from "../map/cloud";
import { RIM } from "../map/renderer";
import type { Pane } from "./scene";

/** The ring in one part of the stage, cut off at its edges, and what it was last set to. */
interface Part {
  box: SVGSVGElement;
  ring: SVGCircleElement;
  edges: string;
  circle: string;
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

  /** Rings a row in all parts of the stage, each seen through m; radius is that of the disc within, in the colour that fill says. */
  show(row: number, panes: readonly Pane[], m: Float32Array, v: View, radius: number, fill: (p: Pane) => string): void {
    panes.forEach((pane, i) => {
      const part = (this.parts[i] ??= this.make());
      const { spot: p, pixel: at } = this;
      let circle = "";
      if (locate(pane.shot, row, p)) {
        project(m, v, p, at);
        const w = m[3] * p[0] + m[7] * p[1] + m[11] * p[2] + m[15]; // what is farther is smaller, but for its rim
        circle = `${at[0].toFixed(1)} ${at[1].toFixed(1)} ${Math.max(0, (radius + RIM) / w - RIM / 2).toFixed(2)}`;
      }
      place(part, pane, circle, circle && fill(pane));
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
    const ring = document.createElementNS(ns, "circle");
    ring.setAttribute("stroke-width", String(RIM));
    box.append(ring);
    this.svg.append(box);
    this.shown = -1;
    return { box, ring, edges: "", circle: "", fill: "" };
  }
}

/** Touches the page only where something differs. */
function place(part: Part, p: Pane, circle: string, fill: string): void {
  const edges = `${p.x} ${p.y} ${p.width} ${p.height}`;
  if (part.edges !== edges) {
    part.edges = edges;
    set(part.box, ["x", "y", "width", "height"], edges);
  }
  if (part.circle !== circle) {
    part.circle = circle;
    set(part.ring, ["cx", "cy", "r"], circle || "0 0 0");
    part.ring.setAttribute("class", circle ? "" : "off");
  }
  if (circle && part.fill !== fill) part.ring.setAttribute("fill", (part.fill = fill));
}

function set(el: Element, names: readonly string[], values: string): void {
  values.split(" ").forEach((value, i) => el.setAttribute(names[i], value));
}
