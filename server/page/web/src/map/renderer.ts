// Draws a map with WebGL2. It knows frames, a camera's matrix and colours; nothing of runs, pages or the network.

import type { Frame, Shot } from "./cloud";
import { Arrays, Program, type Counters } from "./gl";
import { growth, RIM, ringRadius, tinge, type Paint, type RGBA } from "./paint";
import { pictureFragment, pictureVertex, pointFragment, pointVertex, TIER, trailFragment, trailVertex } from "./shaders";
import { Underlay } from "./underlay";

/** Points of one frame that lie under the others, in one colour. */
export interface Ground {
  frame: Frame;
  colour: RGBA;
  /** One row in so many is drawn. */
  stride: number;
}

/** Steps of samples through the epochs: a, b, time and palette slot, 8 numbers per step. */
export type Trails = Float32Array;

/** One drawing of a map in a part of the canvas. */
export interface Picture {
  shot: Shot;
  /** Each row's place in the palette at the two ends of the shot. */
  slots: readonly [Uint8Array, Uint8Array];
  flags: Uint8Array;
  /** Whether any of them is hidden. */
  hiding: boolean;
  /** The flag that sets rows off against the others; 0 is none. */
  emphasis: number;
  /** World to clip space, column-major (see camera.ts). */
  matrix: Float32Array;
  paint: Paint;
  ground: readonly Ground[];
  /** Another epoch's points, hollow; null is none. */
  echo: Frame | null;
  trails: Trails | null;
  /** Where in time the shot is, as trails count it. */
  now: number;
  /** The row with a ring that is part of the drawing, or -1. */
  ringed: number;
  /** Points are rings. */
  hollow: boolean;
  /** One row in so many is drawn. */
  stride: number;
  /** The part of the canvas in CSS pixels, from its top left. */
  port: { x: number; y: number; width: number; height: number };
}

/** Pictures of samples on sheets: row i has tile i % perSheet of sheet i / perSheet. */
export interface Sheets {
  images: readonly HTMLImageElement[];
  columns: number;
  perSheet: number;
  width: number;
  height: number;
}

/**
 * A renderer on one canvas. Arrays go to the GPU once, when they are first drawn or by upload, and stay there until keep
 * is called without them. Where the browser has no WebGL 2, works is false and nothing is drawn. The context is made when
 * it is first needed: that takes a while, in which the data can be on its way.
 */
export class Renderer {
  readonly counters: Counters = { bytesUploaded: 0, pictures: 0, restored: 0 };
  private begun = false;
  private able = false;
  private gl!: WebGL2RenderingContext; // not touched unless works
  private arrays!: Arrays;
  private points: Program | null = null;
  private pictures: Program | null = null;
  private lines: Program | null = null;
  private palette: WebGLTexture | null = null;
  private given: Uint8Array | null = null; // that the palette was last set to
  private underlay: Underlay | null = null;
  private textures = new Map<HTMLImageElement, WebGLTexture>();
  private sheets: Sheets | null = null;
  private colours = new Uint8Array(256 * 4); // kept for when the context is lost

  /** onRestored is called when a lost context is back and the map has to be drawn again. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly onRestored: () => void,
  ) {}

  /** Whether this browser draws maps. */
  get works(): boolean {
    if (!this.begun) this.begin();
    return this.able;
  }

  private begin(): void {
    this.begun = true;
    const { canvas } = this;
    const gl = canvas.getContext("webgl2", { antialias: false, depth: true, powerPreference: "high-performance" });
    if (!gl) return;
    this.able = true;
    this.gl = gl;
    this.arrays = new Arrays(gl, this.counters);
    this.start();
    canvas.addEventListener("webglcontextlost", (e) => e.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.counters.restored++;
      this.start();
      this.arrays.restore();
      this.onRestored();
    });
  }

  /** Makes what is not needed for points, so that it is there before it is. */
  prepare(): void {
    if (!this.works || this.gl.isContextLost()) return;
    this.pictures ??= new Program(this.gl, pictureVertex, pictureFragment);
    this.lines ??= new Program(this.gl, trailVertex, trailFragment);
  }

  /** Fits the drawing buffer to the canvas's size on the page. */
  resize(width: number, height: number, density: number): void {
    const w = Math.max(1, Math.round(width * density));
    const h = Math.max(1, Math.round(height * density));
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
  }

  /** Brings arrays to the GPU, those that are not there yet. */
  upload(arrays: Iterable<ArrayBufferView>): void {
    if (!this.works) return;
    for (const a of arrays) this.arrays.of(a);
  }

  /** Frees all arrays but these. */
  keep(arrays: Iterable<ArrayBufferView>): void {
    if (this.works) this.arrays.keep(new Set(arrays));
  }

  /** Sets the palette: up to 256 colours of four bytes, not premultiplied. */
  setPalette(colours: Uint8Array): void {
    if (!this.works || colours === this.given) return;
    const { gl } = this;
    this.given = colours;
    if (colours.every((v, i) => v === this.colours[i]) && colours !== this.colours) return;
    this.colours = colours.slice(0, 1024);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, 1, gl.RGBA, gl.UNSIGNED_BYTE, this.colours);
    this.counters.bytesUploaded += this.colours.byteLength;
  }

  /** Sets where samples' pictures are; they go to the GPU when they are first drawn. */
  setSheets(s: Sheets | null): void {
    if (s === this.sheets) return;
    this.sheets = s;
    for (const [image, t] of this.textures) {
      if (s?.images.includes(image)) continue;
      this.gl.deleteTexture(t);
      this.textures.delete(image);
    }
  }

  /** Draws pictures over the whole canvas; density is device pixels per CSS pixel. No pictures empty it. */
  draw(pictures: readonly Picture[], density: number): void {
    const { gl } = this;
    if (!this.works || gl.isContextLost() || !this.points) return;
    this.counters.pictures++;
    gl.disable(gl.SCISSOR_TEST);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    for (const p of pictures) {
      const { x, y, width, height } = p.port;
      const left = Math.round(x * density);
      const bottom = Math.round(this.canvas.height - (y + height) * density);
      gl.viewport(left, bottom, Math.round(width * density), Math.round(height * density));
      gl.scissor(left, bottom, Math.round(width * density), Math.round(height * density));
      gl.enable(gl.SCISSOR_TEST);
      this.one(p, density);
    }
  }

  private one(p: Picture, density: number): void {
    const { gl } = this;
    const { from, to } = p.shot;
    const rows = from.quanta.length / from.dims;
    if (Math.min(p.slots[0].length, p.slots[1].length, p.flags.length) < rows) return; // samples are still on their way
    const { uniforms: u, handle } = this.points!;
    const { radius, rim, rimColour, ring, picture } = p.paint;
    gl.useProgram(handle);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    this.set(u, p);
    gl.uniform1f(u.opacity, p.paint.opacity);
    gl.uniform1f(u.growth, growth(p.paint) * density);
    gl.uniform1i(u.hollow, 0);
    if (p.ground.length > 0) this.ground(p, density);
    if (p.trails) this.trails(p, density);
    gl.useProgram(handle);
    if (p.echo) {
      this.attributes(u, p.echo, p.echo, 0, p, p.stride);
      gl.uniform1i(u.hollow, 1);
      gl.uniform1f(u.fade, 0.5);
      this.pass(u, density, TIER.echo, radius, 1, rimColour, 0, Math.floor(rows / p.stride));
      gl.uniform1i(u.hollow, 0);
      gl.uniform1f(u.fade, p.paint.fade);
    }
    this.attributes(u, from, to, p.shot.t, p, p.stride);
    colour(gl, u.ghost, p.paint.ghost);
    const solid = from.dims === 3 || to.dims === 3;
    const count = Math.floor(rows / p.stride);
    if (p.hiding) this.pass(u, density, TIER.hidden, radius * 0.8, 0, rimColour, 0, count);
    if (p.emphasis !== 0) this.pass(u, density, TIER.faded, radius, 0, rimColour, 0, count);
    // Only points in full write depth: what is faded must not cut holes into what lies behind it.
    if (solid) gl.enable(gl.DEPTH_TEST);
    gl.uniform1i(u.solid, solid ? 1 : 0);
    gl.uniform1i(u.hollow, p.hollow ? 1 : 0);
    this.pass(u, density, TIER.full, radius, p.hollow ? 1.2 : rim, rimColour, 0, count);
    gl.uniform1i(u.hollow, 0);
    gl.disable(gl.DEPTH_TEST);
    gl.uniform1i(u.solid, 0);
    if (picture > 0 && this.sheets) this.tiles(p, density, rows);
    if (p.ringed >= 0 && p.ringed < rows && picture === 0) {
      gl.useProgram(handle);
      this.attributes(u, from, to, p.shot.t, p, 1);
      this.pass(u, density, TIER.ringed, ringRadius(p.paint), RIM, ring, p.ringed, 1);
    }
  }

  private ground(p: Picture, density: number): void {
    const { gl } = this;
    const radius = p.paint.radius * 0.8;
    this.underlay ??= new Underlay(gl);
    this.underlay.show(p, radius, density, this.colours, () => {
      const { uniforms: u } = this.points!;
      for (const g of p.ground) {
        const stride = Math.max(g.stride, p.stride);
        this.attributes(u, g.frame, g.frame, 0, p, stride);
        colour(gl, u.ghost, g.colour);
        this.pass(u, density, TIER.ground, radius, 0, p.paint.rimColour, 0, Math.floor(g.frame.quanta.length / g.frame.dims / stride));
      }
    });
  }

  /** Draws some rows' points, of those that belong to a tier. */
  private pass(u: Program["uniforms"], density: number, tier: number, radius: number, rim: number, rimColour: RGBA, first: number, count: number): void {
    const { gl } = this;
    gl.uniform1i(u.tier, tier);
    gl.uniform1f(u.diameter, 2 * (radius + rim) * density);
    gl.uniform1f(u.rim, rim * density);
    colour(gl, u.rimColour, rimColour);
    gl.drawArrays(gl.POINTS, first, count);
  }

  /** Draws rows as their pictures, sheet by sheet. */
  private tiles(p: Picture, density: number, rows: number): void {
    const { gl } = this;
    const s = this.sheets!;
    this.prepare();
    const { uniforms: u, handle } = this.pictures!;
    gl.useProgram(handle);
    this.set(u, p);
    this.attributes(u, p.shot.from, p.shot.to, p.shot.t, p, 1);
    gl.uniform1f(u.side, p.paint.picture * density);
    gl.uniform1f(u.border, Math.max(1, Math.min(2.5, p.paint.picture / 12)) * density);
    const long = Math.max(s.width, s.height);
    gl.uniform2f(u.shape, s.width / long, s.height / long);
    gl.uniform1i(u.perSheet, s.perSheet);
    gl.uniform1i(u.columns, s.columns);
    gl.uniform1i(u.sheet, 1);
    s.images.forEach((image, i) => {
      const texture = this.texture(image);
      if (!texture) return;
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.uniform2f(u.tile, s.width / image.naturalWidth, s.height / image.naturalHeight);
      const first = i * s.perSheet;
      const count = Math.min(s.perSheet, rows - first);
      for (const tier of p.emphasis !== 0 ? [TIER.faded, TIER.full] : [TIER.full]) {
        gl.uniform1i(u.tier, tier);
        if (count > 0) gl.drawArrays(gl.POINTS, first, count);
      }
    });
    gl.activeTexture(gl.TEXTURE0);
  }

  private texture(image: HTMLImageElement): WebGLTexture | null {
    const { gl } = this;
    const known = this.textures.get(image);
    if (known || !image.complete || image.naturalWidth === 0) return known ?? null;
    const t = gl.createTexture()!;
    this.textures.set(image, t);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, t);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.counters.bytesUploaded += image.naturalWidth * image.naturalHeight * 4;
    return t;
  }

  private trails(p: Picture, density: number): void {
    const { gl } = this;
    this.prepare();
    const { uniforms: u, handle } = this.lines!;
    gl.useProgram(handle);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.arrays.of(p.trails!));
    for (const [location, size, offset] of [
      [0, 3, 0],
      [1, 3, 12],
      [2, 2, 24],
    ]) {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, 32, offset);
      gl.vertexAttribDivisor(location, 1);
    }
    for (const location of [3, 4]) gl.disableVertexAttribArray(location);
    gl.uniformMatrix4fv(u.view, false, p.matrix);
    gl.uniform2f(u.window, p.port.width * density, p.port.height * density);
    gl.uniform1f(u.width, 1.4 * density);
    gl.uniform1f(u.now, p.now);
    gl.uniform1f(u.strength, p.paint.trail);
    gl.uniform1i(u.palette, 0);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, p.trails!.length / 8);
    for (const location of [0, 1, 2]) gl.vertexAttribDivisor(location, 0);
  }

  /** Sets what is the same in all passes of a picture. */
  private set(u: Program["uniforms"], p: Picture): void {
    const { gl } = this;
    gl.uniformMatrix4fv(u.view, false, p.matrix);
    gl.uniform1i(u.palette, 0);
    gl.uniform1i(u.emphasis, p.emphasis);
    gl.uniform1f(u.fade, p.paint.fade);
    colour(gl, u.markColour, p.paint.ring);
    gl.uniform1f(u.marking, tinge(p.paint));
  }

  /** Sets what points have each of their own, of every stride-th row, on their way from a frame to another. */
  private attributes(u: Program["uniforms"], from: Frame, to: Frame, t: number, p: Picture, stride: number): void {
    const { gl } = this;
    this.attribute(0, from.quanta, gl.UNSIGNED_SHORT, from.dims, from.dims * 2 * stride);
    this.attribute(1, to.quanta, gl.UNSIGNED_SHORT, to.dims, to.dims * 2 * stride);
    this.attribute(2, p.slots[0], gl.UNSIGNED_BYTE, 1, stride);
    this.attribute(3, p.slots[1], gl.UNSIGNED_BYTE, 1, stride);
    this.attribute(4, p.flags, gl.UNSIGNED_BYTE, 1, stride);
    placed(gl, u.placeFrom, from);
    placed(gl, u.placeTo, to);
    gl.uniform1f(u.t, t);
  }

  private attribute(location: number, a: ArrayBufferView, type: number, size: number, stride: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.arrays.of(a));
    gl.enableVertexAttribArray(location);
    gl.vertexAttribIPointer(location, size, type, stride, 0);
  }

  /** Builds what is on the GPU besides arrays, at the start and after the context was lost. */
  private start(): void {
    const { gl } = this;
    this.points = new Program(gl, pointVertex, pointFragment);
    this.pictures = this.lines = this.underlay = null;
    this.textures.clear();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.palette = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 256, 1);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.given = null;
    this.setPalette(this.colours);
  }
}

function colour(gl: WebGL2RenderingContext, at: WebGLUniformLocation | null, c: RGBA): void {
  gl.uniform4f(at, c[0], c[1], c[2], c[3]);
}

function placed(gl: WebGL2RenderingContext, at: WebGLUniformLocation | null, f: Frame): void {
  const { offset, scale } = f.placement;
  gl.uniform4f(at, offset[0], offset[1], offset[2], scale);
}
