// Another run beside the one that is open, or another map of the same run: its map and what is known of its samples, brought into the order of the open
// run's rows by their ids, so that colours, filters and selections mean the same samples in both.

import type { Values } from "../data/columns";
import { Facts } from "../data/facts";
import { MapData } from "../data/mapdata";
import * as api from "../data/api";
import type { Epoch, Layout, Projection, Quality, Run, Samples, Series } from "../data/api";
import { ease, framesOf } from "../map/playhead";
import { MISSING, type Frame, type Shot } from "../map/cloud";
import { recode, reorder } from "./reorder";

/** What is known of a run. */
interface Known {
  epochs: readonly Epoch[];
  samples: Samples | null;
  series: Series[];
  projections: readonly Projection[];
}

async function all(run: string): Promise<Known> {
  const [epochs, samples, { series }, projections] = await Promise.all([
    api.getEpochs(run),
    api.getSamples(run),
    api.getMetrics(run, 0),
    api.getProjections(run),
  ]);
  return { epochs, samples, series, projections };
}

export class Comparison {
  epochs: Epoch[] = [];
  numbers: number[] = [];
  series: Series[] = [];
  /** Samples that both runs have. */
  shared = 0;
  /** Whether it lies on the same map as the open run, so that places compare. */
  together = false;
  readonly facts: Facts;
  /** How far its map can be trusted; null while that is measured, and for a provisional one. */
  quality: Quality | null = null;
  private map: MapData | null = null;
  private frameOf: Int32Array = new Int32Array(0);
  private rows: Int32Array = new Int32Array(0); // its row of each of the open run's rows, -1 for none
  private frames = new WeakMap<Frame, Frame>();
  private ordered = new WeakMap<Values, Values>();

  /** wanted is a map of the open run, "provisional" among them; null is another run, on the open one's map if it is there. */
  constructor(
    readonly run: Run,
    readonly wanted: string | null,
    private readonly samples: Samples,
    private readonly changed: () => void,
    failed: (e: unknown) => void,
  ) {
    this.facts = new Facts(changed, failed);
  }

  /** What its address is: that of a map, or of a run. */
  get key(): string {
    return this.wanted ?? this.run.id;
  }

  /** The map that it shows; null until that is known. */
  get layout(): Layout | null {
    return this.map?.layout ?? null;
  }

  /** Fetches everything but what is known; projection is the map of the open run. */
  async load(projection: string | null, known: Known | null): Promise<void> {
    const { id } = this.run;
    const { epochs, samples, series, projections } = known ?? (await all(id));
    if (!samples) return;
    this.epochs = [...epochs];
    this.numbers = epochs.map((e) => e.number);
    this.series = series;
    const place = new Map(samples.ids.map((s, i) => [s, i]));
    this.rows = Int32Array.from(this.samples.ids, (s) => place.get(s) ?? -1);
    this.shared = this.rows.reduce((n, r) => n + (r >= 0 ? 1 : 0), 0);
    this.facts.open(id);
    this.facts.setSamples(samples);
    this.facts.setEpochs(this.epochs);
    const own =
      this.wanted === null ? (projections.find((p) => p.projection === projection) ?? projections[0]) : projections.find((p) => p.projection === this.wanted);
    this.together = own !== undefined && own.projection === projection;
    await api.settled(() => this.loadMap(own));
  }

  private async loadMap(own: Projection | undefined): Promise<void> {
    const { id } = this.run;
    const layout = own ? await api.getLayout(own.projection, id) : await api.getProvisional(id);
    if (!layout) return;
    this.map = new MapData(layout);
    this.frameOf = framesOf(this.numbers, layout.epochs);
    this.facts.setMap(this.map, this.frameOf, api.spaceOf(own));
    await this.map.load(layout.epochs.length - 1, false, () => this.changed());
    if (own) void this.measure(own.projection);
  }

  private async measure(projection: string): Promise<void> {
    try {
      this.quality = await api.getQuality(projection);
      this.changed();
    } catch {
      // the figures stay away, as they do where they are not defined
    }
  }

  /** Where it is at an epoch, maybe between two; null until its frames are here. */
  shot(epoch: number): { shot: Shot; from: number; to: number; at: number } | null {
    const position = positionOf(this.numbers, epoch);
    const from = Math.floor(position);
    const to = Math.min(from + 1, this.numbers.length - 1);
    const [a, b] = [this.frame(from), this.frame(to)];
    if (!a || !b) return null;
    return { shot: { from: a, to: b, t: position === from ? 0 : ease(position - from) }, from, to, at: Math.round(position) };
  }

  /** A column's values at its i-th epoch, in the open run's rows and with its classes. */
  values(key: string, i: number, classes: readonly string[] | null): Values | null {
    const v = this.facts.values(key, i);
    if (!v) return null;
    let o = this.ordered.get(v);
    if (!o) this.ordered.set(v, (o = reorder(classes ? recode(v, classes) : v, this.rows)));
    return o;
  }

  /** Its row of one of the open run's rows, or -1. */
  rowOf(row: number): number {
    return this.rows[row] ?? -1;
  }

  private frame(i: number): Frame | null {
    const at = this.frameOf[i] ?? -1;
    const f = at < 0 ? null : (this.map?.frame(at) ?? null);
    if (!f) return null;
    let mine = this.frames.get(f);
    if (!mine) {
      const quanta = new Uint16Array(this.rows.length * f.dims).fill(MISSING);
      this.rows.forEach((r, k) => {
        if (r >= 0) quanta.set(f.quanta.subarray(r * f.dims, (r + 1) * f.dims), k * f.dims);
      });
      this.frames.set(f, (mine = { ...f, quanta }));
    }
    return mine;
  }
}

/** Where among ascending epochs a number lies, maybe between two; beyond the ends, at them. */
export function positionOf(numbers: readonly number[], epoch: number): number {
  const last = numbers.length - 1;
  if (last < 0) return 0;
  if (epoch <= numbers[0]) return 0;
  for (let i = 0; i < last; i++) if (epoch < numbers[i + 1]) return i + (epoch - numbers[i]) / (numbers[i + 1] - numbers[i]);
  return last;
}
