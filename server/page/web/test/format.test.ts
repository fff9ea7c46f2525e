import { brief, ago, count, figure, many, percent, value } from "../src/ui/format";
import { equal, test } from "./harness";

test("format: figures", () => {
  equal(
    [0.23117, 12.3456, 123.456, 1234.5, 0, -0.5, 3e-6, 2.5e7].map(figure),
    ["0.2312", "12.35", "123.5", "1235", "0", "-0.5000", "3.0e-6", "2.5e7"],
    "figures",
  );
});

test("format: counts and shares", () => {
  equal([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"], "counts");
  equal([many(1, "epoch"), many(2000, "sample")], ["1 epoch", "2,000 samples"], "many");
  equal(percent(0.9167), "91.7\u2009%", "percent");
});

test("format: how long ago", () => {
  const t = Date.parse("2026-01-01T00:00:00Z");
  equal(
    [10, 120, 7200, 200_000].map((s) => ago("2026-01-01T00:00:00Z", t + s * 1000)),
    ["just now", "2 min ago", "2 h ago", "2 days ago"],
    "ago",
  );
});

test("format: values of parameters", () => {
  equal(
    [value("adam"), value(128), value(0.000003), value(null), value([1, "a"]), value({ a: 1 })],
    ["adam", "128", "3e-6", "null", '[1,"a"]', '{"a":1}'],
    "values",
  );
});

test("format: long names that begin alike", () => {
  equal(brief(["a turtle with a name 1", "a turtle with a name 22"]), ["\u20261", "\u202622"], "the rest of them");
  equal(brief(["synset n01", "synset n02"]), ["synset n01", "synset n02"], "short ones stay");
  equal(brief(["Digit: 4", "Digit: 10"], 4), ["\u20264", "\u202610"], "where there is little room");
  equal(brief(["internationalisation", "internationalism"]), ["internationalisation", "internationalism"], "no word is cut");
  equal(brief(["a long, long name"]), ["a long, long name"], "one");
  equal(brief(["a turtle with a name ", "a turtle with a name 2"]), ["\u2026", "\u20262"], "one begins the other");
});
