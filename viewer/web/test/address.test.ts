import { format, parse } from "../src/page/address";
import { equal, test } from "./harness";

test("address: what is written can be read", () => {
  const p = { run: "mnist/a b&c=<é>", projection: "p1", epoch: 0 };
  equal(parse(format(p)), p, "place");
});

test("address: nothing to say", () => {
  equal(format({ run: null, projection: null, epoch: null }), "", "query");
  equal(parse(""), { run: null, projection: null, epoch: null }, "place");
});

test("address: nonsense is left out", () => {
  for (const q of ["?epoch=x", "?epoch=1e9", "?epoch=", "?epoch=99999999999", "?run=", "?run=%", "?&&=&"]) {
    equal(parse(q), { run: null, projection: null, epoch: null }, q);
  }
  equal(parse("?epoch=-1").epoch, -1, "a negative number");
});
