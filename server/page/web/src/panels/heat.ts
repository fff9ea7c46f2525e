import { byId } from "../ui/dom";
import { percent } from "../ui/format";
import type { Model } from "../state/model";
import { ramp } from "../ui/palette";

/**
 * The strip under the slider: how much of all movement there was between one epoch and the next, on the map and, below it, in
 * the network, where that was measured. Equal colours are equal shares.
 */
export class Heat {
  private readonly canvas = byId<HTMLCanvasElement>("heat");
  private drawn = { facts: -1, map: null as unknown, here: -1, theme: "", quality: null as unknown };
  /** The median movement to each logged epoch, as a share of the map's longer side; NaN for the first. */
  moved: number[] = [];
  private readonly medians = new WeakMap<Float32Array, number>();

  /** invalidate asks for a frame. */
  constructor(
    private readonly model: Model,
    invalidate: () => void,
  ) {
    new ResizeObserver(() => {
      this.drawn.facts = -1;
      invalidate();
    }).observe(this.canvas);
  }

  draw(): void {
    const { model } = this;
    const { numbers, facts, viewstate, map, quality } = model;
    const { drawn } = this;
    const here = map?.here ?? 0;
    if (drawn.facts === facts.version && drawn.map === map && drawn.here === here && drawn.theme === viewstate.theme && drawn.quality === quality) return;
    this.drawn = { facts: facts.version, map, here, theme: viewstate.theme, quality };
    const moves = map ? numbers.map((_, i) => facts.someMoves(i)) : [];
    this.moved = moves.map((m) => (m ? this.middle(m) : NaN));
    const laid = shares(this.moved);
    const network = this.network();
    const largest = Math.max(1e-9, ...[...laid, ...network].filter((m) => !Number.isNaN(m)));
    const density = Math.min(3, devicePixelRatio || 1);
    const c = this.canvas;
    c.width = Math.max(1, Math.round(c.clientWidth * density));
    c.height = Math.max(1, Math.round(c.clientHeight * density));
    const g = c.getContext("2d")!;
    const step = c.width / Math.max(1, numbers.length - 1);
    const both = network.some((m) => !Number.isNaN(m));
    const height = both ? Math.max(1, Math.floor((c.height - density) / 2)) : c.height;
    const row = (of: number[], top: number) =>
      of.forEach((m, i) => {
        if (i === 0 || Number.isNaN(m)) return;
        g.fillStyle = ramp(Math.sqrt(m / largest), viewstate.theme);
        g.fillRect((i - 1) * step + density / 2, top, Math.max(1, step - density), height);
      });
    row(laid, 0);
    if (both) row(network, c.height - height);
  }

  /** The share of the network's movement that each logged epoch ended, NaN where it was not measured. */
  private network(): number[] {
    const { numbers, map, quality } = this.model;
    const run = map?.layout.run;
    const to = new Map((quality?.transitions ?? []).filter((t) => t.run === run).map((t) => [t.to, t]));
    return numbers.map((n, i) => {
      const t = to.get(n);
      return t && t.from === numbers[i - 1] && typeof t.original.share === "number" ? t.original.share : NaN;
    });
  }

  private middle(values: Float32Array): number {
    let m = this.medians.get(values);
    if (m === undefined) this.medians.set(values, (m = median(values)));
    return m;
  }

  /** What is known of the movement at a share of the strip. */
  tell(share: number): string {
    const { numbers, facts } = this.model;
    const i = Math.min(numbers.length - 1, Math.floor(share * (numbers.length - 1)) + 1);
    const m = this.moved[i];
    if (i < 1 || m === undefined || Number.isNaN(m)) return "";
    const change = facts.known("change", i);
    const more = change?.kind === "number" ? `; ${percent(mean(change.value), 0)} of their neighbourhoods changed` : "";
    const [laid, network] = [shares(this.moved)[i], this.network()[i]];
    const part = Number.isNaN(network) ? "" : `: ${percent(laid)} of all movement on the map, ${percent(network)} in the network`;
    return `From epoch ${numbers[i - 1]} to ${numbers[i]} points moved by ${percent(m)} of the map (median)${part}${more}`;
  }
}

/** Each value's part of their sum. */
function shares(values: number[]): number[] {
  const sum = values.reduce((s, v) => (Number.isNaN(v) ? s : s + v), 0);
  return values.map((v) => (sum > 0 ? v / sum : v));
}

/** The median of the numbers among values. */
function median(values: Float32Array): number {
  const some = values.filter((v) => !Number.isNaN(v)).sort();
  return some.length > 0 ? some[some.length >> 1] : NaN;
}

function mean(values: Float32Array): number {
  let [sum, n] = [0, 0];
  for (const v of values) if (!Number.isNaN(v)) [sum, n] = [sum + v, n + 1];
  return n > 0 ? sum / n : NaN;
}
