import { home, matrix, project, type View } from "../src/map/camera";
import { locate, middles, MISSING, place, STEPS, strideOf, type Frame } from "../src/map/cloud";
import { pick } from "../src/map/pick";
import { equal, near, test, truth } from "./harness";

const placement = { scale: 2 / STEPS, offset: [-1, -1, 0] as [number, number, number], extent: [1, 1, 0.01] as [number, number, number] };

function frame(...places: (readonly [number, number] | null)[]): Frame {
  const quanta = new Uint16Array(places.length * 2);
  places.forEach((p, i) => {
    quanta[i * 2] = p ? Math.round((p[0] + 1) * 0.5 * STEPS) : MISSING;
    quanta[i * 2 + 1] = p ? Math.round((p[1] + 1) * 0.5 * STEPS) : MISSING;
  });
  return { quanta, dims: 2, placement };
}

test("cloud: a placement puts the extremes at the box's sides", () => {
  const p = place({ dims: 2, origin: [10, 20], size: 8, min: [11, 21], max: [17, 24] });
  const x = (v: number) => ((v - 10) / 8) * STEPS * p.scale + p.offset[0];
  const y = (v: number) => ((v - 20) / 8) * STEPS * p.scale + p.offset[1];
  near(x(11), -1, "left");
  near(x(17), 1, "right");
  near(y(21), -0.5, "bottom");
  near(y(24), 0.5, "top");
  equal(p.extent[0], 1, "extent x");
  near(p.extent[1], 0.5, "extent y");
});

test("cloud: a single point has a placement", () => {
  const p = place({ dims: 2, origin: [-0.5, -0.5], size: 1, min: [0, 0], max: [0, 0] });
  truth(Number.isFinite(p.scale) && p.extent[0] > 0 && p.extent[1] > 0, "finite");
});

test("cloud: locate interpolates", () => {
  const s = { from: frame([0, 0]), to: frame([0.4, -0.8]), t: 0.25 };
  const p = new Float32Array(3);
  truth(locate(s, 0, p), "present");
  near(p[0], 0.1, "x", 1e-4);
  near(p[1], -0.2, "y", 1e-4);
});

test("cloud: a sample in one frame only stays there, in none is nowhere", () => {
  const s = { from: frame(null, [0.5, 0.5], null), to: frame([0.2, 0.2], null, null), t: 0.5 };
  const p = new Float32Array(3);
  truth(locate(s, 0, p), "coming");
  near(p[0], 0.2, "coming x", 1e-4);
  truth(locate(s, 1, p), "going");
  near(p[0], 0.5, "going x", 1e-4);
  truth(!locate(s, 2, p), "nowhere");
});

test("cloud: one map becomes another through the world they share", () => {
  const other: Frame = { ...frame([0, 0]), placement: { scale: 1 / STEPS, offset: [0, 0, 0], extent: [1, 1, 0.01] } };
  const p = new Float32Array(3);
  locate({ from: frame([0, 0]), to: other, t: 1 }, 0, p);
  near(p[0], 0.5, "x", 1e-4);
});

test("cloud: the middle of a class is its densest place", () => {
  const f = frame([-0.8, 0], [0.5, 0.5], [0.51, 0.5], [0.5, 0.51], [0.2, -0.2], null);
  const m = middles(f, Int32Array.from([0, 0, 0, 0, 1, 2]), 3);
  near(m[0], 0.503, "x of class 0", 0.02);
  near(m[3], 0.2, "x of class 1", 1e-3);
  truth(Number.isNaN(m[6]), "class 2 is nowhere");
});

test("cloud: middles takes no row of another class or none", () => {
  const m = middles(frame([0.1, 0.1], [0.9, 0.9], [0.5, 0.5]), Int32Array.from([0, -1, 7]), 1);
  near(m[0], 0.1, "x", 1e-3);
});

const view: View = { width: 500, height: 500, dims: 2, extent: [1, 1, 0.01] };
const m = matrix(home(2), view, new Float32Array(16));

test("cloud: middles sees classes that take turns", () => {
  const n = 300_000;
  const quanta = new Uint16Array(2 * n).fill(20_000);
  for (const classes of [2, 4, 10]) {
    const m = middles(
      { quanta, dims: 2, placement },
      Int32Array.from({ length: n }, (_, i) => i % classes),
      classes,
    );
    equal(
      m.every((v) => !Number.isNaN(v)),
      true,
      `${classes} classes`,
    );
  }
});

test("cloud: a stride is a prime that is no even number, nor 5", () => {
  equal([0.1, 1, 1.1, 2, 3, 3.5, 5, 8, 10, 16.7, 40].map(strideOf), [1, 1, 3, 3, 3, 7, 7, 11, 11, 17, 41], "strides");
});

test("pick: the nearest within reach", () => {
  const f = frame([0, 0], [0.02, 0], [0.9, 0.9]);
  const s = { from: f, to: f, t: 0 };
  equal(pick(s, m, view, 250, 250, 9, null), 0, "in the middle");
  equal(pick(s, m, view, 254, 250, 9, null), 1, "right of it");
  equal(pick(s, m, view, 100, 100, 9, null), -1, "far away");
});

test("pick: among many as among few", () => {
  const many = new Uint16Array(42_000).fill(MISSING);
  const few: [number, number, number][] = [
    [3, 20_000, 30_000],
    [900, 20_300, 30_000],
    [20_000, 20_000, 30_100],
    [20_999, 20_300, 30_000],
  ];
  for (const [row, x, y] of few) many.set([x, y], row * 2);
  const f: Frame = { quanta: many, dims: 2, placement };
  const g: Frame = { quanta: many.map((q, i) => (q === MISSING ? q : i % 2 === 0 ? q + 8000 : q)), dims: 2, placement };
  for (const s of [
    { from: f, to: f, t: 0 },
    { from: f, to: g, t: 0.25 },
  ]) {
    const at = (row: number, dx: number) => {
      const p = new Float32Array(3);
      locate(s, row, p);
      const [x, y] = project(m, view, p, [0, 0]);
      return pick(s, m, view, x + dx, y, 9, null);
    };
    equal([at(3, 0), at(20_000, -0.1)], [3, 20_000], "the nearest");
    equal(at(900, 0), 20_999, "of two in one place, the one in front");
    equal([at(3, -8), at(3, -10)], [3, -1], "as far as it reaches");
  }
});

test("pick: among many, the nearest of all, wherever one points", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const places = Uint16Array.from({ length: 50_000 }, () => Math.floor(65_000 * random() * random()));
  const f: Frame = { quanta: places, dims: 2, placement };
  const s = { from: f, to: f, t: 0 };
  const p = new Float32Array(3);
  const on = Array.from({ length: places.length / 2 }, (_, row) => (locate(s, row, p), project(m, view, p, [0, 0])));
  for (let k = 0; k < 30; k++) {
    const [x, y] = [view.width * (1.4 * random() - 0.2), view.height * (1.4 * random() - 0.2)];
    let [best, bound] = [-1, 25 * 25];
    on.forEach(([a, b], row) => {
      const d = (a - x) ** 2 + (b - y) ** 2;
      if (d <= bound) [best, bound] = [row, d];
    });
    const got = pick(s, m, view, x, y, 25, null);
    const d = got < 0 ? 25 * 25 : (on[got][0] - x) ** 2 + (on[got][1] - y) ** 2;
    truth(got < 0 === best < 0 && Math.abs(d - bound) < 1e-2, `${got} is nearest to ${x}, ${y}, not ${best}`);
  }
});

test("pick: where points are in the middle of a movement", () => {
  const s = { from: frame([-0.5, 0]), to: frame([0.5, 0]), t: 0.5 };
  equal(pick(s, m, view, 250, 250, 9, null), 0, "half-way");
  equal(pick({ ...s, t: 0 }, m, view, 250, 250, 9, null), -1, "at the start");
});

test("pick: what is hidden or missing cannot be picked", () => {
  const f = frame([0, 0], null);
  equal(pick({ from: f, to: f, t: 0 }, m, view, 250, 250, 9, Uint8Array.of(1, 0)), -1, "hidden");
  const g = frame(null, [0, 0]);
  equal(pick({ from: f, to: g, t: 0.9 }, m, view, 250, 250, 9, null), 1, "of two that are each in one frame, the one in front");
});

test("pick: of what lies over each other in space, the one in front", () => {
  const p = { scale: 1 / STEPS, offset: [-0.5, -0.5, -0.5] as [number, number, number], extent: [1, 1, 1] as [number, number, number] };
  const deep: View = { ...view, dims: 3 };
  const at = (...z: number[]) => Uint16Array.from(z.flatMap((v, i) => [STEPS / 2 + i * 20, STEPS / 2, STEPS * v])); // the later, the farther right, by less than a pixel
  const c = { ...home(3), yaw: 0, pitch: 0 };
  for (const [quanta, want] of [
    [at(0.1, 0.9), 1],
    [at(0.9, 0.1), 0],
  ] as const) {
    const f = { quanta, dims: 3 as const, placement: p };
    equal(pick({ from: f, to: f, t: 0 }, matrix(c, deep, new Float32Array(16)), deep, 250, 250, 9, null), want, "front");
  }
});
