// Maps that are being made: asked for, told about, cancelled, deleted. It touches no element.

import * as api from "../data/api";
import type { Field, Job } from "../data/api";

export class MapJobs {
  /** Whether the user may make maps here. Where not, the page says nothing of it. */
  may = false;
  /** The newest first; those that are over are gone from it, but for those that failed. */
  jobs: Job[] = [];
  /** What is to be read aloud. */
  news = "";
  private own = new Set<string>(); // that this page has asked for
  private over = new Set<string>(); // what comes of them now is late
  private known: Promise<Field[]> | null = null;

  /** finished is called with the projection that this page had asked for. */
  constructor(
    private readonly changed: () => void,
    private readonly finished: (projection: string) => void,
  ) {}

  /** The server is there, maybe again: what it remembers holds. */
  async hello(may: boolean): Promise<void> {
    this.may = may;
    this.changed();
    if (!may) return;
    try {
      const jobs = await api.getJobs();
      const lost = this.jobs.filter((j) => j.state !== "failed" && !jobs.some((k) => k.id === j.id));
      for (const j of lost) this.take({ ...j, state: "failed", error: "The server was started again meanwhile. Start this map again." });
      for (const j of jobs.reverse()) if (j.state !== "failed" || this.own.has(j.id)) this.take(j);
    } catch {
      // the next hello asks again
    }
  }

  /** Takes in how far a job is. */
  take(j: Job): void {
    if (this.over.has(j.id)) return;
    const at = this.jobs.findIndex((k) => k.id === j.id);
    const before = this.jobs[at]?.state;
    if (at >= 0) this.jobs[at] = j;
    else if (j.state !== "finished" && j.state !== "cancelled") this.jobs.unshift(j);
    if (j.state === "finished" || j.state === "cancelled" || j.state === "failed") this.over.add(j.id);
    if (j.state === "finished" || j.state === "cancelled") this.jobs = this.jobs.filter((k) => k.id !== j.id);
    if (this.own.has(j.id) && j.state !== before)
      this.news = {
        queued: "The new map waits.",
        running: "The new map is being made.",
        finished: "The new map is there.",
        cancelled: "The new map was cancelled.",
        failed: `The new map failed: ${j.error}`,
      }[j.state];
    if (j.state === "finished" && this.own.has(j.id)) this.finished(j.projection);
    this.changed();
  }

  /** What a map can be asked to be. */
  fields(): Promise<Field[]> {
    this.known ??= api.getFields().catch((e: unknown) => {
      this.known = null;
      throw e;
    });
    return this.known;
  }

  async start(runs: readonly string[], options: Record<string, unknown>): Promise<void> {
    const j = await api.project(runs, options);
    this.own.add(j.id);
    // Events may have told more of it by now.
    const known = this.jobs.find((k) => k.id === j.id);
    if (this.over.delete(j.id) && !known) this.take((await api.getJobs()).find((k) => k.id === j.id) ?? j);
    else this.take(known ?? j);
  }

  async cancel(job: string): Promise<void> {
    this.take(await api.cancelJob(job));
  }

  /** Says no more of a job that failed. */
  dismiss(job: string): void {
    this.jobs = this.jobs.filter((j) => j.id !== job);
    this.changed();
  }
}
