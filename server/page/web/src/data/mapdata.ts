// A map with the frames that have arrived so far.

import { place, strideOf, type Frame } from "../map/cloud";
import { getFrames, type Layout } from "./api";
import { archived } from "./archive";

/** Positions fetched by one request, in bytes, at most: then others get their turn. */
const BATCH = 4 << 20;

/** A map of more bytes than this begins with the epoch that is looked at, so that the first picture comes soon. */
const SMALL = 512 << 10;

/** Of a map of more rows than this, about as many of one epoch come first. */
const SKETCH = 60_000;

export class MapData {
  /** One per epoch of layout.epochs; null until it is here. */
  readonly frames: (Frame | null)[];
  /** Some rows of a large map, evenly, to look at until its frames come; null is none. */
  sketch: Frame | null = null;
  /** How many frames are here. */
  here = 0;

  constructor(
    readonly layout: Layout,
    before?: MapData,
  ) {
    // A map that only grew keeps its frames: their addresses, and so their bytes, are the same.
    const same = before && before.layout.positions === layout.positions && before.layout.rows === layout.rows;
    const placement = place(layout);
    this.frames = layout.epochs.map((e) => {
      const f = same ? before.frames[before.layout.epochs.indexOf(e)] : null;
      return f ? { ...f, placement } : null;
    });
    this.here = this.loaded.length;
  }

  /** The frame of the i-th epoch or, while that is on its way, the nearest one that is here. */
  frame(i: number): Frame | null {
    for (let d = 0; d < this.frames.length; d++) {
      const f = this.frames[i - d] ?? this.frames[i + d];
      if (f) return f;
    }
    return null;
  }

  get loaded(): Frame[] {
    return this.frames.filter((f) => f !== null);
  }

  /** Fetches what is missing, starting near the epoch with index `near`; calls arrived after each batch, and for a sketch. */
  async load(near: number, sketched: boolean, arrived: () => void): Promise<void> {
    const { rows, epochs } = this.layout;
    if (sketched && !archived() && rows > 2 * SKETCH && epochs.length > 0) {
      [this.sketch] = await getFrames(this.layout, [epochs[near]], strideOf(rows / SKETCH));
      arrived();
    }
    const wanted = this.frames.flatMap((f, i) => (f ? [] : [i])).sort((a, b) => Math.abs(a - near) - Math.abs(b - near));
    const size = Math.max(1, this.layout.rows * this.layout.dims * 2);
    const per = Math.max(1, Math.floor(BATCH / size));
    let take = wanted.length * size <= SMALL ? wanted.length : 1;
    while (wanted.length > 0) {
      const batch = wanted.splice(0, take).sort((a, b) => a - b);
      take = per;
      const frames = await getFrames(
        this.layout,
        batch.map((i) => this.layout.epochs[i]),
      );
      batch.forEach((i, k) => (this.frames[i] = frames[k]));
      this.here = this.loaded.length;
      this.sketch = null;
      arrived();
    }
  }
}
