// Numbers and times as people write them.

/** A figure in at most four significant digits: 0.2312, 12.34, 1.2e-7. */
export function figure(v: number): string {
  if (v === 0) return "0";
  const a = Math.abs(v);
  if (a >= 1e6 || a < 1e-4) return v.toExponential(1).replace("e+", "e");
  const digits = Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(a))));
  return v.toFixed(digits);
}

/** A bound of a scale, without needless noughts: 0.34. */
export function bound(v: number): string {
  const text = figure(v);
  return text.includes("e") ? text.replace(".0e", "e") : text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A share of one in percent: 91.7 %. */
export function percent(v: number, digits = 1): string {
  return `${(v * 100).toFixed(digits)}\u2009%`;
}

/** A count with its thousands set apart: 40,000. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 epoch", "2,000 samples". */
export function many(n: number, thing: string): string {
  return `${count(n)} ${thing}${n === 1 ? "" : "s"}`;
}

/** How long ago, in one unit: "just now", "5 min ago", "3 h ago", "2 days ago". */
export function ago(then: string, now: number): string {
  const s = (now - Date.parse(then)) / 1000;
  if (!(s >= 45)) return "just now";
  if (s < 90 * 60) return `${Math.round(s / 60)} min ago`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h ago`;
  return `${Math.round(s / 86400)} days ago`;
}

/** A parameter's value in one line. */
export function value(v: unknown): string {
  if (typeof v === "string") return v;
  if (typeof v === "number" && !Number.isInteger(v)) return bound(v);
  return JSON.stringify(v) ?? "";
}

/** Names without the words that all of them begin with, where those are so long that they would hide the rest. */
export function brief(names: readonly string[], long = 12): readonly string[] {
  if (names.length < 2) return names;
  let n = names[0].length;
  for (const name of names) while (name.slice(0, n) !== names[0].slice(0, n)) n--;
  while (n > 0 && !" _-/.:".includes(names[0][n - 1])) n--;
  return n < long ? names : names.map((name) => `\u2026${name.slice(n)}`);
}
