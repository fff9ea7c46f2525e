import type { Epoch, Series } from "../src/data/api";
import { align, epochOfStep, groups, merge, valueAt } from "../src/charts/series";
import { equal, near, test } from "./harness";

function epochs(...list: [number, number][]): Epoch[] {
  return list.map(([number, step], i) => ({ number, step, time: "", seq: i + 1 }));
}

const s = (name: string, ...points: [number, number, Series["value"][number]][]): Series => ({
  name,
  step: points.map((p) => p[0]),
  epoch: points.map((p) => p[1]),
  value: points.map((p) => p[2]),
});

test("series: a step lies between the epochs around it", () => {
  const e = epochs([1, 100], [2, 200], [4, 400]);
  near(epochOfStep(100, e), 1, "at an epoch");
  near(epochOfStep(50, e), 0.5, "before the first");
  near(epochOfStep(300, e), 3, "in a gap");
  near(epochOfStep(500, e), 5, "after the last");
});

test("series: epoch 0 and a first epoch alone", () => {
  near(epochOfStep(50, epochs([0, 0], [1, 100])), 0.5, "after epoch 0");
  near(epochOfStep(150, epochs([1, 100])), 1.5, "one epoch");
  equal(epochOfStep(7, []), 7, "no epoch");
});

test("series: losses, then accuracies, then the rest", () => {
  const g = groups([s("lr", [1, 1, 0.1]), s("val_accuracy", [1, 1, 0.5]), s("val/loss", [1, 1, 2]), s("loss", [1, 1, 1])], epochs([1, 1]));
  equal(
    g.map((x) => x.title),
    ["Loss", "Accuracy", "lr"],
    "titles",
  );
  equal(
    g[0].lines.map((l) => l.name),
    ["loss", "val/loss"],
    "losses",
  );
  equal([g[0].percent, g[1].percent], [false, true], "percent");
});

test("series: glossy is no loss, and an accuracy beyond 1 no share", () => {
  const g = groups([s("glossy", [1, 1, 1]), s("acc", [1, 1, 91])], epochs([1, 1]));
  equal(
    g.map((x) => [x.title, x.percent]),
    [
      ["Accuracy", false],
      ["glossy", false],
    ],
    "groups",
  );
});

test("series: without steps the epoch places a value", () => {
  const [g] = groups([s("loss", [0, 3, 1], [0, 4, 2])], epochs([3, 0], [4, 0]));
  equal(g.lines[0].x, [3, 4], "x");
});

test("series: what is no number is a gap", () => {
  const [g] = groups([s("loss", [1, 1, 3], [2, 2, "Infinity"], [3, 3, "NaN"])], epochs([1, 1], [2, 2], [3, 3]));
  equal(g.lines[0].y, [3, null, null], "y");
  equal(valueAt(g.lines[0], 3), 3, "last known value");
  equal(valueAt(g.lines[0], 0), null, "before the first");
});

test("series: merge replaces and appends", () => {
  const m = merge([s("loss", [1, 1, 5], [2, 2, 4])], [s("loss", [2, 2, 3], [3, 3, 1]), s("acc", [3, 3, 0.5])]);
  equal(
    m.map((x) => x.name),
    ["acc", "loss"],
    "names",
  );
  equal(m[1].value, [5, 3, 1], "values");
});

test("series: align", () => {
  equal(
    align([
      { name: "a", x: [1, 2], y: [10, 20] },
      { name: "b", x: [1.5, 2], y: [5, null] },
    ]),
    [
      [1, 1.5, 2],
      [10, null, 20],
      [null, 5, null],
    ],
    "columns",
  );
});
