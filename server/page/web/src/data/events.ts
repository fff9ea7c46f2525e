// News from the server: which runs, epochs and projections changed. The browser reconnects by itself and says where it
// left off; where it gives up, we do the same.

import { address, type Job } from "./api";

/** What changed since the last event. */
export interface Change {
  /** Runs of which anything changed: state, samples, epochs or metrics. */
  runs: string[];
  /** Runs that lost epochs and metrics. */
  cut: string[];
  epochs: { run: string; epoch: number }[];
  /** New ones, and those with a new revision. */
  projections: { id: string; revision: string; runs: string[] }[];
  /** Projections that are no more. */
  removed: string[];
}

export interface Listener {
  /** Something changed. */
  change(c: Change): void;
  /** The stream is there again, and the server cannot tell what was missed: look at everything. */
  resync(): void;
  /** The stream is there; whether the user may start projections. */
  hello(mayProject: boolean): void;
  /** How far a projection is. */
  job(j: Job): void;
  /** Whether the page hears the server. */
  connected(yes: boolean): void;
}

/** How long a page in the background stays connected; browsers allow few connections to one server. */
const HIDDEN_FOR = 20_000;

/** Listens until the page goes. after is the cursor up to which the page knows everything, or empty. */
export function listen(on: Listener, after: string): void {
  let source: EventSource | null = null;
  let cursor = after;
  let server = "";
  let retry = 0;
  let hide = 0;

  const open = () => {
    if (source) return;
    source = new EventSource(address.events(cursor));
    source.addEventListener("hello", (e) => {
      const hello = JSON.parse(e.data) as { store: string; may_project: boolean };
      retry = 0;
      on.connected(true);
      on.hello(hello.may_project);
      if (cursor === "" || (server !== "" && hello.store !== server)) on.resync();
      server = hello.store;
      cursor = e.lastEventId;
    });
    source.addEventListener("change", (e) => {
      cursor = e.lastEventId;
      on.change(JSON.parse(e.data) as Change);
    });
    source.addEventListener("job", (e) => on.job(JSON.parse(e.data) as Job));
    source.addEventListener("error", () => {
      on.connected(false);
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      source = null;
      retry = Math.min(retry + 1, 5);
      setTimeout(open, 500 * 2 ** retry);
    });
  };
  const close = () => {
    source?.close();
    source = null;
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hide);
    if (document.hidden) hide = window.setTimeout(close, HIDDEN_FOR);
    else open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
}
