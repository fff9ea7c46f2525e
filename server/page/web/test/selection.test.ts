import { invert, join, pack, unpack } from "../src/state/selection";
import { equal, test, truth } from "./harness";

test("rows: how choices meet", () => {
  equal(join([1, 5], [9, 3, 3], "replace"), [3, 9], "replaced");
  equal(join([1, 5], [3, 5], "add"), [1, 3, 5], "added");
  equal(join([1, 5], [3, 5], "subtract"), [1], "taken away");
  equal(join([1, 5], [3, 5], "toggle"), [1, 3], "toggled");
});

test("rows: inversion leaves out what is hidden", () => {
  equal(invert([1, 2], 5, Uint8Array.of(1, 0, 0, 0, 0)), [3, 4], "inverted");
  equal(invert([], 3, null), [0, 1, 2], "of nothing");
});

test("rows: an address holds them", () => {
  for (const rows of [[], [0], [7], [0, 1, 2, 3], [5, 6, 9, 1999], [0, 2, 4, 36, 37]]) equal(unpack(pack(rows), 2000), rows, pack(rows));
  equal(pack([5, 6, 7, 40]), "5-2.x", "text");
  const all = Array.from({ length: 2000 }, (_, i) => i);
  truth(pack(all).length < 10, "all rows are short");
});

test("rows: an address may be wrong", () => {
  equal(unpack("5-zz", 8), [5, 6, 7], "beyond the end");
  equal(unpack("1.!.3", 8), [1], "nonsense");
  equal(unpack("zzzzzzzz", 8), [], "too long");
});
