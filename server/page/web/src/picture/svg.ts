// Writes a sheet as SVG: pure.

import type { Disc, Mark, Sheet } from "./marks";

const FONT = "Inter, system-ui, sans-serif";

/** An SVG file of a sheet. Where points is the address of an image, it stands under the map's other marks. */
export function svg(s: Sheet, title: string, points = ""): string {
  const { map } = s;
  const [w, h] = [num(s.width), num(s.height)];
  const out = [
    `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="${FONT}">`,
    `<title>${text(title)}</title>`,
    `<rect width="${w}" height="${h}" fill="${s.paper}"/>`,
    `<svg x="${num(map.x)}" y="${num(map.y)}" width="${num(map.width)}" height="${num(map.height)}" overflow="hidden">`,
    points && `<image width="${num(map.width)}" height="${num(map.height)}" href="${text(points)}"/>`,
    ...marks(s.inside),
    `</svg>`,
    ...marks(s.around),
    `</svg>`,
  ];
  return out.filter(Boolean).join("\n") + "\n";
}

/** What discs that follow each other have in common is written once. */
function marks(list: readonly Mark[]): string[] {
  const out: string[] = [];
  let open = "";
  for (const m of list) {
    const group = m.kind === "disc" ? style(m) : "";
    if (group !== open) {
      if (open) out.push("</g>");
      if (group) out.push(group);
      open = group;
    }
    out.push(one(m));
  }
  if (open) out.push("</g>");
  return out;
}

function style(d: Disc): string {
  const o = num(d.opacity);
  return `<g fill-opacity="${o}" ${d.rim && d.width > 0 ? `stroke="${d.rim}" stroke-opacity="${o}" stroke-width="${num(d.width)}"` : `stroke="none"`}>`;
}

function one(m: Mark): string {
  switch (m.kind) {
    case "disc":
      return `<circle cx="${num(m.x)}" cy="${num(m.y)}" r="${num(m.radius)}" fill="${m.fill || "none"}"/>`;
    case "path":
      return `<path d="${m.d}" fill="none" stroke="${m.stroke}" stroke-width="${num(m.width)}" stroke-opacity="${num(m.opacity)}" stroke-linecap="round" stroke-linejoin="round"/>`;
    case "words": {
      const halo = m.halo ? ` paint-order="stroke" stroke="${m.halo}" stroke-width="4" stroke-opacity="0.82" stroke-linejoin="round"` : "";
      return `<text x="${num(m.x)}" y="${num(m.y)}" font-size="${m.size}" fill="${m.fill}"${m.bold ? ` font-weight="650"` : ""}${m.align === "start" ? "" : ` text-anchor="${m.align}"`}${halo}>${text(m.text)}</text>`;
    }
    case "bar": {
      const step = m.width / m.stops.length;
      return m.stops
        .map((c, i) => `<rect x="${num(m.x + i * step)}" y="${num(m.y)}" width="${num(step + 0.5)}" height="${num(m.height)}" fill="${c}"/>`)
        .join("");
    }
  }
}

function num(v: number): string {
  return String(+v.toFixed(2));
}

function text(s: string): string {
  return s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
