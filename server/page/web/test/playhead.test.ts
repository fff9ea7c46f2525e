import { Playhead, ease, framesOf, nearestEpoch } from "../src/map/playhead";
import { equal, near, test, truth } from "./harness";

test("playhead: plays to the end and stops there", () => {
  const c = new Playhead(4);
  c.play(0);
  let now = 0;
  let last = -1;
  while (c.tick((now += 16)) && now < 10_000) {
    truth(c.position >= last, "never goes back");
    last = c.position;
  }
  equal(c.position, 3, "position");
  equal(c.playing, false, "playing");
  c.play(now);
  equal(c.position, 0, "play at the end begins anew");
});

test("playhead: speed", () => {
  const [a, b] = [new Playhead(100), new Playhead(100)];
  b.speed = 2;
  for (const c of [a, b]) {
    c.play(0);
    for (let t = 20; t <= 400; t += 20) c.tick(t);
  }
  near(b.position, 2 * a.position, "twice as far");
});

test("playhead: a page that slept does not leap", () => {
  const c = new Playhead(100);
  c.play(0);
  c.tick(60_000);
  truth(c.position < 1, `position ${c.position} below 1`);
});

test("playhead: glides, and comes to rest exactly", () => {
  const c = new Playhead(10);
  c.glide(7, 0);
  equal(c.heading, 7, "heading");
  for (let t = 0; t < 2000 && c.tick(t); t += 16);
  equal(c.position, 7, "position");
  equal(c.moving, false, "moving");
  c.glide(99, 2000);
  equal(c.heading, 9, "not beyond the last");
  c.glide(-Infinity, 2000);
  equal(c.heading, 0, "not before the first");
});

test("playhead: without motion it jumps", () => {
  const c = new Playhead(10);
  c.still = true;
  c.glide(4, 0);
  equal(c.position, 4, "position");
  equal(c.moving, false, "moving");
});

test("playhead: pause comes to rest on an epoch", () => {
  const c = new Playhead(10);
  c.play(0);
  c.tick(200);
  c.tick(400);
  c.pause(400);
  for (let t = 400; t < 2000 && c.tick(t); t += 16);
  equal(c.position, Math.round(c.position), "position is whole");
});

test("playhead: keeps its epoch when others come in", () => {
  const c = new Playhead(3);
  c.seek(1);
  c.reindex([1, 5, 9], [1, 2, 5, 9, 10]);
  equal(c.position, 2, "an epoch before it");
  c.reindex([1, 2, 5, 9, 10], [1, 2, 5, 9, 10, 11]);
  equal(c.position, 2, "one after it");
  c.reindex([1, 2, 5, 9, 10, 11], [1, 2]);
  equal(c.position, 1, "its own is gone: the nearest");
  c.reindex([1, 2], []);
  equal(c.count, 0, "none at all");
  equal(c.nearest, 0, "nearest of none");
});

test("playhead: a glide goes on to its epoch when others come in", () => {
  const c = new Playhead(3);
  c.glide(2, 0);
  c.reindex([1, 5, 9], [0, 1, 5, 9]);
  for (let t = 0; t < 2000 && c.tick(t); t += 16);
  equal(c.position, 3, "position");
});

test("playhead: an empty list that fills", () => {
  const c = new Playhead(0);
  c.reindex([], [1]);
  equal([c.count, c.position], [1, 0], "count and position");
});

test("playhead: ease keeps the ends and never goes back", () => {
  equal([ease(0), ease(1)], [0, 1], "ends");
  near(ease(0.5), 0.5, "middle");
  for (let t = 0; t < 1; t += 0.01) truth(ease(t + 0.01) > ease(t), `rises at ${t}`);
});

test("playhead: nearestEpoch", () => {
  equal(
    [0, 4, 7, 100].map((n) => nearestEpoch([1, 5, 9], n)),
    [0, 1, 1, 2],
    "index",
  );
});

test("playhead: framesOf shows the last frame before an epoch without one", () => {
  equal(framesOf([0, 1, 2, 3, 10], [1, 3]), [0, 0, 0, 1, 1], "frames");
  equal(framesOf([1, 2], []), [-1, -1], "without frames");
  equal(framesOf([], [1]), [], "without epochs");
});
