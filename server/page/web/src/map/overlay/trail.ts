import { project, type View } from "../camera";
import { locate, type Frame } from "../cloud";

/** The way of one sample through all epochs, as a line over the map. */
export class Trail {
  private readonly line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  private readonly stops = document.createElementNS("http://www.w3.org/2000/svg", "path");
  private shown = true;

  constructor(private readonly svg: Element) {
    this.line.setAttribute("class", "way");
    this.stops.setAttribute("class", "stops");
    svg.append(this.line, this.stops);
  }

  hide(): void {
    if (this.shown) this.svg.setAttribute("class", "off");
    this.shown = false;
  }

  /** Draws the way of a row through frames, seen through the matrix m. */
  show(frames: readonly (Frame | null)[], row: number, m: Float32Array, v: View, tint: string): void {
    const { line, stops } = way(frames, row, m, v);
    this.line.setAttribute("d", line);
    this.stops.setAttribute("d", stops);
    this.svg.setAttribute("class", "");
    this.shown = true;
    (this.svg as SVGElement).style.setProperty("--c", tint);
  }
}

/** The way of a row through frames as SVG paths: a line, and a dot for each epoch where they are not too many. */
export function way(frames: readonly (Frame | null)[], row: number, m: Float32Array, v: View): { line: string; stops: string } {
  const p = new Float32Array(3);
  const at: [number, number] = [0, 0];
  let line = "";
  let stops = "";
  for (const f of frames) {
    if (!f || !locate({ from: f, to: f, t: 0 }, row, p)) continue;
    project(m, v, p, at);
    const xy = `${at[0].toFixed(1)} ${at[1].toFixed(1)}`;
    line += (line === "" ? "M" : "L") + xy;
    if (frames.length <= 60) stops += `M${xy}h0`;
  }
  return { line, stops };
}
