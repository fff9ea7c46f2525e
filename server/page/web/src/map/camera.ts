// Where one looks at the map from: pure arithmetic, no canvas.

/** A camera in world units (see cloud.ts). In two dimensions z, yaw and pitch are 0. */
export interface Camera {
  x: number;
  y: number;
  z: number;
  /** 1 shows the whole map. */
  zoom: number;
  /** Radians around the vertical axis, then around the horizontal one. */
  yaw: number;
  pitch: number;
}

/** The window through which a camera looks, in CSS pixels, and the box that zoom 1 shows. */
export interface View {
  width: number;
  height: number;
  dims: 2 | 3;
  extent: readonly [number, number, number];
}

/** How far one can go in and out. Beyond 200 a quantum of the positions is wider than a pixel. */
export const ZOOM = { min: 0.4, max: 200 };

/** Pixels kept free around the map at zoom 1. */
const MARGIN = 44;

/** The strength of the perspective in three dimensions. */
const PERSPECTIVE = 0.22;

/** The camera that shows the whole map. */
export function home(dims: 2 | 3): Camera {
  return dims === 3 ? { x: 0, y: 0, z: 0, zoom: 1, yaw: 0.6, pitch: 0.35 } : { x: 0, y: 0, z: 0, zoom: 1, yaw: 0, pitch: 0 };
}

/** Reports whether a camera still is where home put it. */
export function isHome(c: Camera, dims: 2 | 3): boolean {
  const h = home(dims);
  return same(c.x, h.x) && same(c.y, h.y) && same(c.zoom, h.zoom) && same(c.yaw, h.yaw) && same(c.pitch, h.pitch);
}

function same(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-3;
}

/** Pixels per world unit at the camera's zoom. */
export function scale(c: Camera, v: View): number {
  const margin = Math.min(MARGIN, v.width / 8, v.height / 8);
  const w = Math.max(1, v.width - 2 * margin);
  const h = Math.max(1, v.height - 2 * margin);
  if (v.dims === 3) {
    // Any turn around the upright axis has room, but for the corners of the box, where hardly anything lies.
    const around = Math.hypot(v.extent[0], v.extent[2]);
    return (c.zoom * Math.min(w / around, h / Math.hypot(v.extent[1], around / 2))) / 2;
  }
  return (c.zoom * Math.min(w / v.extent[0], h / v.extent[1])) / 2;
}

/** Writes the column-major matrix from world to clip space. */
export function matrix(c: Camera, v: View, m: Float32Array): Float32Array {
  const s = scale(c, v);
  const sx = (2 * s) / v.width;
  const sy = (2 * s) / v.height;
  const cy = Math.cos(c.yaw);
  const sn = Math.sin(c.yaw);
  const cp = Math.cos(c.pitch);
  const sp = Math.sin(c.pitch);
  // Columns of the rotation: yaw, then pitch. Depth grows away from the eye.
  column(m, 0, sx * cy, sy * sp * sn, -cp * sn, v.dims);
  column(m, 4, 0, sy * cp, sp, v.dims);
  column(m, 8, sx * sn, -sy * sp * cy, cp * cy, v.dims);
  for (let r = 0; r < 4; r++) m[12 + r] = (r === 3 ? 1 : 0) - (m[r] * c.x + m[4 + r] * c.y + m[8 + r] * c.z);
  return m;
}

/** Writes what one axis of the world comes to; depth has a small share of the third dimension, and the perspective. */
function column(m: Float32Array, at: number, x: number, y: number, depth: number, dims: 2 | 3): void {
  m[at] = x;
  m[at + 1] = y;
  m[at + 2] = dims === 3 ? -0.3 * depth : 0;
  m[at + 3] = dims === 3 ? -PERSPECTIVE * depth : 0;
}

/** Writes the pixel at which a world position is seen. */
export function project(m: Float32Array, v: View, p: ArrayLike<number>, out: [number, number]): [number, number] {
  const w = m[3] * p[0] + m[7] * p[1] + m[11] * p[2] + m[15];
  out[0] = ((m[0] * p[0] + m[4] * p[1] + m[8] * p[2] + m[12]) / w / 2 + 0.5) * v.width;
  out[1] = (0.5 - (m[1] * p[0] + m[5] * p[1] + m[9] * p[2] + m[13]) / w / 2) * v.height;
  return out;
}

/** Moves the map by some pixels. */
export function pan(c: Camera, v: View, dx: number, dy: number): Camera {
  const s = scale(c, v);
  const [cy, sn] = [Math.cos(c.yaw), Math.sin(c.yaw)];
  const [cp, sp] = [Math.cos(c.pitch), Math.sin(c.pitch)];
  const right = -dx / s;
  const up = dy / s;
  return bounded({
    ...c,
    x: c.x + right * cy + up * sp * sn,
    y: c.y + up * cp,
    z: c.z + right * sn - up * sp * cy,
  });
}

/** Zooms by a factor, keeping what is under the pixel (px, py) where it is. */
export function zoomAt(c: Camera, v: View, px: number, py: number, factor: number): Camera {
  const zoom = Math.min(ZOOM.max, Math.max(ZOOM.min, c.zoom * factor));
  const k = zoom / c.zoom;
  // At the new zoom, the point under the pixel has moved away from the centre by k.
  const dx = (px - v.width / 2) * (1 - k);
  const dy = (py - v.height / 2) * (1 - k);
  return pan({ ...c, zoom }, v, dx, dy);
}

/** Turns a camera around what it looks at, as if the map were a ball under the pointer. */
export function orbit(c: Camera, dx: number, dy: number): Camera {
  const limit = Math.PI / 2 - 0.05;
  return { ...c, yaw: wrap(c.yaw + dx * 0.008), pitch: Math.min(limit, Math.max(-limit, c.pitch + dy * 0.008)) };
}

/** An angle from -π to π, however often it went around. */
function wrap(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** A camera between two others; t from 0 to 1. Zoom goes by ratio, so that it feels even. */
export function between(a: Camera, b: Camera, t: number): Camera {
  const mix = (p: number, q: number) => p + (q - p) * t;
  return {
    x: mix(a.x, b.x),
    y: mix(a.y, b.y),
    z: mix(a.z, b.z),
    zoom: a.zoom * Math.pow(b.zoom / a.zoom, t),
    yaw: a.yaw + wrap(b.yaw - a.yaw) * t, // the short way around
    pitch: mix(a.pitch, b.pitch),
  };
}

/** Keeps the map's box within reach, so that nobody gets lost in empty space. */
function bounded(c: Camera): Camera {
  const clamp = (x: number) => Math.min(1.5, Math.max(-1.5, x));
  return { ...c, x: clamp(c.x), y: clamp(c.y), z: clamp(c.z) };
}
