import { format, parse, somewhere, type Place } from "../src/state/address";
import { USUAL } from "../src/state/options";
import { equal, test } from "./harness";

test("address: what is written can be read", () => {
  const p: Place = {
    home: false,
    search: "",
    run: "mnist/a b&c=<é>",
    projection: "p1",
    epoch: 0,
    compare: "other",
    colour: "meta:split ~x",
    filters: [
      { column: "label", epoch: null, values: ["a~b", "", "x;@!_"] },
      { column: "correct", epoch: "all", values: ["wrong"] },
      { column: "loss", epoch: 6, range: [-Infinity, 0.25] },
    ],
    select: "0-2.5",
    camera: { x: 0.5, y: -0.25, z: 0, zoom: 3.5, yaw: 0, pitch: 0 },
    view: { ...USUAL, size: 1.5, ghost: true, names: false },
  };
  equal(JSON.stringify(parse(format(p)), infinite), JSON.stringify(p, infinite), "place");
  const turned = somewhere({ camera: { x: 0, y: 0, z: 0.5, zoom: 1, yaw: 0.6, pitch: -0.1 } });
  equal(parse(format(turned)), turned, "place in space");
});

test("address: the page of all runs", () => {
  equal(format(somewhere({ home: true, epoch: 3 })), "?runs", "query");
  equal(parse("?runs").home, true, "place");
  const found = format(somewhere({ home: true, search: "tag:best lr=0.1 & more" }));
  equal(found, "?runs=tag:best+lr%3D0.1+%26+more", "a search");
  equal(parse(found).search, "tag:best lr=0.1 & more", "read again");
});

test("address: nothing to say", () => {
  equal(format(somewhere()), "", "query");
  equal(parse(""), somewhere(), "place");
});

test("address: nonsense is left out", () => {
  for (const q of [
    "?epoch=x",
    "?epoch=1e9",
    "?epoch=",
    "?epoch=99999999999",
    "?run=",
    "?run=%",
    "?&&=&",
    "?camera=1,2",
    "?camera=1,2,0",
    "?filter=;;~",
    "?filter=loss!~3~1",
    "?view=bogus",
  ]) {
    equal(parse(q), somewhere(), q);
  }
  equal(parse("?epoch=-1").epoch, -1, "a negative number");
});

function infinite(_: string, v: unknown): unknown {
  return typeof v === "number" && !Number.isFinite(v) ? String(v) : v;
}
