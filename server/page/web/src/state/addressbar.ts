// Where the page's address keeps the view: in its query; or, in a file, after #, because browsers differ in whether a file
// may have another query, and none loads it anew for what follows #.

import { archived } from "../data/archive";

/** The query, with its question mark, or nothing. */
export function read(): string {
  return archived() ? location.hash.replace(/^#/, "?") : location.search;
}

/** Writes the query; as a page of its own, to which Back goes back, or in place of the one before. */
export function write(query: string, anew: boolean): void {
  const address = archived() ? query.replace(/^\?/, "#") || "#" : query || location.pathname;
  if (anew) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
