// How a map is painted: sizes and colours of points, and of what sets some of them off.

/** A colour with its opacity, each part from 0 to 1. */
export type RGBA = readonly [number, number, number, number];

/** How a map is painted, in CSS pixels where it is a length. */
export interface Paint {
  /** Radius of a point without its rim. */
  radius: number;
  rim: number;
  rimColour: RGBA;
  opacity: number;
  /** What remains of a point that is filtered out. */
  ghost: RGBA;
  /** Opacity of points that others are set off against. */
  fade: number;
  /** How much what is selected differs by size and rim, from 0 to 1. */
  marking: number;
  /** The ring around the point under the pointer, and the rim of what is selected. */
  ring: RGBA;
  /** The side of a picture; 0 draws none. */
  picture: number;
  /** Opacity of the trails. */
  trail: number;
}

/** What a selected point is wider, in CSS pixels; a fifth of it goes to its rim on either side (see shaders.ts). */
export function growth(p: Paint): number {
  return 3 * p.marking;
}

/** How much of the ring's colour the rim of a selected point has. */
export function tinge(p: Paint): number {
  return Math.min(1, 3 * p.marking);
}

/** The width of the ring around a point, in CSS pixels. */
export const RIM = 2;

/** The radius of the disc within that ring, which covers the point. */
export function ringRadius(p: Paint): number {
  return Math.max(p.radius + 2.5, 5);
}

/** Bits of a row's flags. */
export const FLAG = { hidden: 1, focused: 2, selected: 4 } as const;
