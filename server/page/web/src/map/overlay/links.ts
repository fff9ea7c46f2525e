import { project, type View } from "../camera";
import { locate, type Shot } from "../cloud";
import { neighboursOf, type Neighbourhoods } from "../../data/neighbourhood";

/** Lines from a sample to its nearest ones in the original space, over the map. */
export class Links {
  private readonly path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  private shown = true;

  constructor(private readonly svg: Element) {
    svg.append(this.path);
  }

  hide(): void {
    if (!this.shown) return;
    this.shown = false;
    this.path.setAttribute("d", "");
    this.svg.setAttribute("data-rows", "");
  }

  show(n: Neighbourhoods, row: number, shot: Shot, m: Float32Array, v: View): void {
    const near = neighboursOf(n, row);
    this.shown = true;
    this.path.setAttribute("d", spokes(near, row, shot, m, v));
    this.svg.setAttribute("data-rows", near.join(" "));
  }
}

/** Lines from a row to others, each with a ring at its end, as an SVG path. */
export function spokes(near: readonly number[], row: number, shot: Shot, m: Float32Array, v: View): string {
  const p = new Float32Array(3);
  const at: [number, number] = [0, 0];
  const place = (r: number) => {
    if (!locate(shot, r, p)) return "";
    project(m, v, p, at);
    return `${at[0].toFixed(1)} ${at[1].toFixed(1)}`;
  };
  const centre = place(row);
  return (
    centre &&
    near
      .map(place)
      .map((to) => to && `M${centre}L${to}m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.500 0 1 0 -5 0`)
      .join("")
  );
}
