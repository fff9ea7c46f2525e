import { labelScale, metadataValues, valueAt } from "../src/data/columns";
import { changes, compare, NOBODY } from "../src/data/neighbourhood";
import { equal, near, test } from "./harness";

test("columns: metadata finds its kind", () => {
  equal(metadataValues(["b", "a", null, "a"]), { kind: "category", classes: ["a", "b"], code: [1, 0, -1, 0] }, "words");
  equal(metadataValues([1, 2, 1, 10]), { kind: "category", classes: ["1", "2", "10"], code: [0, 1, 0, 2] }, "few whole numbers");
  equal(metadataValues([0.5, null, 1])?.kind, "number", "fractions");
  equal(metadataValues(Array.from({ length: 50 }, (_, i) => i))?.kind, "number", "many whole numbers");
  equal(metadataValues([true, false, true]), { kind: "category", classes: ["false", "true"], code: [1, 0, 1] }, "truth values");
  equal(metadataValues(Array.from({ length: 50 }, (_, i) => `text ${i}`)), null, "a text of its own each");
  equal(metadataValues([null, null]), null, "nothing");
});

test("columns: labels on a scale", () => {
  const classes = Array.from({ length: 50 }, (_, i) => String(i / 10));
  near(labelScale(classes, [3, -1])![0], 0.3, "value");
  equal(Number.isNaN(labelScale(classes, [3, -1])![1]), true, "no label");
  equal(labelScale(["1", "2"], [0, 1]), null, "a few numbers are names");
  equal(labelScale([...classes, "x"], [0]), null, "a word among them");
  const numbered = Array.from({ length: 100 }, (_, i) => String(i));
  equal(labelScale(numbered, new Int32Array(500)), null, "numbers of classes");
  equal(labelScale(numbered, new Int32Array(150)) === null, false, "a number of its own for nearly each sample");
  equal(
    labelScale(
      numbered.map((v) => String(1900 + Number(v))),
      new Int32Array(500),
    ) === null,
    false,
    "years",
  );
});

test("columns: a value in a row", () => {
  equal(valueAt({ kind: "category", classes: ["a"], code: Int32Array.of(0, -1) }, 1), null, "none");
  equal(valueAt({ kind: "number", value: Float32Array.of(NaN, 2) }, 1), 2, "number");
  equal(valueAt({ kind: "number", value: Float32Array.of(NaN, 2) }, 0), null, "no number");
});

test("neighbourhood: how it changed", () => {
  const a = { k: 2, near: Uint32Array.of(1, 2, 0, 2, 0, 1, NOBODY, NOBODY) };
  const b = { k: 2, near: Uint32Array.of(2, 1, 2, 3, 3, NOBODY, 0, 1) };
  equal(changes(a, b), [0, 0.5, 1, NaN], "changes");
  equal(
    compare(a, b, 1),
    {
      now: [
        { row: 2, fresh: false },
        { row: 3, fresh: true },
      ],
      gone: [0],
    },
    "one row",
  );
  equal(
    compare(null, b, 1).now.map((n) => n.fresh),
    [false, false],
    "nothing is new at the first epoch",
  );
});
