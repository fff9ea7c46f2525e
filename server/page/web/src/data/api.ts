// The only module that asks the server for anything. Addresses are relative, so the page works under any prefix; and where
// it is a file, they are answered from that.

import { place, type Frame } from "../map/cloud";
import * as archive from "./archive";
import * as preloaded from "./preloaded";
import type { Neighbourhoods } from "./neighbourhood";
import type { CompactOutputs, CompactSamples, Epoch, Field, Job, Layout, Projection, Quality, Run, Series, Sprite } from "./wire";

export type { Behind, Epoch, Field, Job, Labels, Layout, Projection, Quality, Run, Series, Sprite, State } from "./wire";

/** The samples of a run, as columns. */
export interface Samples extends Pick<CompactSamples, "count" | "classes" | "metadata" | "sprite"> {
  /** Ids are the numbers of the rows. */
  numbered: boolean;
  id(row: number): string;
  readonly ids: readonly string[];
  /** Each sample's place among the classes; -1 is a sample without a label. */
  label: Int32Array;
}

/** What the network made of the samples at one epoch; a column is null when it was not logged. */
export interface Outputs extends Pick<CompactOutputs, "classes"> {
  /** Places in classes; -1 is none. */
  prediction: Int32Array | null;
  /** NaN is none. */
  loss: Float32Array | null;
  confidence: Float32Array | null;
}

/** A failure that the server explained. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** A map that is no longer as the request names it; its layout has to be read again. */
export class Superseded extends ApiError {
  constructor(readonly revision: string) {
    super(`The map keeps changing: it is revision ${revision} now.`, 204);
  }
}

/** Calls read again while a map changes between its layout and its positions, up to three times in all. */
export async function settled<T>(read: () => Promise<T>): Promise<T> {
  for (let left = 2; ; left--) {
    try {
      return await read();
    } catch (e) {
      if (left === 0 || !(e instanceof Superseded)) throw e;
    }
  }
}

const BASE = "api/v1/";

/** Addresses of what the page needs under /api/v1. */
export const address = {
  events: (after: string) => `${BASE}events${after ? `?after=${encodeURIComponent(after)}` : ""}`,
  sheet: (run: string, s: Sprite, sheet: number) => {
    const path = `runs/${encodeURIComponent(run)}/sprite/${s.version}/${sheet}.png`;
    return archive.archived() ? archive.picture(path) : BASE + path;
  },
};

/** All runs, the newest first, and the cursor from which events tell what came later. */
export function getRuns(): Promise<{ runs: Run[]; cursor: string }> {
  return json("runs");
}

export async function getEpochs(run: string): Promise<Epoch[]> {
  return (await json<{ epochs: Epoch[] }>(`runs/${encodeURIComponent(run)}/epochs`)).epochs;
}

/** What was logged after `since`, a seq of an earlier answer; 0 is all. */
export function getMetrics(run: string, since: number): Promise<{ seq: number; series: Series[] }> {
  return json(`runs/${encodeURIComponent(run)}/metrics?since=${since}`);
}

export async function getSamples(run: string): Promise<Samples> {
  return unpackSamples(await json<CompactSamples>(`runs/${encodeURIComponent(run)}/samples?form=compact`));
}

export function unpackSamples(j: CompactSamples): Samples {
  const { count, width } = j;
  const label = wholeNumbers(j.packed ?? "", width, count);
  let { ids } = j;
  return {
    count,
    numbered: j.ids === null,
    id: (row) => j.ids?.[row] ?? String(row),
    classes: j.classes,
    label,
    metadata: j.metadata,
    sprite: j.sprite,
    get ids() {
      return (ids ??= Array.from({ length: count }, (_, i) => String(i))); // a million take time, and few are read
    },
  };
}

/** Little-endian whole numbers with a sign, of `width` bytes each, in base64. */
function wholeNumbers(packed: string, width: number, count: number): Int32Array {
  const text = atob(packed);
  const all = new Int32Array(count);
  const unused = 8 * (4 - width);
  for (let i = 0, k = 0; i < count; i++) {
    let v = 0;
    for (let b = 0; b < width; b++) v |= text.charCodeAt(k++) << (8 * b);
    all[i] = (v << unused) >> unused; // with its sign
  }
  return all;
}

export function unpackOutputs(j: CompactOutputs): Outputs {
  const bytes = (packed: string) => Math.floor((packed.length * 3) / 4) - (/=*$/.exec(packed)?.[0].length ?? 0);
  const whole = (packed: string | null) => packed && wholeNumbers(packed, j.width, bytes(packed) / j.width);
  const real = (packed: string | null) => packed && new Float32Array(wholeNumbers(packed, 4, bytes(packed) / 4).buffer);
  return { classes: j.classes, prediction: whole(j.prediction) || null, loss: real(j.loss) || null, confidence: real(j.confidence) || null };
}

/** seq makes the address another one when the epoch was written again, so the answer may be kept. */
export async function getOutputs(run: string, epoch: number, seq: number): Promise<Outputs> {
  return unpackOutputs(await json<CompactOutputs>(`runs/${encodeURIComponent(run)}/epochs/${epoch}/outputs?form=compact&seq=${seq}`));
}

/** The original space of a map, as an address asks for it: its metric and, where its vectors were scaled or reduced, the map itself. */
export function spaceOf(p: Projection | undefined): string {
  const { metric, scale, pca } = p?.options ?? {};
  const space = `metric=${typeof metric === "string" && metric !== "" ? metric : "euclidean"}`;
  const prepared = Number(pca ?? 0) > 0 || !["", "none"].includes(String(scale ?? ""));
  return p && prepared ? `${space}&projection=${encodeURIComponent(p.projection)}&revision=${p.revision}` : space;
}

/** Every sample's 15 nearest ones in the original space, see spaceOf; seq names the epoch's version. */
export async function getNeighbourhoods(run: string, epoch: number, seq: string, layer: string, space: string): Promise<Neighbourhoods> {
  const r = await get(`runs/${encodeURIComponent(run)}/epochs/${epoch}/neighborhoods?k=15&layer=${encodeURIComponent(layer)}&${space}&seq=${seq}`);
  return { k: Number(r.headers.get("Neighbors")), near: new Uint32Array(littleEndian(await r.arrayBuffer(), 4)) };
}

/** How far each point of an epoch can be trusted; NaN where that is not known. */
export async function getTrust(m: Layout, epoch: number): Promise<Float32Array> {
  const r = await get(
    `projections/${encodeURIComponent(m.projection)}/revisions/${m.revision}/epochs/${epoch}/trust?run=${encodeURIComponent(m.run)}&rows=${m.rows}`,
  );
  return new Float32Array(littleEndian(await r.arrayBuffer(), 4));
}

/** The projections that a run is on, the newest first. */
export async function getProjections(run: string): Promise<Projection[]> {
  return (await json<{ projections: Projection[] }>(`projections?run=${encodeURIComponent(run)}`)).projections;
}

/** How far a projection can be trusted; where that was not measured yet, it takes a while. */
export function getQuality(projection: string): Promise<Quality> {
  return json(`projections/${encodeURIComponent(projection)}/quality`);
}

/** What a projection can be asked to be. */
export async function getFields(): Promise<Field[]> {
  return (await json<{ fields: Field[] }>("projections/fields")).fields;
}

/** Projections that were asked for, the newest first. */
export async function getJobs(): Promise<Job[]> {
  return (await json<{ jobs: Job[] }>("jobs")).jobs;
}

/** Asks for a projection of runs. */
export function project(runs: readonly string[], options: Record<string, unknown>): Promise<Job> {
  return json("projections", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...options, runs }),
  });
}

export function cancelJob(job: string): Promise<Job> {
  return json(`jobs/${encodeURIComponent(job)}`, { method: "DELETE" });
}

export async function deleteProjection(projection: string): Promise<void> {
  await json(`projections/${encodeURIComponent(projection)}`, { method: "DELETE" });
}

/** A run's place on a projection. */
export function getLayout(projection: string, run: string): Promise<Layout> {
  return json<Layout>(`projections/${encodeURIComponent(projection)}/layout?run=${encodeURIComponent(run)}`);
}

/** A run's provisional map; null while it has no vectors. */
export async function getProvisional(run: string): Promise<Layout | null> {
  try {
    return await json<Layout>(`runs/${encodeURIComponent(run)}/provisional`);
  } catch (e) {
    if (e instanceof ApiError && e.status === 404) return null;
    throw e;
  }
}

/** Fetches the frames of some of a map's epochs, or only one row in so many. */
export async function getFrames(m: Layout, epochs: readonly number[], every = 1): Promise<Frame[]> {
  const sep = m.positions.includes("?") ? "&" : "?";
  const r = await get(`${m.positions}${sep}epochs=${epochs.join(",")}${every > 1 ? `&every=${every}` : ""}`);
  const all = new Uint16Array(littleEndian(await r.arrayBuffer(), 2));
  const size = Math.ceil(m.rows / every) * m.dims;
  if (all.length !== size * epochs.length) {
    throw new ApiError(`positions: got ${all.length} numbers, want ${size} for each of ${epochs.length} epochs`, r.status);
  }
  const placement = place(m);
  return epochs.map((_, i) => ({ quanta: all.slice(i * size, (i + 1) * size), dims: m.dims, placement }));
}

/** A run's map as a GIF, which the server makes. */
export async function getFilm(m: Layout, color: string, theme: string, pace: number, signal: AbortSignal): Promise<Blob> {
  const r = await get(`projections/${encodeURIComponent(m.projection)}/film?run=${encodeURIComponent(m.run)}&color=${color}&theme=${theme}&pace=${pace}`, {
    signal,
  });
  return r.blob();
}

async function json<T>(path: string, request?: RequestInit): Promise<T> {
  const here = request ? undefined : preloaded.take(path);
  if (here !== undefined) return JSON.parse(here) as T;
  return (await get(path, request)).json() as Promise<T>;
}

async function get(path: string, request?: RequestInit): Promise<Response> {
  const r = await (archive.archived() ? archive.answer(path, request?.method) : fetch(BASE + path, request)).catch(() => {
    throw new ApiError("The server does not answer.", 503);
  });
  if (r.status === 204) throw new Superseded(r.headers.get("Current-Revision") ?? "");
  if (r.ok) return r;
  let message = `${r.status} ${r.statusText}`;
  try {
    message = ((await r.json()) as { error?: string }).error ?? message;
  } catch {
    // not one of our own answers; the status has to do
  }
  throw new ApiError(message, r.status);
}

/** The wire is little-endian whatever this machine is. */
function littleEndian(b: ArrayBuffer, size: 2 | 4): ArrayBuffer {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return b;
  const bytes = new Uint8Array(b);
  for (let i = 0; i + size <= bytes.length; i += size) bytes.subarray(i, i + size).reverse();
  return b;
}
