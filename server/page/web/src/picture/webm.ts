// Writes into a WebM how long it lasts. Browsers record films without knowing that, and players then show no length and
// do not seek. The format is EBML, RFC 8794 and 9559: elements with an id, a size and content. Pure.

const HEADER = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const DURATION = 0x4489;
const CLUSTER = 0x1f43b675;
const TIME = 0xe7; // of a cluster, from which its blocks count
const GROUP = 0xa0;
const BLOCKS = [0xa3, 0xa1];

/** Elements that hold places in the file, or sums of what is in it, which would no longer be right. */
const STRICT = [0x114d9b74, 0x1c53bb6b, 0xbf];

/** An element: where its content begins, and where it ends; Infinity is not known. */
interface Element {
  id: number;
  data: number;
  end: number;
}

/** Returns a film in parts, with its duration where it had none. A file that is not as browsers write them stays as it is. */
export function timed(film: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const header = read(film, 0);
  const segment = header?.id === HEADER ? read(film, header.end) : null;
  if (segment?.id !== SEGMENT || segment.end !== Infinity) return [film];
  let info: Element | null = null;
  let start = 0; // of the info
  let base = 0;
  let [last, before] = [-1, -1];
  for (let at = segment.data; at < film.length;) {
    const e = read(film, at);
    if (!e || STRICT.includes(e.id)) return [film];
    if (e.id === CLUSTER || e.id === GROUP) {
      at = e.data; // what is in it comes next
      continue;
    }
    if (e.end > film.length) return [film];
    if (e.id === INFO) {
      if (info) return [film];
      [info, start] = [e, at];
    } else if (e.id === TIME) base = whole(film, e.data, e.end);
    else if (BLOCKS.includes(e.id)) {
      const k = e.data + lengthOf(film[e.data]); // behind the number of the track
      const time = base + (((film[k] << 24) | (film[k + 1] << 16)) >> 16);
      if (time > last) [before, last] = [last, time];
    }
    at = e.end;
  }
  if (!info || before < 0) return [film];
  for (let at = info.data; at < info.end;) {
    const e = read(film, at);
    if (!e || e.end > info.end || e.id === DURATION || STRICT.includes(e.id)) return [film];
    at = e.end;
  }
  const added = new DataView(new ArrayBuffer(11));
  added.setUint16(0, DURATION);
  added.setUint8(2, 0x88); // eight bytes
  added.setFloat64(3, last + last - before); // the last picture stands as long as the one before
  const head = new DataView(new ArrayBuffer(12));
  head.setUint32(0, INFO);
  head.setUint8(4, 0x01); // a size of seven bytes
  head.setUint32(8, info.end - info.data + added.byteLength);
  return [film.subarray(0, start), bytes(head), film.subarray(info.data, info.end), bytes(added), film.subarray(info.end)];
}

/** Reads the id and the size of an element; null where there is none. */
function read(b: Uint8Array, at: number): Element | null {
  const long = lengthOf(b[at]);
  const size = at + long;
  const wide = lengthOf(b[size]);
  if (long > 4 || wide > 8 || size + wide > b.length) return null;
  const id = whole(b, at, size);
  const data = size + wide;
  const open = b[size] === 0xff >> (wide - 1) && b.subarray(size + 1, data).every((v) => v === 0xff);
  return { id, data, end: open ? Infinity : data + whole(b, size, data) - 2 ** (7 * wide) };
}

/** How many bytes a number takes whose length is told by its first: by the zeros that lead it. 9 is none. */
function lengthOf(first: number | undefined): number {
  return Math.clz32(first ?? 0) - 23;
}

function whole(b: Uint8Array, from: number, to: number): number {
  let v = 0;
  for (let i = from; i < to; i++) v = v * 256 + b[i];
  return v;
}

function bytes(v: DataView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(v.buffer);
}
