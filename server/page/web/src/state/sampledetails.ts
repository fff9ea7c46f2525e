import { metadataKey, valueAt } from "../data/columns";
import type { Facts } from "../data/facts";
import type { Comparison } from "./comparison";
import type { Model } from "./model";

/** Letters of a sample's text, at most. */
const TEXT = 280;

/** What the card says about a sample at an epoch. */
export interface Details {
  row: number;
  id: string;
  /** null is a sample without a label, undefined one of a run that has none at all: of labels, nothing is said. */
  label: string | null | undefined;
  colour: string;
  epoch: number;
  /** null when no prediction was logged, undefined while it is on its way. */
  prediction: string | null | undefined;
  confidence: number | null;
  loss: number | null;
  /** What the points are coloured by, where the card does not say it anyway. */
  extra: string;
  /** What is written in its metadata; empty where nothing is. */
  text: string;
  /** Its loss over the epochs, and which of them this is; null without. */
  course: { values: (number | null)[]; at: number; name: string } | null;
}

/** What the card says of a sample at an epoch, by its place; of another run at one of its own epochs, if one is given. */
export function describe(model: Model, row: number, at: number, other: Comparison | null = null): Details | null {
  const { samples, viewstate } = model;
  if (!samples) return null;
  const { facts, numbers } = other ?? model;
  const out = facts.outputs(at);
  const mine = row; // among the open run's samples
  if (other) row = other.rowOf(row);
  if (row < 0) return null;
  const label = samples.label[mine];
  const by = viewstate.colourBy;
  const v = by && !by.said ? facts.values(by.key, at) : null;
  const value = v ? valueAt(v, row) : null;
  const numeric = (x: number | string | null | undefined): number | null => (typeof x === "number" && !Number.isNaN(x) ? x : null);
  const course = out?.loss ? "loss" : out?.confidence ? "confidence" : null;
  const values = course ? numbers.map((_, i) => numeric(known(facts, course, i, row))) : [];
  return {
    row: mine,
    id: samples.id(mine),
    label: label >= 0 ? samples.classes[label] : samples.classes.length > 0 ? null : undefined,
    colour: other ? viewstate.colourIn(other, mine, at) : viewstate.colour(row, at),
    epoch: numbers[at],
    prediction: out === null ? undefined : out.prediction && out.prediction[row] >= 0 ? out.classes[out.prediction[row]] : null,
    confidence: numeric(out?.confidence?.[row]),
    loss: numeric(out?.loss?.[row]),
    extra: value === null ? "" : `${by!.name}: ${by!.format(value)}`,
    text: writtenIn(model, mine),
    course: course && values.filter((x) => x !== null).length > 1 ? { values, at, name: course } : null,
  };
}

/** What is written in a sample's metadata, and no column of classes: the longest, and the beginning of that. */
export function writtenIn({ samples, facts }: Model, row: number): string {
  let text = "";
  for (const [key, list] of Object.entries(samples!.metadata ?? {})) {
    const v = list[row];
    if (typeof v === "string" && v.length > text.length && facts.column(metadataKey(key)) === null) text = v;
  }
  return text.length > TEXT ? `${text.slice(0, TEXT)}\u2026` : text;
}

function known(facts: Facts, column: string, i: number, row: number): number | string | null {
  const v = facts.values(column, i);
  return v ? valueAt(v, row) : null;
}
