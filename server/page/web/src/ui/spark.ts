// A line as small as a word.

const SVG = "http://www.w3.org/2000/svg";

/** Draws values as a line with a dot at one of them; null leaves a gap. */
export function sparkline(values: readonly (number | null)[], at: number, width: number, height: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true");
  const { path, dot } = sparkPath(values, at, width, height);
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  if (dot) {
    const mark = document.createElementNS(SVG, "circle");
    mark.setAttribute("cx", dot[0].toFixed(1));
    mark.setAttribute("cy", dot[1].toFixed(1));
    mark.setAttribute("r", "2.5");
    svg.append(mark);
  }
  return svg;
}

/** The line's path and the place of its dot: pure. */
export function sparkPath(values: readonly (number | null)[], at: number, width: number, height: number): { path: string; dot: [number, number] | null } {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  if (known.length === 0) return { path: "", dot: null };
  let [low, high] = [known[0], known[0]];
  for (const v of known) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const x = (i: number) => 3 + (values.length > 1 ? i / (values.length - 1) : 0.5) * (width - 6);
  const y = (v: number) => height - 3 - (high > low ? (v - low) / (high - low) : 0.5) * (height - 6);
  let path = "";
  let pen = "M";
  values.forEach((v, i) => {
    if (v === null || !Number.isFinite(v)) pen = "M";
    else {
      path += `${pen}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
    }
  });
  const v = values[at];
  return { path, dot: v === null || v === undefined || !Number.isFinite(v) ? null : [x(at), y(v)] };
}
