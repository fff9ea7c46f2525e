import { valueAt } from "../data/columns";
import type { Facts } from "./card";
import { figure } from "./format";
import type { Model } from "./model";

/** Columns that the card shows in words of its own. */
const SAID = ["label", "prediction", "correct", "confidence", "loss", "epoch"];

/** What the card says of a sample at an epoch, by its place. */
export function describe(model: Model, row: number, at: number): Facts | null {
  const { samples, facts, choice, numbers } = model;
  if (!samples) return null;
  const out = facts.outputs(at);
  const label = samples.label[row];
  const by = choice.colourBy;
  const v = by && !SAID.includes(by.key) ? facts.values(by.key, at) : null;
  const value = v ? valueAt(v, row) : null;
  const numeric = (x: number | string | null | undefined): number | null => (typeof x === "number" ? x : null);
  const course = out?.loss ? "loss" : out?.confidence ? "confidence" : null;
  const values = course ? numbers.map((_, i) => numeric(known(model, course, i, row))) : [];
  return {
    row,
    id: samples.ids[row],
    label: label < 0 ? null : samples.classes[label],
    colour: choice.colour(row, at),
    epoch: numbers[at],
    prediction: out === null ? undefined : out.prediction && out.prediction[row] >= 0 ? out.classes[out.prediction[row]] : null,
    confidence: numeric(out?.confidence?.[row]),
    loss: numeric(out?.loss?.[row]),
    extra: value === null ? "" : `${by!.name}: ${typeof value === "number" ? figure(value) : value}`,
    course: course && values.filter((x) => x !== null).length > 1 ? { values, at, name: course } : null,
  };
}

function known(model: Model, column: string, i: number, row: number): number | string | null {
  const v = model.facts.values(column, i);
  return v ? valueAt(v, row) : null;
}
