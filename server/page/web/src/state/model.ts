// What the page knows: the runs, the one that is open, its map, and what the user looks at. It asks the data module and
// tells the views; it touches no element.

import { Playhead, nearestEpoch } from "../map/playhead";
import type { Frame } from "../map/cloud";
import * as api from "../data/api";
import type { Epoch, Projection, Quality, Run, Samples, Series } from "../data/api";
import { merge } from "../charts/series";
import { forget } from "../data/preloaded";
import type { Change } from "../data/events";
import { Facts } from "../data/facts";
import type { MapData } from "../data/mapdata";
import { somewhere, type Place } from "./address";
import { Beside } from "./beside";
import { coalesced } from "./coalesced";
import type { Comparison } from "./comparison";
import { Listeners, type Topic } from "./listeners";
import { MapJobs } from "./mapjobs";
import { unpack } from "./selection";
import { ShownMap } from "./shownmap";
import { ViewState } from "./viewstate";

/** Charts and what was logged of samples wait for the first map so long, in milliseconds. */
const PATIENCE = 1000;

export class Model {
  runs: Run[] | null = null;
  run: Run | null = null;
  epochs: Epoch[] = [];
  /** The epochs' numbers, ascending: what the playhead counts. */
  numbers: number[] = [];
  series: Series[] = [];
  samples: Samples | null = null;
  readonly playhead = new Playhead(0);
  /** What is known of each sample at each epoch. */
  readonly facts = new Facts(
    () => this.tell("facts"),
    (e) => this.fail(said(e)),
  );
  /** What the user selected, filtered and coloured. */
  readonly viewstate = new ViewState(
    this.facts,
    () => ({ rows: this.samples?.count ?? 0, epochs: this.numbers }),
    (...topics) => this.tell(...topics),
  );
  /** Maps that are being made. */
  readonly mapJobs = new MapJobs(
    () => this.tell("jobs"),
    (projection) => void this.attempt(() => this.take(projection)),
  );
  connected = true;
  trouble = "";

  /** Counts openings, so that answers for a run that was left are dropped. */
  opened = 0;

  private cursor = "";
  private metricsSeq = 0;
  private mapShown = () => {};
  private readonly listeners = new Listeners();
  private readonly maps = new ShownMap(this, () => this.mapShown());
  private readonly beside = new Beside(this);

  /** The projections that the run is on, the newest first. */
  get projections(): readonly Projection[] {
    return this.maps.projections;
  }

  get map(): MapData | null {
    return this.maps.map;
  }

  /** The frame of the map for each logged epoch. */
  get frameOf(): Int32Array {
    return this.maps.frameOf;
  }

  /** The projection that the user asked for, or "provisional"; null follows the newest. */
  get chosen(): string | null {
    return this.maps.chosen;
  }

  /** How far the map can be trusted; null while it is measured, and for a provisional map. */
  get quality(): Quality | null {
    return this.maps.quality;
  }

  /** The map that is on screen: a projection's id, "provisional", or null. */
  get shown(): string | null {
    return this.maps.id;
  }

  /** Another run beside this one, or another map of it; null is none. */
  get other(): Comparison | null {
    return this.beside.other;
  }

  /** The frame for the i-th logged epoch, or the nearest that has come; null without any. */
  frame(i: number): Frame | null {
    return this.maps.frame(i);
  }

  on(topics: readonly Topic[], f: () => void): void {
    this.listeners.on(topics, f);
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
    this.maps.open(p.projection);
    this.beside.other = null;
    this.facts.open(this.run?.id ?? "");
    this.viewstate.open(p.colour, p.filters, p.view);
    this.playhead.count = 0;
    this.playhead.seek(0);
    this.tell("run", "epochs", "metrics", "samples", "map", "selection", "filter", "colour", "options", "compare", "quality");
    if (!this.run) return;
    const id = this.run.id;
    const still = () => mine === this.opened;
    // What is not the map lets that go first.
    const seen = new Promise<void>((resolve) => {
      this.mapShown = () => setTimeout(resolve, 30); // the next frame draws it
      setTimeout(resolve, PATIENCE);
    });
    void seen.then(() => still() && this.facts.release());
    await this.attempt(async () => {
      const coming = api.getSamples(id);
      coming.catch(() => {}); // seen below
      this.maps.expect(id);
      const epochs = await api.getEpochs(id);
      if (!still()) return;
      this.setEpochs(epochs);
      this.playhead.seek(p.epoch === null ? this.numbers.length - 1 : nearestEpoch(this.numbers, p.epoch));
      this.tell("epochs");
      const samples = coming.then((s) => {
        if (!still()) return;
        this.setSamples(s);
        if (p.select !== "") this.viewstate.select(unpack(p.select, s.count), "replace");
        this.tell("samples");
      });
      const metrics = api.getMetrics(id, 0).then(async (m) => {
        await seen;
        if (!still()) return;
        this.series = m.series;
        this.metricsSeq = m.seq;
        this.tell("metrics");
      });
      await Promise.all([samples, metrics, this.refreshMaps().finally(() => still() && this.mapShown())]);
      if (still() && p.compare !== null) this.compare(p.compare);
    });
  }

  /** Puts beside this map what has this id: another run, or another map of this one, "provisional" among them. Null takes it away. */
  compare(id: string | null): void {
    this.beside.put(id);
  }

  /** Shows a projection; null follows the newest. What stood beside it changes places with it. */
  choose(projection: string | null): void {
    const before = this.shown;
    const swap = this.other !== null && projection !== null && this.other.wanted === projection;
    this.maps.chosen = projection;
    void this.attempt(() => this.maps.take()).then(() => {
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
      void Promise.all([runs, own, maps]).then(() => this.beside.renew());
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
      const tail = !this.playhead.playing && this.playhead.heading === this.numbers.length - 1;
      const grown = epochs.length > 0 && (this.numbers.length === 0 || epochs[epochs.length - 1].number > this.numbers[this.numbers.length - 1]);
      this.setEpochs(epochs);
      if (tail && grown) this.playhead.glide(this.numbers.length - 1, performance.now());
      this.tell("epochs", "metrics");
    }),
  );

  private readonly refreshMaps = coalesced(async () => {
    await this.maps.refresh();
    if (this.other && this.other.wanted === this.shown) this.compare(null);
  });

  private setEpochs(epochs: Epoch[]): void {
    const numbers = epochs.map((e) => e.number);
    this.playhead.reindex(this.numbers, numbers);
    this.epochs = epochs;
    this.numbers = numbers;
    this.facts.setEpochs(epochs);
    this.maps.placeEpochs();
    this.viewstate.refresh();
  }

  private setSamples(s: Samples): void {
    this.samples = s;
    this.facts.setSamples(s);
    this.viewstate.refresh();
  }

  /** Does what the user asked for, and says what went wrong with it. */
  async attempt(f: () => Promise<void>): Promise<void> {
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

  tell(...topics: Topic[]): void {
    this.listeners.tell(topics);
  }
}

function said(e: unknown): string {
  if (e instanceof api.ApiError) return e.message;
  console.error(e); // a mistake of the page's own
  return String(e);
}
