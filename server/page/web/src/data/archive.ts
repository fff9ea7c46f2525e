// The page as a file: what a server would answer is in the document itself, under the same addresses, and nothing is ever
// asked of anybody. Go's page.WriteHTML writes it: an element per answer, whose text is base64.

/** What is packed takes a DecompressionStream. */
const OLD = "This browser is too old to unpack what this file holds. Open it in Chrome or Edge 111, Firefox 113, Safari 16.4, or a later one.";

let known: Map<string, HTMLElement> | null | undefined;

/** The answers in this document by their addresses; null on a page that has a server. */
function answers(): Map<string, HTMLElement> | null {
  if (known === undefined) {
    const box = document.getElementById("archive");
    known = box && new Map(Array.from(box.querySelectorAll<HTMLElement>("[data-path]"), (e) => [e.dataset.path!, e]));
  }
  return known;
}

/** Whether this page is a file. */
export function archived(): boolean {
  return answers() !== null;
}

/** The day on which the file was made. */
export function made(): string {
  return document.getElementById("archive")?.dataset.made ?? "";
}

/** Answers as the server did when the file was made. */
export async function answer(path: string, method = "GET"): Promise<Response> {
  if (method !== "GET") return refuse(405, "This page is a file, in which nothing can be changed.");
  const e = answers()?.get(path);
  if (e && typeof DecompressionStream === "undefined") return refuse(501, OLD);
  if (e) return new Response(unpacked(e), { status: Number(e.dataset.status), headers: { Neighbors: e.dataset.neighbors ?? "" } });
  // Positions are kept by epoch, and asked for in any number.
  const [, start, epochs] = /^(.*[?&]epochs=)(-?\d+(?:,-?\d+)+)$/.exec(path) ?? [];
  if (!start) return refuse(404, "This file does not hold that.");
  const parts: ArrayBuffer[] = [];
  for (const epoch of epochs.split(",")) {
    const r = await answer(start + epoch);
    if (!r.ok) return r;
    parts.push(await r.arrayBuffer());
  }
  return new Response(new Blob(parts));
}

/** The address of a picture. */
export function picture(path: string): string {
  return `data:image/png;base64,${answers()?.get(path)?.textContent ?? ""}`;
}

function unpacked(e: HTMLElement): ReadableStream {
  const text = atob(e.textContent ?? "");
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
}

function refuse(status: number, error: string): Response {
  return new Response(JSON.stringify({ error }), { status });
}
