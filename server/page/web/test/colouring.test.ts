import { numberAt, place, scaleOf, slotsOf, tintsOf } from "../src/state/colouring";
import { apply, replace, toggle } from "../src/state/filter";
import { ramp, rgb } from "../src/ui/palette";
import { cells, spread, trailsOf } from "../src/map/overlay/scene";
import { sparkPath } from "../src/ui/spark";
import { equal, near, test, truth } from "./harness";

test("colouring: one scale for all epochs", () => {
  const s = scaleOf([Float32Array.of(0.1, 0.5), Float32Array.of(NaN, 0.9)])!;
  equal([s.low, s.high, s.log], [0, 0.9, false], "shares of one begin at nought");
  const log = scaleOf([Float32Array.from({ length: 100 }, (_, i) => Math.pow(10, -4 + i / 20))])!;
  truth(log.log, "values over five powers of ten");
  near(place(log, log.low), 0, "low end");
  near(place(log, log.high), 1, "high end");
  near(numberAt(log, place(log, 0.01)), 0.01, "there and back", 1e-4);
  equal(scaleOf([Float32Array.of(NaN)]), null, "nothing");
  const flat = scaleOf([Float32Array.of(3, 3)])!;
  truth(flat.high > flat.low, "one value has a range");
});

test("colouring: places in the palette", () => {
  equal(slotsOf({ kind: "number", value: Float32Array.of(NaN, 0, 1, 7, -7) }, { low: 0, high: 1, log: false }), [0, 1, 255, 255, 1], "numbers");
  equal(slotsOf({ kind: "category", classes: [], code: Int32Array.of(-1, 0, 35, 36) }, null), [0, 1, 36, 1], "classes, whose colours begin anew");
});

test("colouring: lightness runs evenly along the scale", () => {
  for (const theme of ["light", "dark"] as const) {
    let last = theme === "light" ? 2 : -1;
    for (let i = 0; i <= 20; i++) {
      const [r, g, b] = rgb(ramp(i / 20, theme)).map((v) => v / 255);
      const y = 0.2126 * r * r + 0.7152 * g * g + 0.0722 * b * b;
      truth(theme === "light" ? y < last : y > last, `${theme}, step ${i}`);
      last = y;
    }
  }
});

test("colouring: mistakes stand out", () => {
  const t = tintsOf("correct", "category", 2, null, "light");
  truth(t.ofClass(0) !== t.ofClass(1), "two colours");
});

test("filter: classes and ranges", () => {
  const v = { kind: "category" as const, classes: ["a", "b"], code: Int32Array.of(0, 1, -1) };
  const hidden = new Uint8Array(3);
  apply({ column: "label", epoch: null, values: ["a", ""] }, v, hidden);
  equal(hidden, [0, 1, 0], "classes");
  apply({ column: "loss", epoch: null, range: [0.2, 0.5] }, { kind: "number", value: Float32Array.of(0.3, 0.3, NaN) }, hidden);
  equal(hidden, [0, 1, 1], "and a range");
  apply({ column: "loss", epoch: null, range: [9, 9] }, null, hidden);
  equal(hidden, [0, 1, 1], "what is not known hides nothing");
});

test("filter: clicks in the legend", () => {
  let all = toggle([], "label", "a", 3);
  equal(all, [{ column: "label", epoch: null, values: ["a"] }], "alone");
  all = toggle(all, "label", "b", 3);
  equal(all[0].values, ["a", "b"], "two");
  equal(toggle(all, "label", "c", 3), [], "all is none");
  equal(toggle(toggle(all, "label", "b", 3), "label", "a", 3), [], "none is none");
  equal(replace([{ column: "x", epoch: null, values: ["1"] }, ...all], "x", null).length, 1, "away");
});

test("filter: what is kept at an epoch stays", () => {
  const kept = { column: "correct", epoch: 5, values: ["wrong"] };
  const all = toggle([kept], "correct", "right", 2);
  equal(all, [kept, { column: "correct", epoch: null, values: ["right"] }], "wrong at 5, right now");
  equal(toggle(all, "correct", "right", 2), [kept], "and without");
});

test("scene: the grid of epochs", () => {
  equal(cells(20, 1000, 700).columns * cells(20, 1000, 700).rows >= 20, true, "room for all");
  truth(cells(20, 1000, 300).columns > cells(20, 300, 1000).columns, "wide and tall");
  equal(spread(20, 5), [0, 5, 10, 14, 19], "some of many");
  equal(spread(3, 5), [0, 1, 2], "all of few");
});

test("scene: trails skip what is not there", () => {
  const placement = { scale: 1, offset: [0, 0, 0] as [number, number, number], extent: [1, 1, 1] as [number, number, number] };
  const f = (x: number) => ({ quanta: Uint16Array.of(x, 1), dims: 2 as const, placement });
  equal(
    trailsOf([f(1), null, f(0xffff), f(4)], [0], () => 7),
    [1, 1, 0, 4, 1, 0, 2, 7],
    "one step over the gap",
  );
});

test("spark: gaps and ends", () => {
  equal(sparkPath([0, 1, null, 1], 3, 36, 16).path, "M3.0 13.0L13.0 3.0M33.0 3.0", "path");
  equal(sparkPath([0, 1], 0, 36, 16).dot, [3, 13], "dot");
  equal(sparkPath([null], 0, 36, 16), { path: "", dot: null }, "nothing");
});
