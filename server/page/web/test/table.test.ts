import type { Samples } from "../src/data/api";
import { csv, json } from "../src/saving/records";
import { find } from "../src/state/search";
import { order } from "../src/panels/sorting";
import { equal, test } from "./harness";

const samples: Samples = {
  count: 4,
  numbered: false,
  id: (row) => samples.ids[row],
  ids: ["s1", "s2", "s10", "other"],
  classes: ["cat", "dog"],
  label: Int32Array.of(0, 1, 0, -1),
  metadata: { split: ["train", "test", "test", null], note: ["a cat-like dog", null, null, null] },
  sprite: null,
};

test("search: ids, labels and metadata", () => {
  equal(find(samples, "s1"), [0], "an id comes alone");
  equal(find(samples, "S"), [0, 1, 2], "part of an id or a value");
  equal(find(samples, "cat"), [0, 2], "a label");
  equal(find(samples, "cat test"), [2], "all words");
  equal(find(samples, "split:test"), [1, 2], "one column");
  equal(find(samples, "label:dog"), [1], "only the label");
  equal(find(samples, '"a cat-like'), [0], "words together, before the second mark is written");
  equal(find(samples, 'note:"like dog"'), [0], "words together in one column");
  equal(find(samples, '"dog a"'), [], "words in another order");
  equal(find(samples, " "), [], "nothing");
  equal(find(samples, "zebra"), [], "nobody");
});

test("search: ids that are the rows' numbers", () => {
  const many: Samples = { ...samples, count: 13, numbered: true, id: String, classes: [], label: new Int32Array(13).fill(-1), metadata: {} };
  equal(find(many, "2"), [2], "an id comes alone");
  equal(find(many, "id:2"), [2, 12], "part of an id");
  equal(find(many, "02"), [], "no id");
  const digits = { ...many, classes: ["Digit: 1", "Digit: 2"], label: many.label.map((_, row) => (row === 3 ? 0 : row === 12 ? 1 : -1)) };
  equal(find(digits, "digit: 1"), [3], "a label comes alone, without the ids that have its number");
  equal(find(digits, "digit 1"), [3, 12], "words in a label, or in a label and an id");
});

test("table: order", () => {
  const v = { kind: "number" as const, value: Float32Array.of(0.5, NaN, 0.9, 0.5) };
  equal(order([0, 1, 2, 3], v, { key: "change", down: true }, samples.ids), [2, 0, 3, 1], "down, without a value last");
  equal(order([0, 1, 2, 3], v, { key: "change", down: false }, samples.ids), [0, 3, 2, 1], "up");
  equal(order([0, 1, 2], null, { key: "sample", down: true }, null), [2, 1, 0], "ids that are the rows' numbers");
  equal(order([0, 1, 2], null, { key: "sample", down: true }, samples.ids), [2, 1, 0], "ids as people count");
});

test("records: CSV and JSON", () => {
  const records = [
    { id: 'a"b,c', x: 1.5, y: null },
    { id: "=1+1", z: "line\nbreak" },
  ];
  equal(csv(records), 'id,x,y,z\r\n"a""b,c",1.5,,\r\n\'=1+1,,,"line\nbreak"\r\n', "CSV");
  equal(JSON.parse(json(records)), records, "JSON");
});
