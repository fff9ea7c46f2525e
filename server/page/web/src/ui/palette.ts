// Colours of classes. Both lists were found by search: hues near twelve familiar ones, such that any two stay apart for
// normal, protan, deutan and tritan sight (Machado et al. 2009); web/test/palette.test.ts measures it.

const LIGHT = ["#2072ae", "#dc7a12", "#2db47b", "#c04d6c", "#4b38ba", "#37c2f2", "#babb33", "#823513", "#f28bb9", "#786f14", "#ac73e9", "#a30c78"];
const DARK = ["#2d7ddf", "#f2a101", "#51d075", "#f874ab", "#c186fa", "#85eefe", "#e2e17e", "#c4816f", "#fbb1bf", "#778e16", "#abbaf6", "#bd4da7"];

export type Theme = "light" | "dark";

/** The colours that are told apart at a glance. */
export function base(theme: Theme): readonly string[] {
  return theme === "dark" ? DARK : LIGHT;
}

/** Classes that get a colour of their own; those after them have the same ones again. */
export const DISTINCT = 36;

/** The grey of samples without a label. */
export function grey(theme: Theme): string {
  return theme === "dark" ? "#8b8e98" : "#8d9098";
}

/** The colour of samples without a label: grey among others that have one, and a colour where none has. */
export function unlabelled(classes: number, theme: Theme): string {
  return classes > 0 ? grey(theme) : base(theme)[0];
}

/** The colour of class i. After the twelve come the same, darker, then lighter; then it begins again. */
export function colour(i: number, theme: Theme): string {
  if (i < 0) return grey(theme);
  const c = base(theme)[i % 12];
  const round = Math.floor(i / 12) % 3;
  return round === 0 ? c : round === 1 ? mix(c, "#000000", 0.38) : mix(c, "#ffffff", 0.45);
}

/** Stops of a scale whose lightness runs evenly (viridis), the end that stands out last. */
const RAMP = {
  light: ["#b8de29", "#6ece58", "#2fb47c", "#1f9a8a", "#287c8e", "#34618d", "#443a83", "#3b0f54"],
  dark: ["#433e85", "#365c8d", "#2a788e", "#21908d", "#27ad81", "#5cc863", "#a8db34", "#fde725"],
};

/** The colour at a place on the scale, from 0 to 1. */
export function ramp(t: number, theme: Theme): string {
  const stops = RAMP[theme];
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  return mix(stops[i], stops[i + 1], at - i);
}

/** A palette for the renderer: 256 colours, the first for rows without a value. */
export function texture(none: string, of: (slot: number) => string): Uint8Array {
  const out = new Uint8Array(256 * 4);
  for (let k = 0; k < 256; k++) {
    const [r, g, b] = rgb(k === 0 ? none : of(k));
    out.set([r, g, b, k === 0 ? 190 : 225], k * 4);
  }
  return out;
}

/** A sample's place in that palette. */
export function slot(label: number): number {
  return label < 0 ? 0 : (label % DISTINCT) + 1;
}

/** Red, green and blue of #rrggbb, from 0 to 255. */
export function rgb(hex: string): [number, number, number] {
  const v = parseInt(hex.slice(1), 16);
  return [v >> 16, (v >> 8) & 255, v & 255];
}

function mix(a: string, b: string, t: number): string {
  const [p, q] = [rgb(a), rgb(b)];
  return (
    "#" +
    p
      .map((v, i) =>
        Math.round(v + (q[i] - v) * t)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")
  );
}
