// What of the page's state is in its address, so that a link shows the same: pure.

export interface Place {
  /** A run's id; null is the newest. */
  run: string | null;
  /** A projection's id that the user chose, "provisional", or null for the newest. */
  projection: string | null;
  /** An epoch's number; null is the last. */
  epoch: number | null;
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
    run: q.get("run") || null,
    projection: q.get("projection") || null,
    epoch: /^-?\d{1,9}$/.test(epoch) ? Number(epoch) : null,
  };
}

/** Writes the query, with its question mark, or nothing when there is nothing to say. */
export function format(p: Place): string {
  const parts = Object.entries(p).filter(([, v]) => v !== null) as [string, string | number][];
  return parts.length ? "?" + parts.map(([name, v]) => `${name}=${encodeURIComponent(v).replace(/%2F/g, "/")}`).join("&") : "";
}
