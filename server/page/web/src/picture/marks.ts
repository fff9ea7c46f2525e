// A picture as a list of what is drawn on it, which an SVG and a canvas write alike. Lengths are CSS pixels.

export type Mark = Disc | Path | Words | Bar;

/** A filled circle, a ring, or a circle with a rim. */
export interface Disc {
  kind: "disc";
  x: number;
  y: number;
  radius: number;
  /** Empty is none. */
  fill: string;
  rim: string;
  width: number;
  opacity: number;
}

/** A line along an SVG path. */
export interface Path {
  kind: "path";
  d: string;
  stroke: string;
  width: number;
  opacity: number;
}

/** One line of text; y is its baseline. */
export interface Words {
  kind: "words";
  x: number;
  y: number;
  text: string;
  size: number;
  bold: boolean;
  fill: string;
  align: "start" | "middle" | "end";
  /** A colour around the letters, for text that lies on points; empty is none. */
  halo: string;
}

/** A scale of colours from left to right. */
export interface Bar {
  kind: "bar";
  x: number;
  y: number;
  width: number;
  height: number;
  stops: readonly string[];
}

/** A picture: a map, clipped to its place, and what stands around it. */
export interface Sheet {
  width: number;
  height: number;
  paper: string;
  /** Where the map is; its marks count from there. */
  map: { x: number; y: number; width: number; height: number };
  inside: readonly Mark[];
  around: readonly Mark[];
}

/** Text in one line of printable characters, as XML may hold it, that fits a width at a size by the usual width of letters. */
export function fit(text: string, width: number, size: number): string {
  const clean = text.slice(0, 1000).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff]+/g, " ");
  let room = width;
  let out = "";
  for (const one of clean) {
    const c = one >= "\ud800" && one <= "\udfff" && one.length === 1 ? "\ufffd" : one; // half of a letter
    room -= widthOf(c, size);
    if (room < 0) return Array.from(out).slice(0, -1).join("").trimEnd() + "\u2026";
    out += c;
  }
  return out;
}

/** About how wide a text is at a size. */
export function widthOf(text: string, size: number): number {
  let w = 0;
  for (const c of text) w += c > "\u2e7f" ? 1.05 : /[MWmw@%]/.test(c) ? 0.86 : /[ijlI.,:;'| ]/.test(c) ? 0.3 : /[A-Z]/.test(c) ? 0.68 : 0.57;
  return w * size;
}
