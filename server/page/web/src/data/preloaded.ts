// Answers that came with the page: to what it asks for first (Go: server/page/preload.go). Each is good for one question, soon.

let left: Map<string, HTMLElement> | null = null;

/** Takes the answer of an address, as JSON's text; undefined where it did not come along. */
export function take(path: string): string | undefined {
  left ??= new Map(Array.from(document.querySelectorAll<HTMLElement>("script[type='application/json']"), (e) => [e.dataset.path ?? "", e]));
  const e = left.get(path);
  left.delete(path);
  e?.remove();
  return e?.textContent ?? undefined;
}

/** Lets go of what nobody asked for: it grows old. */
export function forget(): void {
  for (const e of left?.values() ?? []) e.remove();
  left?.clear();
}
