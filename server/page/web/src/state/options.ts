// How the map is shown: pure.

/** What the user can set in the View menu. */
export interface Options {
  /** Factors of the usual size and opacity of points. */
  size: number;
  opacity: number;
  /** Names of the classes on the map. */
  names: boolean;
  /** Where any point is at any epoch, under those of this one. */
  ground: boolean;
  /** The previous epoch's points, hollow. */
  ghost: boolean;
  /** The ways of the selected samples. */
  trails: boolean;
  /** Lines of equal density. */
  contours: boolean;
  /** Pictures in place of points: when there is room for them, or never. */
  pictures: boolean;
  /** All epochs beside each other. */
  grid: boolean;
  /** Play again from the start. */
  loop: boolean;
  /** Another run over the open one, not beside it. */
  overlay: boolean;
}

export const USUAL: Readonly<Options> = {
  size: 1,
  opacity: 1,
  names: true,
  ground: true,
  ghost: false,
  trails: true,
  contours: false,
  pictures: true,
  grid: false,
  loop: false,
  overlay: false,
};

type Switch = { [K in keyof Options]: Options[K] extends boolean ? K : never }[keyof Options];

/** The options that are on or off. */
export const SWITCHES = (Object.keys(USUAL) as (keyof Options)[]).filter((k): k is Switch => typeof USUAL[k] === "boolean");

/** Writes what differs from the usual, for an address: "size1.5 ghost -names". */
export function format(o: Options): string {
  const parts: string[] = [];
  for (const k of ["size", "opacity"] as const) if (o[k] !== USUAL[k]) parts.push(k + String(+o[k].toFixed(2)));
  for (const k of SWITCHES) if (o[k] !== USUAL[k]) parts.push((o[k] ? "" : "-") + k);
  return parts.join(" ");
}

/** Reads what format wrote; the rest is as usual. */
export function parse(text: string): Options {
  const o: Options = { ...USUAL };
  for (const part of text.split(" ")) {
    const number = /^(size|opacity)(\d*\.?\d+)$/.exec(part);
    if (number) o[number[1] as "size" | "opacity"] = Math.min(4, Math.max(0.1, Number(number[2])));
    const name = part.replace(/^-/, "") as Switch;
    if (SWITCHES.includes(name)) o[name] = !part.startsWith("-");
  }
  return o;
}
