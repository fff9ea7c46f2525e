// What stands beside the map that is shown: another run, or another map of the same run.

import { Comparison } from "./comparison";
import type { Model } from "./model";

export class Beside {
  /** Another run beside the open one, or another map of it; null is none. */
  other: Comparison | null = null;

  constructor(private readonly model: Model) {}

  /** Puts beside this map what has this id: another run, or another map of this one, "provisional" among them. Null takes it away. */
  put(id: string | null): void {
    this.other = null;
    this.model.tell("compare");
    this.other = this.comparisonWith(id);
    if (this.other) void this.fill(this.other).then(() => this.model.tell("compare"));
  }

  private comparisonWith(id: string | null): Comparison | null {
    const { run, samples, shown, projections, runs } = this.model;
    if (id === null || !run || !samples || id === shown) return null;
    const own = id === "provisional" || projections.some((p) => p.projection === id);
    const whose = own ? run : runs?.find((r) => r.id === id && r.id !== run.id);
    if (!whose) return null;
    const other: Comparison = new Comparison(
      whose,
      own ? id : null,
      samples,
      () => {
        if (this.other === other) this.model.tell("compare");
      },
      (e) => this.model.complain(e),
    );
    return other;
  }

  private fill(other: Comparison): Promise<void> {
    const { model } = this;
    return model.attempt(() => other.load(model.map?.layout.projection || null, other.wanted === null ? null : model));
  }

  /** Brings what stands beside the map up to date, while the old one stays until the new one is here. */
  async renew(): Promise<void> {
    const before = this.other;
    const next = before && this.comparisonWith(before.key);
    if (!before || !next) return;
    await this.fill(next);
    if (this.other !== before) return;
    this.other = next;
    this.model.tell("compare");
  }
}
