// Samples as rows of a file: pure.

/** One sample with what is known of it, in the order of the file's columns. */
export type Record = { [column: string]: string | number | null };

/** Writes records as CSV (RFC 4180). Cells that a spreadsheet would run as a formula are made text by an apostrophe. */
export function csv(records: readonly Record[]): string {
  const columns = [...new Set(records.flatMap((r) => Object.keys(r)))];
  const cell = (v: string | number | null | undefined) => {
    if (v === null || v === undefined) return "";
    if (typeof v === "number") return String(v);
    const safe = /^[=+\-@\t\r]/.test(v) && !/^-?\d+(\.\d+)?$/.test(v) ? `'${v}` : v;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return [columns, ...records.map((r) => columns.map((c) => r[c]))].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Writes records as a JSON array. */
export function json(records: readonly Record[]): string {
  return JSON.stringify(records, null, 1) + "\n";
}
