// Who wants to hear of what.

/** What a view can be told about. */
export const TOPICS = [
  "runs",
  "run",
  "epochs",
  "metrics",
  "samples",
  "map",
  "frames",
  "facts",
  "compare",
  "quality",
  "jobs",
  "link",
  "trouble",
  "selection",
  "filter",
  "colour",
  "options",
  "focus",
] as const;
export type Topic = (typeof TOPICS)[number];

export class Listeners {
  private of = new Map<Topic, (() => void)[]>();

  on(topics: readonly Topic[], f: () => void): void {
    for (const t of topics) this.of.set(t, [...(this.of.get(t) ?? []), f]);
  }

  tell(topics: readonly Topic[]): void {
    for (const t of topics) {
      for (const f of this.of.get(t) ?? []) {
        try {
          f();
        } catch (e) {
          reportError(e); // the other views are still told
        }
      }
    }
  }
}
