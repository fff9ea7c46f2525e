import { between, home, isHome, matrix, orbit, pan, project, zoomAt, ZOOM, type View } from "../src/map/camera";
import { equal, near, test, truth } from "./harness";

const flat: View = { width: 800, height: 600, dims: 2, extent: [1, 0.5, 0] };
const deep: View = { width: 800, height: 600, dims: 3, extent: [1, 1, 1] };

function see(c: ReturnType<typeof home>, v: View, p: number[]): [number, number] {
  return project(matrix(c, v, new Float32Array(16)), v, p, [0, 0]);
}

test("camera: home shows the whole box with a margin", () => {
  for (const [x, y] of [
    [-1, -0.5],
    [1, 0.5],
  ]) {
    const [px, py] = see(home(2), flat, [x, y, 0]);
    truth(px >= 40 && px <= 760 && py >= 40 && py <= 560, `(${x}, ${y}) at (${px}, ${py}) inside the margin`);
  }
  const [px, py] = see(home(2), flat, [0, 0, 0]);
  near(px, 400, "middle x");
  near(py, 300, "middle y");
});

test("camera: both axes have one scale, and up is up", () => {
  const o = see(home(2), flat, [0, 0, 0]);
  const x = see(home(2), flat, [0.1, 0, 0]);
  const y = see(home(2), flat, [0, 0.1, 0]);
  near(x[0] - o[0], o[1] - y[1], "pixels per unit", 1e-4);
  truth(y[1] < o[1], "y grows upwards");
});

test("camera: a map in space is seen whole from all around, and has the room that there is", () => {
  for (const extent of [
    [1, 1, 1],
    [1, 0.3, 0.5],
    [0.2, 1, 0.4],
  ] as const) {
    const v: View = { ...deep, extent };
    let largest = 0;
    for (let yaw = -3; yaw <= 3; yaw += 0.25) {
      for (let k = 0; k < 6; k++) {
        const p = [0, 1, 2].map((d) => (d === k % 3 ? extent[d] * (k < 3 ? 1 : -1) : 0)); // the middles of its faces
        const [x, y] = see({ ...home(3), yaw }, v, p);
        truth(x > 0 && x < v.width && y > 0 && y < v.height, `${p} at (${x}, ${y}), turned by ${yaw}`);
        largest = Math.max(largest, Math.abs(x / v.width - 0.5) * 2, Math.abs(y / v.height - 0.5) * 2);
      }
    }
    truth(largest > 0.55, `${largest} of the window is used for ${extent}`);
  }
});

test("camera: the short way around", () => {
  const a = { ...home(3), yaw: 3 };
  near(between(a, { ...a, yaw: -3 }, 0.5).yaw, Math.PI, "half-way");
  truth(Math.abs(orbit(a, 1000, 0).yaw) <= Math.PI, "an angle stays one");
});

test("camera: zoom keeps what is under the pointer", () => {
  for (const v of [flat]) {
    let c = home(2);
    const p = [0.3, -0.2, 0];
    for (const factor of [1.5, 3, 0.7, 2]) {
      const [px, py] = see(c, v, p);
      c = zoomAt(c, v, px, py, factor);
      const [qx, qy] = see(c, v, p);
      near(qx, px, `x after ${factor}`, 1e-4);
      near(qy, py, `y after ${factor}`, 1e-4);
    }
  }
});

test("camera: zoom stops at its limits", () => {
  let c = home(2);
  for (let i = 0; i < 100; i++) c = zoomAt(c, flat, 10, 10, 3);
  equal(c.zoom, ZOOM.max, "zoom");
  for (let i = 0; i < 100; i++) c = zoomAt(c, flat, 10, 10, 0.3);
  equal(c.zoom, ZOOM.min, "zoom");
});

test("camera: a pan by pixels moves the picture by as many", () => {
  for (const v of [flat, deep]) {
    const c = home(v.dims);
    const a = see(c, v, [0, 0, 0]);
    const b = see(pan(c, v, 37, -21), v, [0, 0, 0]);
    near(b[0] - a[0], 37, `dx in ${v.dims} dimensions`, v.dims === 3 ? 0.12 : 1e-4);
    near(b[1] - a[1], -21, `dy in ${v.dims} dimensions`, v.dims === 3 ? 0.12 : 1e-4);
  }
});

test("camera: orbit keeps the middle and does not turn over", () => {
  let c = home(3);
  const a = see(c, deep, [0, 0, 0]);
  for (let i = 0; i < 50; i++) c = orbit(c, 11, 40);
  const b = see(c, deep, [0, 0, 0]);
  near(b[0], a[0], "x", 1e-4);
  near(b[1], a[1], "y", 1e-4);
  truth(c.pitch < Math.PI / 2, "pitch below a right angle");
});

test("camera: a turn keeps distances", () => {
  // Without perspective the rotation's columns have the length of the scale.
  const c = { ...home(3), yaw: 1.1, pitch: -0.4 };
  const m = matrix(c, { ...deep, width: 600 }, new Float32Array(16));
  for (const k of [0, 1, 2]) {
    const d = m[k * 4 + 3] / 0.22; // depth, from the perspective's row
    near(Math.hypot(m[k * 4], m[k * 4 + 1], d * Math.hypot(m[0], m[4], m[8])), Math.hypot(m[0], m[4], m[8]), `column ${k}`, 1e-4);
  }
});

test("camera: between two cameras", () => {
  const a = home(2);
  const b = { ...a, x: 1, zoom: 16 };
  equal(between(a, b, 0), a, "start");
  equal(between(a, b, 1), b, "end");
  near(between(a, b, 0.5).zoom, 4, "zoom half-way");
});

test("camera: isHome", () => {
  truth(isHome(home(2), 2), "home");
  truth(!isHome(pan(home(2), flat, 5, 0), 2), "moved");
  truth(!isHome(home(2), 3), "the other kind of home");
});
