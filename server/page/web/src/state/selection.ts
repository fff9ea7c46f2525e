// Sets of samples, as the user selects them: pure. Rows are places among the run's samples, so a selection holds samples
// and not pixels, and stays what it is while epochs pass.

/** How a new choice meets the old one. */
export type Join = "replace" | "add" | "subtract" | "toggle";

/** Returns the selection after a choice of rows; both ascend, each row once. */
export function join(before: readonly number[], chosen: readonly number[], how: Join): number[] {
  const now = ascending(chosen);
  if (how === "replace") return now;
  const out: number[] = [];
  let [i, k] = [0, 0];
  while (i < before.length || k < now.length) {
    const [a, b] = [before[i] ?? Infinity, now[k] ?? Infinity];
    if (a <= b) i++;
    if (b <= a) k++;
    if (a < b || (b < a ? how !== "subtract" : how === "add")) out.push(Math.min(a, b));
  }
  return out;
}

/** Returns the rows of 0 … count−1 that are not chosen and not hidden. */
export function invert(before: readonly number[], count: number, hidden: Uint8Array | null): number[] {
  const out: number[] = [];
  for (let i = 0, k = 0; i < count; i++) {
    if (before[k] === i) k++;
    else if (!(hidden && hidden[i])) out.push(i);
  }
  return out;
}

/**
 * Writes rows as text for an address: runs of neighbours as first-last, all numbers in base 36 and relative to the one
 * before. It is short where rows lie together, as those of a class often do; empty where it would be longer than limit.
 */
export function pack(rows: readonly number[], limit = Infinity): string {
  const parts: string[] = [];
  let at = 0;
  for (let i = 0; i < rows.length;) {
    if (2 * parts.length > limit + 1) return ""; // a part and its dot are two characters or more
    let j = i;
    while (j + 1 < rows.length && rows[j + 1] === rows[j] + 1) j++;
    parts.push((rows[i] - at).toString(36) + (j > i ? "-" + (rows[j] - rows[i]).toString(36) : ""));
    at = rows[j];
    i = j + 1;
  }
  const text = parts.join(".");
  return text.length > limit ? "" : text;
}

/** Reads what pack wrote; rows from count on, and what cannot be read, are left out. */
export function unpack(text: string, count: number): number[] {
  const out: number[] = [];
  let at = 0;
  if (text === "") return out;
  for (const part of text.split(".")) {
    const found = /^([0-9a-z]{1,6})(?:-([0-9a-z]{1,6}))?$/.exec(part);
    if (!found) return out;
    const first = at + parseInt(found[1], 36);
    const last = first + (found[2] === undefined ? 0 : parseInt(found[2], 36));
    for (let r = first; r <= Math.min(last, count - 1); r++) if (out.length === 0 || r > out[out.length - 1]) out.push(r);
    at = last;
  }
  return out;
}

function ascending(rows: readonly number[]): number[] {
  let sorted = true; // as what lies in a region or a class is
  for (let i = 1; i < rows.length && sorted; i++) sorted = rows[i] > rows[i - 1];
  if (sorted) return [...rows];
  const out = [...new Set(rows)];
  return out.sort((a, b) => a - b);
}
