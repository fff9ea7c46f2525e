// What the page knows: the runs, the one that is open, its map, and what the user looks at. It asks the data module and
// tells the views; it touches no element.

import { Clock, framesOf, nearestEpoch } from "../map/playhead";
import type { Frame } from "../map/cloud";
import * as api from "../data/api";
import type { Epoch, Layout, Projection, Quality, Run, Samples, Series } from "../data/api";
import { merge } from "../charts/series";
import { forget } from "../data/brought";
import type { Change } from "../data/events";
import { Facts } from "../data/facts";
import { MapData } from "../data/mapdata";
import { somewhere, type Place } from "./address";
import { Companion } from "./comparison";
import { Choice } from "./viewstate";
import { Making } from "./mapjobs";
import { unpack } from "./selection";

/** What a view can be told about. */
export const TOPICS = ["runs", "run", "epochs", "metrics", "samples", "map", "frames", "facts", "compare", "quality", "jobs", "link", "trouble", "selection", "filter", "colour", "options", "focus"] as const;
export type Topic = (typeof TOPICS)[number];

/** Charts and what was logged of samples wait for the first map so long, in milliseconds. */
const PATIENCE = 1000;

export class Model {
  runs: Run[] | null = null;
  run: Run | null = null;
  epochs: Epoch[] = [];
  /** The epochs' numbers, ascending: what the clock counts. */
  numbers: number[] = [];
  series: Series[] = [];
  samples: Samples | null = null;
  /** The projections that the run is on, the newest first. */
  projections: Projection[] = [];
  map: MapData | null = null;
  /** The frame of the map for each logged epoch. */
  frameOf: Int32Array = new Int32Array(0);
  /** The projection that the user asked for, or "provisional"; null follows the newest. */
  chosen: string | null = null;
  readonly clock = new Clock(0);
  /** What is known of each sample at each epoch. */
  readonly facts = new Facts(
    () => this.tell("facts"),
    (e) => this.fail(said(e)),
  );
  /** What the user selected, filtered and coloured. */
  readonly choice = new Choice(
    this.facts,
    () => ({ rows: this.samples?.count ?? 0, epochs: this.numbers }),
    (...topics) => this.tell(...topics),
  );
  /** Another run beside this one, or another map of it; null is none. */
  other: Companion | null = null;
  /** Maps that are being made. */
  readonly making = new Making(
    () => this.tell("jobs"),
    (projection) => void this.attempt(() => this.take(projection)),
  );
  /** How far the map can be trusted; null while it is measured, and for a provisional map. */
  quality: Quality | null = null;
  connected = true;
  trouble = "";

  private cursor = "";
  private listeners = new Map<Topic, (() => void)[]>();
  private qualityOf = ""; // the map whose quality is known or asked for
  private metricsSeq = 0;
  private opened = 0; // counts openings, so that answers for a run that was left are dropped
  private loadingMap = "";
  private turn = 0;
  private coming: Promise<Projection[]> | null = null; // asked for while the run is opened
  private sighted = () => {};

  on(topics: readonly Topic[], f: () => void): void {
    for (const t of topics) this.listeners.set(t, [...(this.listeners.get(t) ?? []), f]);
  }

  /** Opens the page at a place, and returns the cursor up to which it knows everything; empty when that failed. */
  async start(p: Place): Promise<string> {
    await this.refreshRuns();
    const { cursor } = this;
    await this.open(p);
    forget();
    return cursor;
  }

  /** Opens a run; null is the newest. */
  async open(p: Place): Promise<void> {
    const mine = ++this.opened;
    const runs = this.runs ?? [];
    const wanted = p.run === null ? runs[0] : runs.find((r) => r.id === p.run || `${r.experiment}/${r.name}` === p.run || r.name === p.run);
    if (p.run !== null && !wanted && this.runs) this.fail(`There is no run ${p.run} in this store.`);
    this.run = wanted ?? null;
    this.epochs = [];
    this.numbers = [];
    this.series = [];
    this.samples = null;
    this.metricsSeq = 0;
    this.projections = [];
    this.map = null;
    this.loadingMap = "";
    this.frameOf = new Int32Array(0);
    this.chosen = p.projection;
    this.other = null;
    this.quality = null;
    this.qualityOf = "";
    this.facts.open(this.run?.id ?? "");
    this.choice.open(p.colour, p.filters, p.view);
    this.clock.count = 0;
    this.clock.seek(0);
    this.tell("run", "epochs", "metrics", "samples", "map", "selection", "filter", "colour", "options", "compare", "quality");
    if (!this.run) return;
    const id = this.run.id;
    const still = () => mine === this.opened;
    // What is not the map lets that go first.
    const seen = new Promise<void>((resolve) => {
      this.sighted = () => setTimeout(resolve, 30); // the next frame draws it
      setTimeout(resolve, PATIENCE);
    });
    void seen.then(() => still() && this.facts.release());
    await this.attempt(async () => {
      const coming = api.getSamples(id);
      this.coming = api.getProjections(id);
      for (const p of [coming, this.coming]) p.catch(() => {}); // seen below
      const epochs = await api.getEpochs(id);
      if (!still()) return;
      this.setEpochs(epochs);
      this.clock.seek(p.epoch === null ? this.numbers.length - 1 : nearestEpoch(this.numbers, p.epoch));
      this.tell("epochs");
      const samples = coming.then((s) => {
        if (!still()) return;
        this.setSamples(s);
        if (p.select !== "") this.choice.select(unpack(p.select, s.count), "replace");
        this.tell("samples");
      });
      const metrics = api.getMetrics(id, 0).then(async (m) => {
        await seen;
        if (!still()) return;
        this.series = m.series;
        this.metricsSeq = m.seq;
        this.tell("metrics");
      });
      await Promise.all([samples, metrics, this.refreshMaps().finally(() => still() && this.sighted())]);
      if (still() && p.compare !== null) this.compare(p.compare);
    });
  }

  /** Puts beside this map what has this id: another run, or another map of this one, "provisional" among them. Null takes it away. */
  compare(id: string | null): void {
    this.other = null;
    this.tell("compare");
    this.other = this.companion(id);
    if (this.other) void this.fill(this.other).then(() => this.tell("compare"));
  }

  private companion(id: string | null): Companion | null {
    const { run, samples } = this;
    if (id === null || !run || !samples || id === this.shown) return null;
    const own = id === "provisional" || this.projections.some((p) => p.projection === id);
    const whose = own ? run : this.runs?.find((r) => r.id === id && r.id !== run.id);
    if (!whose) return null;
    const other: Companion = new Companion(
      whose,
      own ? id : null,
      samples,
      () => {
        if (this.other === other) this.tell("compare");
      },
      (e) => this.fail(said(e)),
    );
    return other;
  }

  private fill(other: Companion): Promise<void> {
    return this.attempt(() => other.load(this.map?.layout.projection || null, other.wanted === null ? null : this));
  }

  /** Brings what stands beside the map up to date, while the old one stays until the new one is here. */
  private async renewOther(): Promise<void> {
    const before = this.other;
    const next = before && this.companion(before.key);
    if (!before || !next) return;
    await this.fill(next);
    if (this.other !== before) return;
    this.other = next;
    this.tell("compare");
  }

  /** The map that is on screen: a projection's id, "provisional", or null. */
  get shown(): string | null {
    return this.map ? this.map.layout.projection || "provisional" : null;
  }

  /** Shows a projection; null follows the newest. What stood beside it changes places with it. */
  choose(projection: string | null): void {
    const before = this.shown;
    const swap = this.other !== null && projection !== null && this.other.wanted === projection;
    this.chosen = projection;
    void this.attempt(() => this.takeMap()).then(() => {
      if (swap) this.compare(before);
    });
  }

  /** Shows a projection that is new. */
  private async take(projection: string): Promise<void> {
    await this.refreshMaps();
    if (this.projections.some((p) => p.projection === projection)) this.choose(this.projections.length > 1 ? projection : null);
  }

  /** Takes in what the server says has changed. */
  change(c: Change): void {
    const id = this.run?.id;
    const runs = c.runs.length > 0 ? this.refreshRuns() : null;
    if (id === undefined) return;
    const epochs = c.epochs.filter((e) => e.run === id);
    // Where something was replaced or removed, metrics that are known may be wrong, and are read from the beginning.
    if (c.cut.includes(id) || epochs.some((e) => this.numbers.includes(e.epoch))) this.metricsSeq = 0;
    const own = c.runs.includes(id) ? this.refreshEpochs() : null;
    const projected = c.projections.some((p) => p.runs.includes(id)) || c.removed.some((p) => this.projections.some((q) => q.projection === p));
    // The map comes last: which one it is depends on the run's layers and epochs.
    const maps = epochs.length > 0 || c.cut.includes(id) || projected ? Promise.all([runs, own]).then(() => this.attempt(() => this.refreshMaps())) : null;
    const { other } = this;
    if (!other) return;
    if (other.wanted !== null && c.removed.includes(other.wanted)) this.compare(null);
    else if (c.epochs.some((e) => e.run === other.run.id) || c.cut.includes(other.run.id) || c.projections.some((p) => p.runs.includes(other.run.id))) {
      void Promise.all([runs, own, maps]).then(() => this.renewOther());
    }
  }

  /** Looks at everything again. */
  resync(): void {
    this.facts.retry();
    this.metricsSeq = 0;
    void Promise.all([this.refreshRuns(), this.refreshEpochs()]).then(() => this.attempt(() => this.refreshMaps()));
  }

  link(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    this.tell("link");
  }

  readonly refreshRuns = coalesced(() =>
    this.attempt(async () => {
      const { runs, cursor } = await api.getRuns();
      this.runs = runs;
      this.cursor = cursor;
      if (this.run) this.run = this.runs.find((r) => r.id === this.run!.id) ?? this.run;
      this.tell("runs");
      // A page that was opened on an empty store goes to the first run that comes.
      if (!this.run && this.runs.length > 0 && this.opened > 0) await this.open(somewhere());
    }),
  );

  private readonly refreshEpochs = coalesced(() =>
    this.attempt(async () => {
      const mine = this.opened;
      const id = this.run?.id;
      if (id === undefined) return;
      const since = this.metricsSeq;
      const [epochs, metrics] = await Promise.all([api.getEpochs(id), api.getMetrics(id, since)]);
      const samples = this.samples === null || (this.run?.samples ?? 0) !== this.samples.count ? await api.getSamples(id) : null;
      if (mine !== this.opened) return;
      this.series = since === 0 ? metrics.series : merge(this.series, metrics.series);
      if (this.metricsSeq === since) this.metricsSeq = metrics.seq;
      if (samples) {
        this.setSamples(samples);
        this.tell("samples");
      }
      // Who looks at the newest epoch goes on to the next; who looks at another one stays there.
      const tail = !this.clock.playing && this.clock.heading === this.numbers.length - 1;
      const grown = epochs.length > 0 && (this.numbers.length === 0 || epochs[epochs.length - 1].number > this.numbers[this.numbers.length - 1]);
      this.setEpochs(epochs);
      if (tail && grown) this.clock.glide(this.numbers.length - 1, performance.now());
      this.tell("epochs", "metrics");
    }),
  );

  private readonly refreshMaps = coalesced(async () => {
    const mine = this.opened;
    const id = this.run?.id;
    if (id === undefined) return;
    const { coming } = this;
    this.coming = null;
    const projections = await (coming ?? api.getProjections(id));
    if (mine !== this.opened) return;
    this.projections = projections;
    // Who looked at a map that was deleted follows the newest again.
    if (this.chosen !== "provisional" && !projections.some((p) => p.projection === this.chosen)) this.chosen = null;
    await this.takeMap();
    if (this.other && this.other.wanted === this.shown) this.compare(null);
  });

  /** Goes over to the map that should be shown now, once the frame that is looked at has come. */
  private async takeMap(again = true): Promise<void> {
    const mine = this.opened;
    const turn = ++this.turn; // whoever comes later decides
    const id = this.run?.id;
    if (id === undefined) return;
    const chosen = this.projections.find((p) => p.projection === this.chosen) ?? (this.chosen === "provisional" ? undefined : this.projections[0]);
    const layers = this.run?.layers.length ?? 0;
    const layout: Layout | null = chosen ? await api.getLayout(chosen.projection, id) : layers > 0 ? await api.getProvisional(id) : null;
    if (mine !== this.opened || turn !== this.turn) return;
    if (!layout) {
      this.map = null;
      this.frameOf = new Int32Array(0);
      this.loadingMap = "";
      this.facts.setMap(null, this.frameOf, "euclidean");
      this.tell("map");
      return;
    }
    const key = JSON.stringify(layout);
    if (key === this.loadingMap) {
      this.tell("map");
      return;
    }
    this.loadingMap = key;
    const next = new MapData(layout, this.map ?? undefined);
    const near = framesOf(this.numbers, layout.epochs)[this.clock.nearest] ?? 0;
    const here = () => mine === this.opened && key === this.loadingMap;
    let sketched = false;
    try {
      if (next.loaded.length > 0) this.adopt(next); // it only grew: nothing to wait for
      await next.load(near, this.map === null, () => {
        if (!here()) return;
        const first = sketched && next.sketch === null;
        sketched = next.sketch !== null;
        if (this.map !== next || first) this.adopt(next);
        else this.tell("frames");
      });
      if (here() && this.map !== next) this.adopt(next);
    } catch (e) {
      if (!here()) return;
      this.loadingMap = "";
      // The map was made anew between its layout and its positions.
      if (again && e instanceof api.ApiError && e.status === 410) return this.takeMap(false);
      throw e;
    }
  }

  private adopt(m: MapData): void {
    this.map = m;
    this.sighted();
    this.placeEpochs();
    this.tell("map");
    void this.measure();
  }

  /** Asks how far the map can be trusted. */
  private async measure(): Promise<void> {
    const { map } = this;
    const key = map && !map.layout.provisional ? `${map.layout.projection} ${map.layout.revision}` : "";
    if (key === this.qualityOf) return;
    this.qualityOf = key;
    this.quality = null;
    this.tell("quality");
    if (key === "") return;
    try {
      const q = await api.getQuality(map!.layout.projection);
      if (key !== this.qualityOf) return;
      this.quality = q;
      this.tell("quality");
    } catch (e) {
      if (!(e instanceof api.ApiError && e.status < 500)) this.fail(said(e));
    }
  }

  private placeEpochs(): void {
    if (!this.map) return;
    this.frameOf = framesOf(this.numbers, this.map.layout.epochs);
    const p = this.projections.find((p) => p.projection === this.map?.layout.projection);
    this.facts.setMap(this.map, this.frameOf, api.spaceOf(p));
  }

  /** The frame for the i-th logged epoch, or the nearest that has come; null without any. */
  frame(i: number): Frame | null {
    if (!this.map || this.frameOf.length === 0) return null;
    const k = this.frameOf[Math.max(0, Math.min(this.frameOf.length - 1, i))];
    return k < 0 ? null : this.map.frame(k);
  }

  private setEpochs(epochs: Epoch[]): void {
    const numbers = epochs.map((e) => e.number);
    this.clock.reindex(this.numbers, numbers);
    this.epochs = epochs;
    this.numbers = numbers;
    this.facts.setEpochs(epochs);
    this.placeEpochs();
    this.choice.refresh();
  }

  private setSamples(s: Samples): void {
    this.samples = s;
    this.facts.setSamples(s);
    this.choice.refresh();
  }

  private async attempt(f: () => Promise<void>): Promise<void> {
    try {
      await f();
      if (this.trouble !== "") this.fail("");
    } catch (e) {
      this.fail(said(e));
    }
  }

  /** Says what went wrong with what the user asked for. */
  complain(e: unknown): void {
    this.fail(said(e));
  }

  private fail(message: string): void {
    this.trouble = message;
    this.tell("trouble");
  }

  private tell(...topics: Topic[]): void {
    for (const t of topics) {
      for (const f of this.listeners.get(t) ?? []) {
        try {
          f();
        } catch (e) {
          reportError(e); // the other views are still told
        }
      }
    }
  }
}

function said(e: unknown): string {
  if (e instanceof api.ApiError) return e.message;
  console.error(e); // a mistake of the page's own
  return String(e);
}

/** Runs f, and once more if it was called again meanwhile: never twice at a time, and never too old. */
function coalesced(f: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  return function call(): Promise<void> {
    if (running) {
      again = true;
      return running;
    }
    running = f().finally(() => {
      running = null;
      if (!again) return;
      again = false;
      return call();
    });
    return running;
  };
}
