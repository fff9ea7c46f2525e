// Where the user looks at the map from, and how that moves on when nobody holds it.

import { between, home, isHome, orbit, pan, scale, zoomAt, type Camera, type View } from "../camera";
import { locate, type Shot } from "../cloud";

/** How long a flight takes, in milliseconds. */
const FLIGHT = 350;

export class Viewpoint {
  camera: Camera = home(2);
  private dims: 2 | 3 = 2; // that the camera was made for
  private flight: { from: Camera; to: Camera; start: number } | null = null;
  private kept: Camera | null = null; // from the address, until there is a map to look at
  private atHomeOf: { camera: Camera; dims: 2 | 3; is: boolean } | null = null;

  /** still says that nothing may fly, view what the camera looks through; invalidate asks for another frame. */
  constructor(
    private readonly still: () => boolean,
    private readonly view: () => View,
    private readonly invalidate: () => void,
  ) {}

  /** Looks from this camera as soon as there is a map. */
  start(c: Camera | null): void {
    this.kept = c;
  }

  /** Looks from here at once. */
  set(c: Camera): void {
    this.flight = null;
    this.camera = c;
  }

  /** Looks at the whole map at once. */
  home(): void {
    this.set(home(this.dims));
  }

  /** A map of so many dimensions is there. */
  takeMap(dims: 2 | 3): void {
    if (dims !== this.dims) {
      this.dims = dims;
      this.home();
    }
    if (this.kept) {
      this.camera = this.kept;
      this.kept = null;
    }
  }

  /** Flies on, and reports whether it flew. */
  tick(now: number): boolean {
    if (!this.flight) return false;
    const t = Math.min(1, (now - this.flight.start) / FLIGHT);
    this.camera = between(this.flight.from, this.flight.to, 1 - Math.pow(1 - t, 3));
    if (t === 1) this.flight = null;
    return true;
  }

  fly(to: Camera): void {
    if (this.still()) this.camera = to;
    else this.flight = { from: this.camera, to, start: performance.now() };
    this.invalidate();
  }

  /** Shows the whole map again. */
  reset(): void {
    this.fly(home(this.view().dims));
  }

  /** Zooms around the middle. */
  zoom(factor: number): void {
    const v = this.view();
    this.fly(zoomAt(this.goal, v, v.width / 2, v.height / 2, factor));
  }

  /** Moves on by some steps, to the right and down; a map in three dimensions turns. */
  nudge(right: number, down: number): void {
    const v = this.view();
    const from = this.goal;
    this.fly(v.dims === 3 ? orbit(from, right * 25, down * 25) : pan(from, v, (-right * v.width) / 8, (-down * v.height) / 8));
  }

  /** Goes where some rows of a shot are, all of them in sight. */
  visit(rows: readonly number[], shot: Shot): void {
    const p = new Float32Array(3);
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (const r of rows) {
      if (!locate(shot, r, p)) continue;
      for (let d = 0; d < 3; d++) [low[d], high[d]] = [Math.min(low[d], p[d]), Math.max(high[d], p[d])];
    }
    if (low[0] > high[0]) return;
    const v = this.view();
    const one = scale({ ...this.camera, zoom: 1 }, v);
    const wide = Math.max(0.05, high[0] - low[0], v.dims === 3 ? high[2] - low[2] : 0);
    const tall = Math.max(0.05, high[1] - low[1]);
    const zoom = Math.max(0.6, Math.min(24, Math.min((v.width * 0.7) / (wide * one), (v.height * 0.7) / (tall * one))));
    this.fly({ ...this.camera, x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, z: (low[2] + high[2]) / 2, zoom });
  }

  get atHome(): boolean {
    const camera = this.goal;
    const { dims } = this;
    if (this.atHomeOf?.camera !== camera || this.atHomeOf.dims !== dims) this.atHomeOf = { camera, dims, is: isHome(camera, dims) };
    return this.atHomeOf.is;
  }

  /** Where a flight ends, or else the camera. */
  private get goal(): Camera {
    return this.flight?.to ?? this.camera;
  }
}
