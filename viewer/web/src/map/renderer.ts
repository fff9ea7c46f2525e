// Draws a map with WebGL2. It knows frames, a camera's matrix and colours; nothing of runs, pages or the network.

import type { Frame, Shot } from "./cloud";
import { pointFragment, pointVertex, TIER } from "./shaders";

/** A colour with its opacity, each part from 0 to 1. */
export type RGBA = readonly [number, number, number, number];

/** How a map is painted, in CSS pixels where it is a length. */
export interface Paint {
  /** Radius of a point without its rim. */
  radius: number;
  rim: number;
  rimColour: RGBA;
  /** What remains of a point that is filtered out. */
  ghost: RGBA;
  /** The points of all epochs, as ground under those of the shot. */
  terrain: RGBA;
  /** Opacity of points out of focus. */
  fade: number;
  /** The ring around the point under the pointer. */
  ring: RGBA;
}

/** Bits of a row's flags. */
export const FLAG = { hidden: 1, focused: 2 } as const;

/** One drawing of the map. */
export interface Picture {
  shot: Shot;
  /** World to clip space, column-major (see camera.ts). */
  matrix: Float32Array;
  paint: Paint;
  /** Frames whose points make the ground; may be empty. */
  terrain: readonly Frame[];
  /** The row with a ring, or -1. */
  ringed: number;
}

/** What the renderer has done so far, for tests and the curious. */
export interface Counters {
  bytesUploaded: number;
  pictures: number;
  restored: number;
}

/**
 * A renderer on one canvas. Positions go to the GPU once, when upload is called, and stay there until keep is called
 * without them. Where the browser has no WebGL 2, works is false and nothing is drawn.
 */
export class Renderer {
  readonly counters: Counters = { bytesUploaded: 0, pictures: 0, restored: 0 };
  readonly works: boolean;
  private readonly gl: WebGL2RenderingContext;
  private program: WebGLProgram | null = null;
  private uniforms: Record<string, WebGLUniformLocation | null> = {};
  private buffers = new Map<Uint16Array, WebGLBuffer>();
  private categoryBuffer: WebGLBuffer | null = null;
  private flagBuffer: WebGLBuffer | null = null;
  private palette: WebGLTexture | null = null;
  // Kept so that everything can be uploaded again after the context was lost.
  private categories: Uint8Array = new Uint8Array(0);
  private flags: Uint8Array = new Uint8Array(0);
  private colours = new Uint8Array(256 * 4);
  private some = { hidden: false, focused: false };

  /** onRestored is called when a lost context is back and the map has to be drawn again. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    onRestored: () => void,
  ) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: true, powerPreference: "high-performance" });
    this.works = gl !== null;
    this.gl = gl!; // not touched unless works
    if (!gl) return;
    this.start();
    canvas.addEventListener("webglcontextlost", (e) => e.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.counters.restored++;
      this.start();
      onRestored();
    });
  }

  /** Fits the drawing buffer to the canvas's size on the page. */
  resize(width: number, height: number, density: number): void {
    const w = Math.max(1, Math.round(width * density));
    const h = Math.max(1, Math.round(height * density));
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
  }

  /** Brings frames to the GPU, those that are not there yet. */
  upload(frames: Iterable<Frame>): void {
    if (!this.works) return;
    for (const f of frames) {
      if (!this.buffers.has(f.quanta)) this.buffers.set(f.quanta, this.fill(f.quanta));
    }
  }

  /** Frees all frames but these. */
  keep(frames: Iterable<Frame>): void {
    if (!this.works) return;
    const kept = new Set(Array.from(frames, (f) => f.quanta));
    for (const [q, b] of this.buffers) {
      if (kept.has(q)) continue;
      this.gl.deleteBuffer(b);
      this.buffers.delete(q);
    }
  }

  /** Sets each row's place in the palette. */
  setCategories(categories: Uint8Array): void {
    if (!this.works) return;
    this.categories = categories;
    if (this.categoryBuffer) this.gl.deleteBuffer(this.categoryBuffer);
    this.categoryBuffer = this.fill(categories);
  }

  /** Sets the palette: up to 256 colours of four bytes, not premultiplied. */
  setPalette(colours: Uint8Array): void {
    if (!this.works) return;
    const { gl } = this;
    this.colours.fill(0);
    this.colours.set(colours.subarray(0, this.colours.length));
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, 1, gl.RGBA, gl.UNSIGNED_BYTE, this.colours);
    this.counters.bytesUploaded += this.colours.byteLength;
  }

  /** Sets each row's flags. */
  setFlags(flags: Uint8Array): void {
    if (!this.works) return;
    this.flags = flags;
    this.some = { hidden: false, focused: false };
    for (const f of flags) {
      if (f & FLAG.hidden) this.some.hidden = true;
      if (f & FLAG.focused) this.some.focused = true;
    }
    if (this.flagBuffer) this.gl.deleteBuffer(this.flagBuffer);
    this.flagBuffer = this.fill(flags);
  }

  /** Empties the canvas. */
  clear(): void {
    if (!this.works) return;
    const { gl } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /** Draws a picture over the whole canvas. density is device pixels per CSS pixel. */
  draw(p: Picture, density: number): void {
    const { gl, uniforms: u } = this;
    if (!this.works || gl.isContextLost() || !this.program) return;
    this.counters.pictures++;
    this.clear();
    const { from, to, t } = p.shot;
    this.upload([from, to, ...p.terrain]);
    const rows = from.quanta.length / from.dims;
    if (this.categories.length < rows || this.flags.length < rows) return; // samples are still on their way
    gl.useProgram(this.program);
    this.byte(2, this.categoryBuffer!);
    this.byte(3, this.flagBuffer!);
    gl.uniformMatrix4fv(u.view, false, p.matrix);
    gl.uniform1i(u.palette, 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.uniform1i(u.focusing, this.some.focused ? 1 : 0);
    gl.uniform1f(u.fade, p.paint.fade);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

    const { radius, rim, rimColour, ring } = p.paint;
    gl.uniform4fv(u.ghost, p.paint.terrain);
    for (const f of p.terrain) {
      this.between(f, f, 0);
      this.pass(TIER.terrain, true, radius * 0.8, 0, rimColour, density, 0, f.quanta.length / f.dims);
    }
    this.between(from, to, t);
    gl.uniform4fv(u.ghost, p.paint.ghost);
    const solid = from.dims === 3 || to.dims === 3;
    this.pass(TIER.hidden, this.some.hidden, radius * 0.8, 0, rimColour, density, 0, rows);
    this.pass(TIER.faded, this.some.focused, radius, 0, rimColour, density, 0, rows);
    // Only points in full write depth: what is faded must not cut holes into what lies behind it.
    if (solid) gl.enable(gl.DEPTH_TEST);
    gl.uniform1i(u.solid, solid ? 1 : 0);
    this.pass(TIER.full, true, radius, rim, rimColour, density, 0, rows);
    gl.disable(gl.DEPTH_TEST);
    gl.uniform1i(u.solid, 0);
    if (p.ringed >= 0 && p.ringed < rows) {
      this.pass(TIER.ringed, true, Math.max(radius + 2.5, 5), 2, ring, density, p.ringed, 1);
    }
  }

  /** Sets the frames that points lie between. */
  private between(from: Frame, to: Frame, t: number): void {
    const { gl, uniforms: u } = this;
    this.point(0, this.buffers.get(from.quanta)!, from.dims);
    this.point(1, this.buffers.get(to.quanta)!, to.dims);
    gl.uniform4f(u.placeFrom, ...from.placement.offset, from.placement.scale);
    gl.uniform4f(u.placeTo, ...to.placement.offset, to.placement.scale);
    gl.uniform1f(u.t, t);
  }

  private pass(
    tier: number,
    wanted: boolean,
    radius: number,
    rim: number,
    rimColour: RGBA,
    density: number,
    first: number,
    rows: number,
  ): void {
    if (!wanted) return;
    const { gl, uniforms: u } = this;
    gl.uniform1i(u.tier, tier);
    gl.uniform1f(u.diameter, 2 * (radius + rim) * density);
    gl.uniform1f(u.rim, rim * density);
    gl.uniform4fv(u.rimColour, rimColour);
    gl.drawArrays(gl.POINTS, first, rows);
  }

  /** Builds everything on the GPU, at the start and after the context was lost. */
  private start(): void {
    const { gl } = this;
    this.program = link(gl, pointVertex, pointFragment);
    this.uniforms = locations(gl, this.program);
    const quanta = [...this.buffers.keys()];
    this.buffers.clear();
    this.categoryBuffer = this.flagBuffer = null;
    this.palette = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 256, 1);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.setPalette(this.colours.slice());
    this.setCategories(this.categories);
    this.setFlags(this.flags);
    for (const q of quanta) this.buffers.set(q, this.fill(q));
  }

  private fill(data: ArrayBufferView): WebGLBuffer {
    const { gl } = this;
    const b = gl.createBuffer()!;
    gl.bindBuffer(gl.ARRAY_BUFFER, b);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    this.counters.bytesUploaded += data.byteLength;
    return b;
  }

  private point(location: number, b: WebGLBuffer, dims: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, b);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribIPointer(location, dims, gl.UNSIGNED_SHORT, dims * 2, 0);
  }

  private byte(location: number, b: WebGLBuffer): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, b);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribIPointer(location, 1, gl.UNSIGNED_BYTE, 1, 0);
  }
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const s = gl.createShader(kind)!;
    gl.shaderSource(s, source);
    gl.compileShader(s);
    gl.attachShader(program, s);
    if (!gl.getShaderParameter(s, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`shader: ${gl.getShaderInfoLog(s)}`);
    }
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`shader program: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

function locations(gl: WebGL2RenderingContext, p: WebGLProgram): Record<string, WebGLUniformLocation | null> {
  const out: Record<string, WebGLUniformLocation | null> = {};
  const n = (gl.getProgramParameter(p, gl.ACTIVE_UNIFORMS) as number) || 0;
  for (let i = 0; i < n; i++) {
    const name = gl.getActiveUniform(p, i)!.name;
    out[name] = gl.getUniformLocation(p, name);
  }
  return out;
}
