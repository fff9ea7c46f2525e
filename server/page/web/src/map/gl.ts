// What the drawing passes share of WebGL: programs, and arrays that are on the GPU.

/** What the renderer has done so far, for tests and the curious. */
export interface Counters {
  bytesUploaded: number;
  pictures: number;
  restored: number;
}

/** A program with its uniforms by name. It is made while the page goes on, and waited for when it is first used. */
export class Program {
  readonly handle: WebGLProgram;
  private readonly shaders: WebGLShader[];
  private known: Record<string, WebGLUniformLocation | null> | null = null;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
  ) {
    const program = (this.handle = gl.createProgram()!);
    const kinds = [gl.VERTEX_SHADER, gl.FRAGMENT_SHADER];
    this.shaders = [vertex, fragment].map((source, i) => {
      const s = gl.createShader(kinds[i])!;
      gl.shaderSource(s, source);
      gl.compileShader(s);
      gl.attachShader(program, s);
      return s;
    });
    gl.linkProgram(program);
  }

  get uniforms(): Record<string, WebGLUniformLocation | null> {
    return (this.known ??= this.find());
  }

  private find(): Record<string, WebGLUniformLocation | null> {
    const { gl, handle } = this;
    if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = this.shaders.map((s) => gl.getShaderInfoLog(s));
      throw new Error(`shader: ${[...logs, gl.getProgramInfoLog(handle)].join("\n")}`);
    }
    const found: Record<string, WebGLUniformLocation | null> = {};
    const n = (gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS) as number) || 0;
    for (let i = 0; i < n; i++) {
      const { name } = gl.getActiveUniform(handle, i)!;
      found[name] = gl.getUniformLocation(handle, name);
    }
    return found;
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
