import { unpackOutputs, unpackSamples } from "../src/data/api";
import { equal, test } from "./harness";

// What runs these tests is no browser, and has no base64.
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function packed(...bytes: number[]): string {
  const bits = bytes.map((b) => b.toString(2).padStart(8, "0")).join("");
  const digits = (bits.match(/.{1,6}/g) ?? []).map((d) => DIGITS[parseInt(d.padEnd(6, "0"), 2)]).join("");
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
}

globalThis.atob ??= (text: string) => {
  const bits = text
    .replace(/=/g, "")
    .split("")
    .map((d) => DIGITS.indexOf(d).toString(2).padStart(6, "0"))
    .join("");
  return (bits.match(/.{8}/g) ?? []).map((b) => String.fromCharCode(parseInt(b, 2))).join("");
};

test("packed: outputs", () => {
  const of = { run: "r", epoch: 1, loss: null, confidence: null };
  const some = unpackOutputs({
    ...of,
    classes: ["9", "10"],
    width: 1,
    prediction: packed(0, 255, 1),
    loss: packed(0, 0, 192, 63, 0, 0, 192, 127, 0, 0, 0, 63),
  });
  equal(some.prediction, [0, -1, 1], "places and none");
  equal(some.loss, [1.5, NaN, 0.5], "losses and none");
  equal(some.confidence, null, "what was not logged");
  equal(unpackOutputs({ ...of, classes: [], width: 2, prediction: packed(44, 1, 255, 255) }).prediction, [300, -1], "of two bytes");
  equal(unpackOutputs({ ...of, classes: [], width: 4, prediction: packed(0, 0, 1, 0) }).prediction, [65536], "of four");
});

test("packed: samples", () => {
  const s = unpackSamples({
    run: "r",
    label: null,
    count: 3,
    classes: ["a", "b"],
    metadata: {},
    sprite: null,
    ids: null,
    packed: packed(1, 0, 255, 255, 0, 0),
    width: 2,
  });
  equal(s.label, [1, -1, 0], "labels");
  equal([s.numbered, s.id(2), s.ids], [true, "2", ["0", "1", "2"]], "numbered ids");
});
