// Where everything stands on a saved picture: a heading, the map, and what its colours mean. Pure.

import { fit, widthOf, type Mark, type Sheet } from "./marks";

/** What the colours mean: names, or a scale. */
export type Key =
  { title: string; names: readonly { name: string; colour: string }[] } | { title: string; stops: readonly string[]; low: string; high: string };

/** Colours of the page. */
export interface Inks {
  ink: string;
  faint: string;
  paper: string;
}

const HEAD = 58;
const SIDE = 180; // of what the colours mean, at most
const PAD = 16;
const LINE = 20;

/** Puts a map of a size, with marks on it, on a sheet. */
export function compose(
  size: { width: number; height: number },
  inside: readonly Mark[],
  heading: string,
  caption: string,
  key: Key | null,
  inks: Inks,
): Sheet {
  const names = key && !("stops" in key) ? [...key.names.slice(0, 60).map((n) => n.name + "____"), key.title] : [];
  const side = !key ? 0 : "stops" in key ? SIDE : Math.min(SIDE, Math.max(132, ...names.map((n) => widthOf(n.slice(0, 60), 12) + PAD + 4)));
  const width = Math.ceil(size.width + side);
  const height = size.height + HEAD;
  const words = (x: number, y: number, text: string, room: number, size: number, bold: boolean, fill: string): Mark => ({
    kind: "words",
    x,
    y,
    text: fit(text, room, size),
    size,
    bold,
    fill,
    align: "start",
    halo: "",
  });
  const around: Mark[] = [words(PAD, 27, heading, width - 2 * PAD, 16, true, inks.ink), words(PAD, 47, caption, width - 2 * PAD, 12, false, inks.faint)];
  if (key) {
    const x = size.width + 4;
    const room = side - PAD - 4;
    let y = HEAD + 18;
    around.push(words(x, y, key.title, room, 12, false, inks.faint));
    if ("stops" in key) {
      around.push({ kind: "bar", x, y: y + 10, width: room, height: 10, stops: key.stops });
      around.push(words(x, y + 36, key.low, room / 2, 12, false, inks.ink));
      around.push({ ...words(x + room, y + 36, key.high, room / 2, 12, false, inks.ink), align: "end" } as Mark);
    } else {
      const limit = Math.max(1, Math.floor((height - y - PAD) / LINE));
      const shown = key.names.length > limit ? key.names.slice(0, limit - 1) : key.names;
      for (const n of shown) {
        y += LINE;
        around.push({ kind: "disc", x: x + 5, y: y - 4, radius: 4.5, fill: n.colour, rim: "", width: 0, opacity: 1 });
        around.push(words(x + 17, y, n.name, room - 17, 12, false, inks.ink));
      }
      if (shown.length < key.names.length)
        around.push(words(x + 17, y + LINE, `and ${key.names.length - shown.length} more`, room - 17, 12, false, inks.faint));
    }
  }
  return { width, height, paper: inks.paper, map: { x: 0, y: HEAD, ...size }, inside, around };
}

/** A file's name, without what file systems and people stumble over. */
export function fileName(parts: readonly string[], ending: string): string {
  const name = parts
    .map((p) =>
      p
        .normalize("NFC")
        .replace(/[\u0000--/:-@[-^`{-\u00bf\u2000-\u206f\u3000\ufffe\uffff]+/g, "-")
        .replace(/^[-.]+|[-.]+$/g, ""),
    )
    .filter(Boolean)
    .join("-");
  return `${Array.from(name).slice(0, 120).join("") || "zoetrope"}.${ending}`;
}

/** A film of a training: it rests at the first epoch, goes on to the last, and rests there. */
export interface Film {
  /** Seconds in all. */
  length: number;
  /** The playhead at a second. */
  at(second: number): number;
}

/** A film of so many epochs at a pace in epochs a second, faster where it would last for more than a minute. */
export function film(epochs: number, pace: number): Film {
  const [before, after] = [0.5, 1.3];
  const travel = Math.min(60, Math.max(0, epochs - 1) / pace);
  return {
    length: before + travel + after,
    at: (s) => (travel === 0 ? 0 : Math.max(0, Math.min(1, (s - before) / travel)) * (epochs - 1)),
  };
}
