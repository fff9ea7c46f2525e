import { home, matrix, project, type View } from "../src/map/camera";
import { place, type Frame } from "../src/map/cloud";
import { inside, rectangle, within } from "../src/map/region";
import { equal, test, truth } from "./harness";

const range = { dims: 2 as const, origin: [0, 0], size: 10, min: [0, 0], max: [10, 10] };
const frame: Frame = { quanta: Uint16Array.of(0, 0, 32767, 32767, 65534, 65534, 65535, 65535), dims: 2, placement: place(range) };
const view: View = { width: 400, height: 400, dims: 2, extent: frame.placement.extent };

test("region: a rectangle holds what is drawn in it", () => {
  const m = matrix(home(2), view, new Float32Array(16));
  const shot = { from: frame, to: frame, t: 0 };
  equal(inside(shot, m, view, rectangle([100, 300], [300, 100]), null), [1], "the middle");
  equal(inside(shot, m, view, rectangle([0, 0], [400, 400]), null), [0, 1, 2], "all, but for who is not there");
  equal(inside(shot, m, view, rectangle([0, 0], [400, 400]), Uint8Array.of(0, 1, 0, 0)), [0, 2], "without the hidden");
  equal(
    inside(
      shot,
      m,
      view,
      [
        [0, 0],
        [400, 400],
      ],
      null,
    ),
    [],
    "a line",
  );
  const [x, y] = project(m, view, [1, 1, 0], [0, 0]);
  equal(
    inside(
      shot,
      m,
      view,
      [
        [x - 3, y - 3],
        [x + 3, y - 3],
        [x, y + 5],
      ],
      null,
    ),
    [2],
    "a small triangle",
  );
});

test("region: a lasso that crosses itself leaves a hole", () => {
  const star = Array.from({ length: 5 }, (_, i) => [100 + 90 * Math.sin((i * 4 * Math.PI) / 5), 100 - 90 * Math.cos((i * 4 * Math.PI) / 5)] as const);
  truth(!within(star, 100, 100), "the middle of a star is outside");
  truth(within(star, 100, 30), "its point is inside");
});
