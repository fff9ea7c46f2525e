import type { Samples } from "../src/data/api";
import { DEFINITIONS } from "../src/data/columnlist";
import { valueAt } from "../src/data/columns";
import { Facts } from "../src/data/facts";
import { equal, test } from "./harness";

const samples: Samples = {
  count: 3,
  numbered: false,
  id: (row) => samples.ids[row],
  ids: ["a", "b", "c"],
  classes: ["cat", "dog"],
  label: Int32Array.of(0, 1, -1),
  metadata: { split: ["train", "test", "test"], rank: [0.5, 1.25, null] },
  sprite: null,
};

test("columns: each says how it reads, sorts and is saved", () => {
  const facts = new Facts(
    () => {},
    (e) => {
      throw e;
    },
  );
  facts.open("run");
  facts.setSamples(samples);
  equal(
    facts.columns.map((c) => [c.key, c.name, c.kind, c.source, c.none, c.field]),
    [
      ["label", "Label", "category", "The network", "No label", null],
      ["meta:split", "split", "category", "Metadata", "None", "split"],
      ["meta:rank", "rank", "number", "Metadata", "None", "rank"],
    ],
  );
  const [label, , rank] = facts.columns;
  equal([label.tally, label.perEpoch, valueAt(label.values(0)!, 1)], ["correct", false, "dog"]);
  equal([rank.sort, rank.format(1.25), valueAt(rank.glance(0)!, 2)], [{ by: "meta:rank", down: false }, "1.250", null]);
  equal(facts.column("loss"), null, "nothing was logged of it");
});

test("columns: no two share a key or a name in files, and each sorts by one that there is", () => {
  const keys = DEFINITIONS.map((d) => d.key);
  const fields = DEFINITIONS.flatMap((d) => d.field ?? []);
  equal([new Set(keys).size, new Set(fields).size], [keys.length, fields.length]);
  for (const d of DEFINITIONS) for (const key of [d.sort.by, d.marks ?? d.key]) equal(keys.includes(key), true, `${d.key} goes by ${key}`);
});

test("columns: values by epoch are made of what is known then", () => {
  const facts = new Facts(
    () => {},
    () => {},
  );
  facts.open("run");
  facts.setSamples(samples);
  facts.setEpochs([1, 4].map((number) => ({ number, seq: number }) as Parameters<Facts["setEpochs"]>[0][0]));
  equal(
    facts.columns.map((c) => c.key),
    ["label", "epoch", "meta:split", "meta:rank"],
  );
  const epoch = facts.column("epoch")!;
  equal([epoch.perEpoch, valueAt(epoch.values(1)!, 0), epoch.values(2)], [true, 4, null]);
  equal([facts.coming("epoch", 1), facts.coming("meta:other", 1)], [false, false], "nothing more will come");
});

test("columns: a share reads the same wherever it is shown", () => {
  const read = (key: string, v: number) => DEFINITIONS.find((d) => d.key === key)!.format(v);
  equal(
    [read("moved", 0.1234), read("change", 0.4), read("trust", 0.876), read("confidence", 0.917), read("loss", 0.2312)],
    ["12.3\u2009%", "40\u2009%", "88\u2009%", "91.7\u2009%", "0.2312"],
  );
});
