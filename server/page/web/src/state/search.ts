// Finding samples by what is written of them: pure.

import type { Samples } from "../data/api";
import { textOf } from "../data/columns";

/**
 * Returns the rows that have all words of a query in their id, label or metadata, whatever the case; an id or a label that
 * is the whole query comes alone. "key:word" looks into one column only: id, label, or a key of the metadata. Quotation
 * marks keep words together.
 */
export function find(samples: Samples, query: string): number[] {
  const words = (query.toLowerCase().match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? []).map((w) => w.replaceAll('"', "")).filter(Boolean);
  if (words.length === 0) return [];
  const exact = samples.numbered
    ? /^(0|[1-9]\d*)$/.test(query.trim()) && Number(query) < samples.count
      ? Number(query)
      : -1
    : samples.ids.indexOf(query.trim());
  if (exact >= 0) return [exact];
  const whole = query.trim().toLowerCase();
  const label = samples.classes.findIndex((c) => c.toLowerCase() === whole);
  if (label >= 0) return Array.from(samples.label.keys()).filter((row) => samples.label[row] === label);
  const keys = Object.keys(samples.metadata ?? {});
  const labelled = (part: string) => {
    const has = samples.classes.map((c) => c.toLowerCase().includes(part));
    return (row: number) => has[samples.label[row]] ?? part === "";
  };
  const tests = words.map((word) => {
    const colon = word.indexOf(":");
    const name = colon > 0 ? word.slice(0, colon) : "";
    const key = keys.find((k) => k.toLowerCase() === name);
    const part = word.slice(colon + 1);
    if (name === "id") return (row: number) => samples.id(row).toLowerCase().includes(part);
    if (name === "label") return labelled(part);
    if (key !== undefined) return (row: number) => textOf(samples.metadata[key][row]).toLowerCase().includes(part);
    const named = labelled(word);
    return (row: number) =>
      samples.id(row).toLowerCase().includes(word) || named(row) || keys.some((k) => textOf(samples.metadata[k][row]).toLowerCase().includes(word));
  });
  const out: number[] = [];
  for (let row = 0; row < samples.count; row++) if (tests.every((t) => t(row))) out.push(row);
  return out;
}
