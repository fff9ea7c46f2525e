// What is known of the samples at each epoch, from the server and computed from that: the columns by which points are
// coloured, filtered and sorted.

import { strideOf, type Frame } from "../map/cloud";
import * as api from "./api";
import type { Epoch, Outputs, Samples } from "./api";
import { DEFINITIONS, labelOf, metadataOf, movesOf, type Evidence, type Fixed } from "./columnlist";
import type { Column, Traits, Values } from "./columns";
import type { MapData } from "./mapdata";
import type { Neighbourhoods } from "./neighbourhood";
import { PerEpoch } from "./perepoch";

/** Samples whose movement tells that of all. */
const SOME = 5000;

/** Samples whose neighbours a server finds in a fraction of a second. */
const LIGHT = 8000;

/** With more samples than this, a server compares no longer each with all others (pairwiseMost in pointwise.go). */
const PAIRWISE = 50_000;

/** The columns of one run on one map. Epochs are named by their place among those logged. */
export class Facts implements Evidence {
  /** Grows with everything that becomes known. */
  version = 0;
  private run = "";
  samples: Samples | null = null;
  epochs: Epoch[] = [];
  map: MapData | null = null;
  private frameOf: Int32Array = new Int32Array(0);
  private space = api.spaceOf(undefined);
  private fixed = new Map<string, Fixed>();
  private computed = new Map<string, { of: unknown[]; values: Values }>();
  predicted: string[] = [];
  private knownMoves = new WeakMap<Frame, { from: Frame | null; moves: Float32Array }>();
  private listed: { version: number; columns: Column[] } | null = null;
  private readonly outputsOf: PerEpoch<Outputs>;
  private readonly nearOf: PerEpoch<Neighbourhoods>;
  private readonly trustOf: PerEpoch<Float32Array>;

  private get perEpoch(): PerEpoch<unknown>[] {
    return [this.outputsOf, this.nearOf, this.trustOf];
  }

  /** arrived is called whenever something new is known. */
  constructor(arrived: () => void, failed: (e: unknown) => void) {
    // Neighbours and trust are extras: where the server has none, for too many samples, the column is empty.
    const known = () => {
      this.version++;
      arrived();
    };
    const unknown = (e: unknown) => (e instanceof api.ApiError && e.status < 500 ? known() : failed(e));
    this.outputsOf = new PerEpoch((e, v) => api.getOutputs(this.run, e, Number(v)), known, failed);
    this.nearOf = new PerEpoch((e, v) => api.getNeighbourhoods(this.run, e, v.split(" ")[0], this.layer, this.space), known, unknown);
    this.trustOf = new PerEpoch((e) => api.getTrust(this.map!.layout, e), known, unknown);
  }

  /** Begins anew with a run. */
  open(run: string): void {
    this.version++;
    this.run = run;
    this.samples = null;
    this.epochs = [];
    this.map = null;
    this.predicted = [];
    this.computed.clear();
    this.fixed.clear();
    for (const p of this.perEpoch) {
      p.clear();
      p.hold();
    }
  }

  /** Lets go what was asked for since the run was opened. */
  release(): void {
    for (const p of this.perEpoch) p.release();
  }

  setSamples(s: Samples): void {
    this.version++;
    this.samples = s;
    this.predicted = [...s.classes];
    this.computed.clear();
    this.fixed.clear();
    for (const p of [this.nearOf, this.trustOf]) p.clear();
    const label = labelOf(s);
    for (const f of [...(label ? [label] : []), ...metadataOf(s)]) this.fixed.set(f.traits.key, f);
  }

  setEpochs(epochs: Epoch[]): void {
    this.version++;
    this.epochs = epochs;
  }

  /** Sets the map that is shown, its frame for each logged epoch, and its original space, see api.spaceOf. */
  setMap(map: MapData | null, frameOf: Int32Array, space: string): void {
    this.version++;
    if (map?.layout.projection !== this.map?.layout.projection || map?.layout.revision !== this.map?.layout.revision) this.trustOf.clear();
    if (space !== this.space || map?.layout.layer !== this.map?.layout.layer) this.nearOf.clear();
    this.map = map;
    this.frameOf = frameOf;
    this.space = space;
  }

  retry(): void {
    for (const p of this.perEpoch) p.retry();
  }

  /** The columns that there are. */
  get columns(): readonly Column[] {
    if (this.listed?.version !== this.version) this.listed = { version: this.version, columns: this.list() };
    return this.listed.columns;
  }

  private list(): Column[] {
    const fixed = [...this.fixed.values()].map((f) => this.columnOf(f.traits, false));
    const label = fixed.filter((c) => c.key === "label");
    const moving = DEFINITIONS.filter((d) => d.there(this)).map((d) => this.columnOf(d, true));
    return [...label, ...moving, ...fixed.filter((c) => !label.includes(c))];
  }

  private columnOf(t: Traits, perEpoch: boolean): Column {
    const { key } = t;
    return { ...t, perEpoch, values: (i) => this.values(key, i), glance: (i) => (t.costly && !this.light ? this.known(key, i) : this.values(key, i)) };
  }

  /** Whether neighbours are found so fast that they may be asked for ahead of need: their cost grows with the square of the samples. */
  get light(): boolean {
    return (this.samples?.count ?? 0) <= LIGHT;
  }

  /** Whether the server tells neighbours and trust of so many samples. */
  get pairwise(): boolean {
    return (this.samples?.label.length ?? 0) <= PAIRWISE;
  }

  column(key: string): Column | null {
    return this.columns.find((c) => c.key === key) ?? null;
  }

  get someOutputs(): Outputs | null {
    return this.outputsOf.some();
  }

  refused(i: number): boolean {
    const e = this.epochs[i];
    return e !== undefined && this.nearOf.broken(e.number);
  }

  awaits(what: "outputs" | "nearest" | "trust" | "frame", i: number): boolean {
    const e = this.epochs[i];
    if (!e) return false;
    if (what === "frame") return this.map?.layout.epochs[this.frameOf[i]] === e.number && this.frame(i) === null;
    return { outputs: this.outputsOf, nearest: this.nearOf, trust: this.trustOf }[what].coming(e.number);
  }

  /** What was logged at the i-th epoch, once it is here; asks for it otherwise. */
  outputs(i: number): Outputs | null {
    const e = this.epochs[i];
    return e ? this.outputsOf.get(e.number, String(e.seq)) : null;
  }

  /** Every sample's nearest ones at the i-th epoch, once they are here; asks for them otherwise. */
  nearest(i: number): Neighbourhoods | null {
    const e = this.epochs[i];
    if (!e || !this.map || !this.pairwise) return null;
    return this.nearOf.get(e.number, `${e.seq} ${this.layer} ${this.space}`);
  }

  /** A column's values at the i-th epoch; null where they are on their way, or do not exist. */
  values(key: string, i: number): Values | null {
    const fixed = this.fixed.get(key);
    if (fixed) return fixed.values;
    const e = this.epochs[i];
    const d = definitionOf(key);
    if (!e || !d) return null;
    const name = `${key}@${e.number}`;
    const known = this.computed.get(name);
    const of = d.from(this, i);
    if (of === null) return known?.values ?? null;
    if (known && known.of.every((o, k) => o === of[k])) return known.values;
    const values = d.compute(this, i);
    if (values) this.computed.set(name, { of, values });
    return values;
  }

  /** How far some samples, evenly taken, have moved to the i-th epoch on the map; null where that is not known. */
  someMoves(i: number): Float32Array | null {
    const [from, to] = [this.frame(i - 1), this.frame(i)];
    if (!to) return null;
    const known = this.knownMoves.get(to);
    if (known && known.from === from) return known.moves;
    const rows = this.samples?.count ?? 0;
    const moves = movesOf(from, to, rows, strideOf(rows / SOME));
    this.knownMoves.set(to, { from, moves });
    return moves;
  }

  /** A column's values at the i-th epoch if they were computed before; asks for nothing. */
  known(key: string, i: number): Values | null {
    return this.fixed.get(key)?.values ?? this.computed.get(`${key}@${this.epochs[i]?.number}`)?.values ?? null;
  }

  /** Whether the values for which values gives null are on their way; where there are none, they never come. */
  coming(key: string, i: number): boolean {
    const e = this.epochs[i];
    if (!this.samples || !e) return !this.samples;
    return definitionOf(key)?.coming(this, i) ?? false;
  }

  trust(i: number): Float32Array | null {
    const e = this.epochs[i];
    if (!e || !this.map || !this.pairwise || this.map.layout.provisional || !this.map.layout.epochs.includes(e.number)) return null;
    return this.trustOf.get(e.number, `${this.map.layout.projection} ${this.map.layout.revision}`);
  }

  /** The map's own frame of the i-th epoch. */
  frame(i: number): Frame | null {
    if (!this.map || !this.epochs[i]) return null;
    const at = this.frameOf[i];
    return at >= 0 && this.map.layout.epochs[at] === this.epochs[i].number ? this.map.frames[at] : null;
  }

  private get layer(): string {
    return this.map?.layout.layer ?? "";
  }
}

function definitionOf(key: string): (typeof DEFINITIONS)[number] | undefined {
  return DEFINITIONS.find((d) => d.key === key);
}
