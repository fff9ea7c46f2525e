import { base, colour, DISTINCT, grey, rgb, slot, type Theme } from "../src/ui/palette";
import { tintsOf } from "../src/state/colouring";
import { equal, test, truth } from "./harness";

// Sight without one kind of cone, on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
const SIGHT: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Oklab, Ottosson 2020, of a colour as it is seen. */
function seen(hex: string, sight: number[][]): number[] {
  const c = rgb(hex).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : Math.pow((v / 255 + 0.055) / 1.055, 2.4)));
  const [r, g, b] = sight.map((row) => Math.max(0, Math.min(1, row[0] * c[0] + row[1] * c[1] + row[2] * c[2])));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

for (const theme of ["light", "dark"] as Theme[]) {
  for (const [name, sight] of Object.entries(SIGHT)) {
    test(`palette: ${theme} colours stay apart for ${name} sight`, () => {
      const list = base(theme).map((c) => seen(c, sight));
      truth(list.length >= 10, "ten colours");
      for (let i = 0; i < list.length; i++) {
        for (let j = 0; j < i; j++) {
          const d = Math.hypot(...list[i].map((v, k) => v - list[j][k]));
          truth(d >= (name === "normal" ? 0.12 : 0.065), `${base(theme)[i]} and ${base(theme)[j]}, ${d.toFixed(3)} apart`);
        }
      }
    });
  }
}

test("palette: classes have colours of their own, up to a point", () => {
  const seenSoFar = new Set<string>();
  for (let i = 0; i < DISTINCT; i++) seenSoFar.add(colour(i, "light"));
  equal(seenSoFar.size, DISTINCT, "colours");
  equal(colour(DISTINCT, "light"), colour(0, "light"), "beyond, they begin again");
  equal(colour(-1, "dark"), grey("dark"), "none");
});

test("palette: a sample's slot has its class's colour", () => {
  const t = tintsOf("label", "category", 40, null, "light").palette;
  for (const c of [0, 5, 35, 36, 39, 999]) {
    const k = slot(c) * 4;
    equal([t[k], t[k + 1], t[k + 2]], rgb(colour(c, "light")), `class ${c}`);
  }
  equal([...tintsOf("none", "category", 0, null, "light").palette.subarray(0, 3)], rgb(base("light")[0]), "a run without labels is not grey");
});
