// What of the page's state is in its address, so that a link shows the same: pure.

import type { Camera } from "../map/camera";
import * as filter from "./filter";
import type { Condition } from "./filter";
import * as options from "./options";
import type { Options } from "./options";

export interface Place {
  /** The page of all runs, and no run at all. */
  home: boolean;
  /** What runs are looked for on that page. */
  search: string;
  /** A run's id; null is the newest. */
  run: string | null;
  /** A projection's id that the user chose, "provisional", or null for the newest. */
  projection: string | null;
  /** An epoch's number; null is the last. */
  epoch: number | null;
  /** The id of a run to compare with. */
  compare: string | null;
  /** The column that points are coloured by; null is the usual one. */
  colour: string | null;
  filters: Condition[];
  /** Selected rows, as rows.pack writes them. */
  select: string;
  /** null shows the whole map. */
  camera: Camera | null;
  view: Options;
}

/** The place without anything chosen. */
export function somewhere(part: Partial<Place> = {}): Place {
  return {
    home: false,
    search: "",
    run: null,
    projection: null,
    epoch: null,
    compare: null,
    colour: null,
    filters: [],
    select: "",
    camera: null,
    view: { ...options.USUAL },
    ...part,
  };
}

/** Reads the query of an address; what cannot be read is left out. */
export function parse(query: string): Place {
  const q = new Map<string, string>();
  for (const part of query.replace(/^\?/, "").split("&")) {
    const [name, value] = part.split("=", 2);
    try {
      q.set(name, decodeURIComponent((value ?? "").replace(/\+/g, " ")));
    } catch {
      // a stray percent sign
    }
  }
  const epoch = q.get("epoch") ?? "";
  return {
    home: q.has("runs"),
    search: q.get("runs") ?? "",
    run: q.get("run") || null,
    projection: q.get("projection") || null,
    epoch: /^-?\d{1,9}$/.test(epoch) ? Number(epoch) : null,
    compare: q.get("compare") || null,
    colour: q.get("colour") || null,
    filters: (q.get("filter") ?? "").split(";").flatMap((f) => filter.parse(f) ?? []),
    select: q.get("select") ?? "",
    camera: cameraOf(q.get("camera") ?? ""),
    view: options.parse(q.get("view") ?? ""),
  };
}

/** A value as people can read it, too. */
function written(v: string): string {
  return encodeURIComponent(v).replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%3B/g, ";").replace(/%20/g, "+");
}

/** Writes the query, with its question mark, or nothing when there is nothing to say. */
export function format(p: Place): string {
  if (p.home) return p.search === "" ? "?runs" : `?runs=${written(p.search)}`;
  const c = p.camera;
  const camera = c ? [c.x, c.y, c.zoom, ...(c.z || c.yaw || c.pitch ? [c.z, c.yaw, c.pitch] : [])].map((v) => String(+v.toFixed(4))).join(",") : "";
  const parts: [string, string][] = [
    ["run", p.run ?? ""],
    ["projection", p.projection ?? ""],
    ["epoch", p.epoch === null ? "" : String(p.epoch)],
    ["compare", p.compare ?? ""],
    ["colour", p.colour ?? ""],
    ["filter", p.filters.map(filter.format).join(";")],
    ["select", p.select],
    ["camera", camera],
    ["view", options.format(p.view)],
  ];
  const said = parts.filter(([, v]) => v !== "").map(([name, v]) => `${name}=${written(v)}`);
  return said.length ? "?" + said.join("&") : "";
}

function cameraOf(text: string): Camera | null {
  const v = text.split(",").map(Number);
  if ((v.length !== 3 && v.length !== 6) || text === "" || v.some((x) => !Number.isFinite(x)) || v[2] <= 0) return null;
  const [x, y, zoom, z = 0, yaw = 0, pitch = 0] = v;
  return { x, y, z, zoom, yaw, pitch };
}
