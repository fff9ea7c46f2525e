// Every column that there is, each in one place: how it reads, where it is shown, and what its values are made of.

import { locate, type Frame } from "../map/cloud";
import { figure, percent } from "../ui/format";
import type { Epoch, Outputs, Samples } from "./api";
import { labelScale, metadataKey, metadataValues, type Traits, type Values } from "./columns";
import type { MapData } from "./mapdata";
import { changes, type Neighbourhoods } from "./neighbourhood";

/** What the columns of one run on one map are made of. Epochs are named by their place among those logged. */
export interface Evidence {
  readonly samples: Samples | null;
  readonly epochs: readonly Epoch[];
  readonly map: MapData | null;
  /** Whether the server tells neighbours and trust of so many samples. */
  readonly pairwise: boolean;
  /** What was logged at any epoch, if that is here. */
  readonly someOutputs: Outputs | null;
  /** The classes of predictions: those of the labels first. */
  readonly predicted: string[];
  outputs(i: number): Outputs | null;
  nearest(i: number): Neighbourhoods | null;
  trust(i: number): Float32Array | null;
  /** The map's own frame of an epoch. */
  frame(i: number): Frame | null;
  /** Whether what is asked for by the methods above is on its way. */
  awaits(what: "outputs" | "nearest" | "trust" | "frame", i: number): boolean;
  /** Whether an epoch's neighbours were refused. */
  refused(i: number): boolean;
}

/** A column whose values differ from epoch to epoch. */
interface Definition extends Traits {
  /** Whether the run has it. */
  there(e: Evidence): boolean;
  /** What its values at an epoch are computed from; null while that is on its way. */
  from(e: Evidence, i: number): unknown[] | null;
  /** Its values at an epoch, once from has given something; null where there are none. */
  compute(e: Evidence, i: number): Values | null;
  /** Whether what from waits for will come. */
  coming(e: Evidence, i: number): boolean;
}

const NETWORK = "The network";

const usual = { source: NETWORK, none: "None", said: false, marks: null, tally: null, table: null, costly: false } as const;
const down = (key: string) => ({ by: key, down: true });
const one = (v: string | number) => (typeof v === "number" ? figure(v) : v);
const share = (digits: number) => (v: string | number) => (typeof v === "number" ? percent(v, digits) : v);
const numbers = (value: Float32Array | null): Values | null => value && { kind: "number", value };
const blank = (e: Evidence) => new Float32Array(e.samples?.count ?? 0).fill(NaN);

/** How a column is computed from what was logged at an epoch. */
const logged = (compute: (o: Outputs, s: Samples, e: Evidence) => Values | null) => ({
  from: (e: Evidence, i: number) => {
    const o = e.outputs(i);
    return o ? [o, e.samples] : null;
  },
  compute: (e: Evidence, i: number) => {
    const o = e.outputs(i);
    return o && e.samples && compute(o, e.samples, e);
  },
  coming: (e: Evidence, i: number) => e.awaits("outputs", i),
});

/** Predictions take the places of the labels that they name, and so their colours. */
function placesOf(o: Outputs, e: Evidence): number[] {
  return o.classes.map((c) => {
    const at = e.predicted.indexOf(c);
    return at >= 0 ? at : e.predicted.push(c) - 1;
  });
}

/** The columns by epoch, in the order in which menus list them. */
export const DEFINITIONS: readonly Definition[] = [
  {
    ...usual,
    key: "prediction",
    name: "Prediction",
    kind: "category",
    field: "prediction",
    said: true,
    sort: down("correct"),
    marks: "correct",
    table: { head: "Predicted", title: "Sort by the prediction, mistakes first" },
    format: one,
    there: (e) => Boolean(e.someOutputs?.prediction),
    ...logged((o, _, e) => {
      if (!o.prediction) return null;
      const place = placesOf(o, e);
      return { kind: "category", classes: e.predicted, code: Int32Array.from(o.prediction, (p) => (p < 0 ? -1 : place[p])) };
    }),
  },
  {
    ...usual,
    key: "correct",
    name: "Right or wrong",
    kind: "category",
    field: null, // label and prediction say it
    said: true,
    sort: down("correct"),
    format: one,
    there: (e) => Boolean(e.someOutputs?.prediction) && labelOf(e.samples)?.values.kind === "category",
    ...logged((o, s, e) => {
      if (!o.prediction) return null;
      const place = placesOf(o, e);
      return {
        kind: "category",
        classes: ["right", "wrong"],
        code: Int32Array.from(o.prediction, (p, r) => (p < 0 || s.label[r] < 0 ? -1 : place[p] === s.label[r] ? 0 : 1)),
      };
    }),
  },
  {
    ...usual,
    key: "confidence",
    name: "Confidence",
    kind: "number",
    field: "confidence",
    said: true,
    sort: down("confidence"),
    format: share(1),
    there: (e) => Boolean(e.someOutputs?.confidence),
    ...logged((o) => numbers(o.confidence)),
  },
  {
    ...usual,
    key: "loss",
    name: "Loss",
    kind: "number",
    field: "loss",
    said: true,
    sort: down("loss"),
    format: one,
    there: (e) => Boolean(e.someOutputs?.loss),
    ...logged((o) => numbers(o.loss)),
  },
  {
    ...usual,
    key: "change",
    name: "Neighbourhood changed",
    kind: "number",
    field: "change",
    sort: down("change"),
    table: {
      head: "Changed",
      title: "How strangely it moved: the share of its 15 nearest samples, in the original space, that were not so at the epoch before",
    },
    costly: true,
    format: share(0),
    there: (e) => e.map !== null && e.epochs.length > 1 && e.pairwise && !e.epochs.every((_, i) => e.refused(i)),
    from: (e, i) => {
      const [a, b] = [i > 0 ? e.nearest(i - 1) : e, e.nearest(i)];
      return a && b ? [a, b] : null;
    },
    compute: (e, i) => numbers(i > 0 ? changes(e.nearest(i - 1)!, e.nearest(i)!) : blank(e)),
    coming: (e, i) => e.awaits("nearest", i - 1) || e.awaits("nearest", i),
  },
  {
    ...usual,
    key: "moved",
    name: "Moved on the map",
    kind: "number",
    field: "moved",
    sort: down("moved"),
    table: { head: "Moved", title: "How far it moved on the map since the epoch before, as a share of the map's longer side" },
    format: share(1),
    there: (e) => e.map !== null && e.epochs.length > 1,
    from: (e, i) => {
      const [a, b] = [e.frame(i - 1), e.frame(i)];
      return b ? [a, b] : null;
    },
    compute: (e, i) => numbers(movesOf(e.frame(i - 1), e.frame(i)!, e.samples?.count ?? 0)),
    coming: (e, i) => e.awaits("frame", i),
  },
  {
    ...usual,
    key: "trust",
    name: "Trust in the point",
    kind: "number",
    field: "trust",
    sort: down("trust"),
    format: share(0),
    there: (e) => e.map !== null && !e.map.layout.provisional && e.pairwise,
    from: (e, i) => {
      const t = e.trust(i);
      return t ? [t] : null;
    },
    compute: (e, i) => numbers(e.trust(i)),
    coming: (e, i) => e.awaits("trust", i),
  },
  {
    ...usual,
    key: "epoch",
    name: "Epoch",
    kind: "number",
    field: null, // every row of a file says it
    said: true,
    sort: down("epoch"),
    format: one,
    there: (e) => e.epochs.length > 1,
    from: (e) => [e.samples],
    compute: (e, i) => numbers(blank(e).fill(e.epochs[i].number)),
    coming: () => false,
  },
];

/** A column whose values are the same at every epoch. */
export interface Fixed {
  traits: Traits;
  values: Values;
}

/** The samples' labels; null where they have none. */
export function labelOf(s: Samples | null): Fixed | null {
  if (!s || s.classes.length === 0) return null;
  const scale = labelScale(s.classes, s.label);
  const values: Values = scale ? { kind: "number", value: scale } : { kind: "category", classes: s.classes, code: s.label };
  // Every row of a file says the label.
  return {
    traits: {
      ...usual,
      key: "label",
      name: "Label",
      kind: values.kind,
      field: null,
      none: "No label",
      said: true,
      tally: "correct",
      sort: { by: "label", down: false },
      format: one,
    },
    values,
  };
}

/** The columns of metadata that colours and filters can go by. */
export function metadataOf(s: Samples): Fixed[] {
  return Object.entries(s.metadata ?? {}).flatMap(([name, list]) => {
    const values = metadataValues(list);
    const key = metadataKey(name);
    return values
      ? [{ traits: { ...usual, key, name, kind: values.kind, field: name, source: "Metadata", sort: { by: key, down: false }, format: one }, values }]
      : [];
  });
}

/** How far each row, or every so many of them, has moved between two frames, as a share of the map's longer side. */
export function movesOf(a: Frame | null, b: Frame, rows: number, every = 1): Float32Array {
  const out = new Float32Array(Math.ceil(rows / every)).fill(NaN);
  if (!a) return out;
  const [p, q] = [new Float32Array(3), new Float32Array(3)];
  const [before, now] = [
    { from: a, to: a, t: 0 },
    { from: b, to: b, t: 0 },
  ];
  for (let i = 0; i < rows; i += every) {
    if (!locate(before, i, p) || !locate(now, i, q)) continue;
    out[i / every] = Math.hypot(q[0] - p[0], q[1] - p[1], q[2] - p[2]) / 2; // the world is 2 wide
  }
  return out;
}
