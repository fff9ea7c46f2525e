// What the drawing passes share of WebGL: programs, and arrays that are on the GPU.

/** What the renderer has done so far, for tests and the curious. */
export interface Counters {
  bytesUploaded: number;
  pictures: number;
  restored: number;
}

/** A program with its uniforms by name. */
export class Program {
  readonly handle: WebGLProgram;
  readonly uniforms: Record<string, WebGLUniformLocation | null> = {};

  constructor(gl: WebGL2RenderingContext, vertex: string, fragment: string) {
    this.handle = link(gl, vertex, fragment);
    const n = (gl.getProgramParameter(this.handle, gl.ACTIVE_UNIFORMS) as number) || 0;
    for (let i = 0; i < n; i++) {
      const { name } = gl.getActiveUniform(this.handle, i)!;
      this.uniforms[name] = gl.getUniformLocation(this.handle, name);
    }
  }
}

/** Arrays on the GPU, each named by the array that it came from: what is there is never uploaded twice. */
export class Arrays {
  private buffers = new Map<ArrayBufferView, WebGLBuffer>();

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly counters: Counters,
  ) {}

  /** The buffer with an array's content. */
  of(a: ArrayBufferView): WebGLBuffer {
    let b = this.buffers.get(a);
    if (!b) this.buffers.set(a, (b = this.fill(a)));
    return b;
  }

  /** Frees all but these. */
  keep(wanted: ReadonlySet<ArrayBufferView>): void {
    for (const [a, b] of this.buffers) {
      if (wanted.has(a)) continue;
      this.gl.deleteBuffer(b);
      this.buffers.delete(a);
    }
  }

  /** After the context was lost: brings everything back. */
  restore(): void {
    for (const a of this.buffers.keys()) this.buffers.set(a, this.fill(a));
  }

  private fill(a: ArrayBufferView): WebGLBuffer {
    const { gl } = this;
    const b = gl.createBuffer()!;
    gl.bindBuffer(gl.ARRAY_BUFFER, b);
    gl.bufferData(gl.ARRAY_BUFFER, a, gl.STATIC_DRAW);
    this.counters.bytesUploaded += a.byteLength;
    return b;
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
