// The ground as a picture of its own: it stays where it is while points move over it, and is drawn only when it changes.

import type { Picture } from "./renderer";

/** What lies under a picture, kept on the GPU. */
export class Underlay {
  private readonly framebuffer: WebGLFramebuffer;
  private readonly store: WebGLRenderbuffer;
  private width = 0; // of the canvas, in device pixels
  private height = 0;
  private of: Picture["ground"] | null = null;
  private slots: Uint8Array | null = null;
  private colours: Uint8Array | null = null;
  private readonly numbers = new Float64Array(23); // the matrix, the port, and how points are drawn
  private readonly next = new Float64Array(23);

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.framebuffer = gl.createFramebuffer()!;
    this.store = gl.createRenderbuffer()!;
  }

  /** Puts the ground of p on the canvas; draw draws it where it is not what was drawn last. */
  show(p: Picture, radius: number, density: number, colours: Uint8Array, draw: () => void): void {
    const { gl, next, numbers } = this;
    const { width, height } = gl.canvas;
    next.set(p.matrix);
    next.set([p.port.x, p.port.y, p.port.width, p.port.height, radius, density, p.stride], 16);
    let same = this.of === p.ground && this.slots === p.slots[0] && this.colours === colours && this.width === width && this.height === height;
    for (let i = 0; same && i < next.length; i++) same = next[i] === numbers[i];
    if (!same) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
      if (this.width !== width || this.height !== height) {
        gl.bindRenderbuffer(gl.RENDERBUFFER, this.store);
        gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
        gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, this.store);
      }
      gl.clear(gl.COLOR_BUFFER_BIT);
      draw();
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      [this.of, this.slots, this.colours, this.width, this.height] = [p.ground, p.slots[0], colours, width, height];
      numbers.set(next);
    }
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.framebuffer);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
  }
}
