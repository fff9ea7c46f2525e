// What is known of the samples at each epoch, from the server and reckoned from that: the columns by which points are
// coloured, filtered and sorted.

import { locate, strideOf, type Frame } from "../map/cloud";
import * as api from "./api";
import type { Epoch, Outputs, Samples } from "./api";
import { labelScale, metadataValues, type Column, type Values } from "./columns";
import type { MapData } from "./mapdata";
import { changes, type Neighbourhoods } from "./neighbourhood";
import { PerEpoch } from "./perepoch";

const NAMES: Record<string, string> = {
  label: "Label",
  prediction: "Prediction",
  correct: "Right or wrong",
  confidence: "Confidence",
  loss: "Loss",
  change: "Neighbourhood changed",
  trust: "Trust in the point",
  moved: "Moved on the map",
  epoch: "Epoch",
};

/** Samples whose movement tells that of all. */
const SOME = 5000;

/** Samples whose neighbours a server finds in a fraction of a second. */
const LIGHT = 8000;

/** With more samples than this, a server compares no longer each with all others (pairwiseMost in pointwise.go). */
const PAIRWISE = 50_000;

/** The columns of one run on one map. Epochs are named by their place among those logged. */
export class Facts {
  /** Grows with everything that becomes known. */
  version = 0;
  private run = "";
  private samples: Samples | null = null;
  private epochs: Epoch[] = [];
  private map: MapData | null = null;
  private frameOf: Int32Array = new Int32Array(0);
  private space = api.spaceOf(undefined);
  private statics = new Map<string, { column: Column; values: Values }>();
  private reckoned = new Map<string, { of: unknown[]; values: Values }>();
  private predicted: string[] = [];
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
    this.reckoned.clear();
    this.statics.clear();
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
    this.reckoned.clear();
    this.statics.clear();
    for (const p of [this.nearOf, this.trustOf]) p.clear();
    const put = (key: string, name: string, values: Values) =>
      this.statics.set(key, { column: { key, name, kind: values.kind, perEpoch: false }, values });
    if (s.classes.length > 0) {
      const scale = labelScale(s.classes, s.label);
      put("label", NAMES.label, scale ? { kind: "number", value: scale } : { kind: "category", classes: s.classes, code: s.label });
    }
    for (const [name, list] of Object.entries(s.metadata ?? {})) {
      const values = metadataValues(list);
      if (values) put(`meta:${name}`, name, values);
    }
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
    const per = (key: string, kind: Column["kind"]): Column => ({ key, name: NAMES[key], kind, perEpoch: true });
    const out: Column[] = [];
    const label = this.statics.get("label");
    if (label) out.push(label.column);
    const some = this.outputsOf.some();
    if (some?.prediction) out.push(per("prediction", "category"));
    if (some?.prediction && label?.column.kind === "category") out.push(per("correct", "category"));
    if (some?.confidence) out.push(per("confidence", "number"));
    if (some?.loss) out.push(per("loss", "number"));
    if (this.map && this.epochs.length > 1) {
      if (this.pairwise && !this.epochs.every((e) => this.nearOf.broken(e.number))) out.push(per("change", "number"));
      out.push(per("moved", "number"));
    }
    if (this.map && !this.map.layout.provisional && this.pairwise) out.push(per("trust", "number"));
    if (this.epochs.length > 1) out.push(per("epoch", "number"));
    for (const { column } of this.statics.values()) if (column !== label?.column) out.push(column);
    return out;
  }

  /** Whether neighbours are found so fast that they may be asked for ahead of need: their cost grows with the square of the samples. */
  get light(): boolean {
    return (this.samples?.count ?? 0) <= LIGHT;
  }

  /** Whether the server tells neighbours and trust of so many samples. */
  private get pairwise(): boolean {
    return (this.samples?.label.length ?? 0) <= PAIRWISE;
  }

  column(key: string): Column | null {
    return this.columns.find((c) => c.key === key) ?? null;
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
    const fixed = this.statics.get(key);
    if (fixed) return fixed.values;
    const e = this.epochs[i];
    if (!e) return null;
    const name = `${key}@${e.number}`;
    const known = this.reckoned.get(name);
    const of = this.sources(key, i);
    if (of === null) return known?.values ?? null;
    if (known && known.of.every((o, k) => o === of[k])) return known.values;
    const values = this.reckon(key, i);
    if (values) this.reckoned.set(name, { of, values });
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

  /** A column's values at the i-th epoch if they were reckoned before; asks for nothing. */
  known(key: string, i: number): Values | null {
    return this.statics.get(key)?.values ?? this.reckoned.get(`${key}@${this.epochs[i]?.number}`)?.values ?? null;
  }

  /** Whether values that values has none of are on their way: those that do not exist never come. */
  coming(key: string, i: number): boolean {
    const e = this.epochs[i];
    if (!this.samples || !e) return !this.samples;
    switch (key) {
      case "change":
        return [this.epochs[i - 1], e].some((o) => o !== undefined && this.nearOf.coming(o.number));
      case "moved":
        return this.map?.layout.epochs[this.frameOf[i]] === e.number && this.frame(i) === null;
      case "trust":
        return this.trustOf.coming(e.number);
      default:
        return this.outputsOf.coming(e.number);
    }
  }

  /** What a column is reckoned from; null while that is on its way. */
  private sources(key: string, i: number): unknown[] | null {
    switch (key) {
      case "change": {
        const [a, b] = [i > 0 ? this.nearest(i - 1) : this, this.nearest(i)];
        return a && b ? [a, b] : null;
      }
      case "moved": {
        const [a, b] = [this.frame(i - 1), this.frame(i)];
        return b ? [a, b] : null;
      }
      case "trust": {
        const t = this.trust(i);
        return t ? [t] : null;
      }
      case "epoch":
        return [this.samples];
      default: {
        const o = this.outputs(i);
        return o ? [o, this.samples] : null;
      }
    }
  }

  private reckon(key: string, i: number): Values | null {
    const rows = this.samples?.count ?? 0;
    const blank = () => new Float32Array(rows).fill(NaN);
    const numbers = (value: Float32Array | null): Values | null => value && { kind: "number", value };
    switch (key) {
      case "change":
        return { kind: "number", value: i > 0 ? changes(this.nearest(i - 1)!, this.nearest(i)!) : blank() };
      case "moved":
        return { kind: "number", value: movesOf(this.frame(i - 1), this.frame(i)!, rows) };
      case "trust":
        return { kind: "number", value: this.trust(i)! };
      case "epoch":
        return { kind: "number", value: blank().fill(this.epochs[i].number) };
    }
    const o = this.outputs(i);
    if (!o || !this.samples) return null;
    if (key === "confidence") return numbers(o.confidence);
    if (key === "loss") return numbers(o.loss);
    if (!o.prediction) return null;
    // Predictions take the places of the labels that they name, and so their colours.
    const place = o.classes.map((c) => {
      const at = this.predicted.indexOf(c);
      return at >= 0 ? at : this.predicted.push(c) - 1;
    });
    const { label } = this.samples;
    if (key === "prediction") return { kind: "category", classes: this.predicted, code: Int32Array.from(o.prediction, (p) => (p < 0 ? -1 : place[p])) };
    if (key === "correct") {
      return { kind: "category", classes: ["right", "wrong"], code: Int32Array.from(o.prediction, (p, r) => (p < 0 || label[r] < 0 ? -1 : place[p] === label[r] ? 0 : 1)) };
    }
    return null;
  }

  private trust(i: number): Float32Array | null {
    const e = this.epochs[i];
    if (!e || !this.map || !this.pairwise || this.map.layout.provisional || !this.map.layout.epochs.includes(e.number)) return null;
    return this.trustOf.get(e.number, `${this.map.layout.projection} ${this.map.layout.revision}`);
  }

  /** The map's own frame of the i-th epoch. */
  private frame(i: number): Frame | null {
    if (!this.map || !this.epochs[i]) return null;
    const at = this.frameOf[i];
    return at >= 0 && this.map.layout.epochs[at] === this.epochs[i].number ? this.map.frames[at] : null;
  }

  private get layer(): string {
    return this.map?.layout.layer ?? "";
  }
}

/** How far each row, or every so manieth, has moved between two frames, as a share of the map's longer side. */
export function movesOf(a: Frame | null, b: Frame, rows: number, every = 1): Float32Array {
  const out = new Float32Array(Math.ceil(rows / every)).fill(NaN);
  if (!a) return out;
  const [p, q] = [new Float32Array(3), new Float32Array(3)];
  const [before, now] = [{ from: a, to: a, t: 0 }, { from: b, to: b, t: 0 }];
  for (let i = 0; i < rows; i += every) {
    if (!locate(before, i, p) || !locate(now, i, q)) continue;
    out[i / every] = Math.hypot(q[0] - p[0], q[1] - p[1], q[2] - p[2]) / 2; // the world is 2 wide
  }
  return out;
}
