import { timed } from "../src/picture/webm";
import { equal, near, test, truth } from "./harness";

const element = (id: number[], content: number[], size = [0x80 | content.length]) => [...id, ...size, ...content];
const OPEN = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const INFO = [0x15, 0x49, 0xa9, 0x66];
const header = element([0x1a, 0x45, 0xdf, 0xa3], [0x42, 0x86, 0x81, 1]);
const scale = element([0x2a, 0xd7, 0xb1], [0x0f, 0x42, 0x40]);
const tracks = element([0x16, 0x54, 0xae, 0x6b], [0xae, 0x80]);
const time = (t: number) => element([0xe7], [t >> 8, t & 255]);
const block = (t: number) => element([0xa3], [0x81, (t >> 8) & 255, t & 255, 0x80, 7, 7]);
const group = (t: number) => element([0xa0], element([0xa1], [0x81, (t >> 8) & 255, t & 255, 0x80, 7]));
const cluster = (content: number[], size?: number[]) => element([0x1f, 0x43, 0xb6, 0x75], content, size);
const film = (info: number[], ...rest: number[][]) =>
  Uint8Array.from([...header, ...element([0x18, 0x53, 0x80, 0x67], [], OPEN), ...info, ...tracks, ...rest.flat()]);
const joined = (parts: Uint8Array[]) => parts.flatMap((p) => Array.from(p));

/** The duration that a film says, right behind its scale of time. */
function duration(parts: Uint8Array[]): number {
  const all = Uint8Array.from(joined(parts));
  const at = joined(parts)
    .join()
    .indexOf([...scale, 0x44, 0x89, 0x88].join());
  if (at < 0) return NaN;
  return new DataView(all.buffer).getFloat64(joined(parts).join().slice(0, at).split(",").length - 1 + scale.length + 3);
}

test("webm: the duration is what the blocks say", () => {
  const open = film(element(INFO, scale), cluster([...time(0), ...block(0), ...block(33)], OPEN), cluster([...time(1000), ...block(-20), ...block(40)], OPEN));
  near(duration(timed(open)), 1040 + 60, "clusters of no known size");
  const closed = film(element(INFO, scale, [0x40, scale.length]), cluster([...time(300), ...group(0), ...group(50)]));
  near(duration(timed(closed)), 400, "groups in a cluster of a size");
});

test("webm: nothing else changes", () => {
  const was = film(element(INFO, scale), cluster([...time(0), ...block(0), ...block(33)], OPEN));
  const now = joined(timed(was));
  equal(now.length, was.length + 7 + 11, "bytes: a longer size, and the duration");
  const start = header.length + 12;
  equal(now.slice(0, start + 4), Array.from(was.slice(0, start + 4)), "before");
  equal(now.slice(start + 4, start + 12), [1, 0, 0, 0, 0, 0, 0, scale.length + 11], "the size of the info");
  equal(now.slice(start + 12 + scale.length + 11), Array.from(was.slice(start + 5 + scale.length)), "after");
  truth(timed(Uint8Array.from(now)).length === 1, "it has its duration, and no second one");
});

test("webm: what is not as expected stays as it is", () => {
  const frames = cluster([...time(0), ...block(0), ...block(33)], OPEN);
  const info = element(INFO, scale);
  const good = film(info, frames);
  const bad: { [name: string]: Uint8Array<ArrayBuffer> } = {
    nothing: new Uint8Array(0),
    "another format": Uint8Array.from([0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70, 1, 2, 3]),
    "a segment of a size": Uint8Array.from([...header, ...element([0x18, 0x53, 0x80, 0x67], [...info, ...frames])]),
    "places in the file": film(info, element([0x11, 0x4d, 0x9b, 0x74], [1, 2]), frames),
    "an index": film(info, frames, element([0x1c, 0x53, 0xbb, 0x6b], [1])),
    "a sum": film(element(INFO, [...element([0xbf], [1, 2, 3, 4]), ...scale]), frames),
    "no info": film([], frames),
    "two infos": film(info, info, frames),
    "an info of no size": film(element(INFO, scale, OPEN), frames),
    "an info that is broken": film(element(INFO, [...scale, 0x4d]), frames),
    "one picture": film(info, cluster([...time(0), ...block(0)])),
    "no pictures": film(info),
    zeros: film(info, frames, [0, 0, 0]),
  };
  for (let n = 1; n < 9; n++) bad[`${n} bytes are missing`] = good.slice(0, good.length - n);
  for (const name of Object.keys(bad)) {
    const parts = timed(bad[name]);
    truth(parts.length === 1 && parts[0] === bad[name], name);
  }
  for (let n = 0; n < good.length; n++) timed(good.slice(0, n)); // none is an error
});
