// The playhead: where between the logged epochs the page is. Positions count logged epochs, not their numbers:
// 2.5 is half-way between the third and the fourth. Time comes in as a parameter, in milliseconds.

/** How long one step of an arrow key or a jump takes. */
const GLIDE = 320;

/** Epochs per second at speed 1. */
export const PACE = 1.5;

/** How long a loop rests at its end. */
const REST = 900;

/** Slows a movement at both its ends, gently: what stands at an epoch is real, what is between is not. */
export function ease(t: number): number {
  return t + 0.75 * (t * t * (3 - 2 * t) - t);
}

/** A playhead over `count` epochs. */
export class Playhead {
  position = 0;
  playing = false;
  /** 1 is the usual pace. */
  speed = 1;
  /** Jump instead of gliding, for those who asked their system for less motion. */
  still = false;
  /** Somebody holds the playhead, and will move it on. */
  held = false;
  /** Play again from the start when the end is reached. */
  loop = false;
  private target: { from: number; to: number; start: number; duration: number } | null = null;
  private last = 0;
  private ended = 0; // when the end was reached, while it plays in a loop

  constructor(public count: number) {}

  /** The logged epoch that the playhead is at or nearest to. */
  get nearest(): number {
    return Math.max(0, Math.min(this.count - 1, Math.round(this.position)));
  }

  /** Where the playhead is bound for: the end of a glide, or where it is. */
  get heading(): number {
    return this.target ? this.target.to : this.nearest;
  }

  get moving(): boolean {
    return this.playing || this.target !== null;
  }

  /** Puts the playhead somewhere at once, and stops whatever moved it. */
  seek(position: number): void {
    this.playing = false;
    this.target = null;
    this.position = this.clamp(position);
  }

  /** Lets the playhead glide to a position. */
  glide(to: number, now: number): void {
    this.playing = false;
    to = this.clamp(to);
    if (this.still || to === this.position) {
      this.seek(to);
      return;
    }
    const far = Math.min(3, Math.max(1, Math.sqrt(Math.abs(to - this.position))));
    this.target = { from: this.position, to, start: now, duration: GLIDE * far };
  }

  /** Starts playing, from the beginning if the playhead is at the end. */
  play(now: number): void {
    if (this.count < 2) return;
    if (this.position >= this.count - 1 - 1e-6) this.position = 0;
    this.target = null;
    this.playing = true;
    this.last = now;
  }

  /** Stops, and glides on to the nearest epoch. */
  pause(now: number): void {
    this.playing = false;
    this.glide(this.nearest, now);
  }

  /** Moves the playhead on to `now`, and reports whether it moved. */
  tick(now: number): boolean {
    if (this.playing) {
      const passed = Math.max(0, Math.min(250, now - this.last)); // a page in the background does not leap
      this.last = now;
      this.position = this.clamp(this.position + (passed / 1000) * PACE * this.speed);
      if (this.position >= this.count - 1) {
        if (!this.loop) this.playing = false;
        else if (this.last - this.ended > REST) this.position = 0;
      } else this.ended = this.last;
      return true;
    }
    if (this.target === null) return false;
    const { from, to, start, duration } = this.target;
    const t = Math.min(1, Math.max(0, (now - start) / duration));
    this.position = from + (to - from) * (1 - Math.pow(1 - t, 3));
    if (t === 1) {
      this.position = to;
      this.target = null;
    }
    return true;
  }

  /** Keeps the playhead at its epoch when the list of epochs changes under it. */
  reindex(before: readonly number[], after: readonly number[]): void {
    const heading = this.target ? this.target.to : this.position;
    const low = Math.floor(heading);
    const at = after.indexOf(before[low]);
    this.count = after.length;
    if (before.length === 0) this.seek(0);
    else if (at < 0) this.seek(nearestEpoch(after, before[Math.min(this.nearest, before.length - 1)]));
    else if (at !== low) {
      // Epochs came in before the playhead: it keeps its place between the same two.
      const shift = at - low;
      this.position = this.clamp(this.position + shift);
      if (this.target) {
        this.target.from += shift;
        this.target.to = this.clamp(this.target.to + shift);
      }
    }
    if (this.playing && this.count < 2) this.playing = false;
  }

  private clamp(p: number): number {
    return Math.max(0, Math.min(this.count - 1, p));
  }
}

/** Returns the index of the epoch whose number is nearest to n; epochs ascend. */
export function nearestEpoch(epochs: readonly number[], n: number): number {
  let best = 0;
  for (let i = 1; i < epochs.length; i++) {
    if (Math.abs(epochs[i] - n) < Math.abs(epochs[best] - n)) best = i;
  }
  return best;
}

/**
 * Returns, for each logged epoch, the frame of a map that shows it: its own, or else the last one before it, or else
 * the first. frames are the epochs that the map has; -1 where it has none at all.
 */
export function framesOf(logged: readonly number[], frames: readonly number[]): Int32Array {
  const out = new Int32Array(logged.length).fill(frames.length ? 0 : -1);
  for (let i = 0, f = 0; i < logged.length; i++) {
    while (f + 1 < frames.length && frames[f + 1] <= logged[i]) f++;
    if (frames.length) out[i] = f;
  }
  return out;
}
