import { Charts, type Look } from "../charts/charts";
import { byId, h } from "../ui/dom";
import { charts, words } from "./mapwords";
import type { Model } from "../state/model";
import { lag } from "../state/settings";

/** What the map can tell: in words, and as charts of what was measured at each epoch. */
export class MapSummary {
  private readonly charts: Charts;
  private said = "";
  private of: unknown[] = []; // what the words are said of

  constructor(
    private readonly model: Model,
    jump: (epoch: number) => void,
    private readonly look: () => Look,
  ) {
    this.charts = new Charts(byId("quality-charts"), jump);
    model.on(["quality", "map", "epochs"], () => this.draw());
  }

  /** Colours changed, or the measures did. */
  draw(): void {
    const { quality, map, numbers } = this.model;
    byId("quality-panel").hidden = map === null;
    const groups = quality && map && !map.layout.provisional ? charts(quality, map.layout.run, this.classes) : [];
    this.charts.set(groups, numbers[0] ?? 0, numbers[numbers.length - 1] ?? 1, this.look());
  }

  /** Whether labels are classes, of which there are at least two. */
  private get classes(): boolean {
    const { facts, samples } = this.model;
    return facts.column("label")?.kind === "category" && (samples?.classes.length ?? 0) > 1;
  }

  /** Follows the playhead. */
  point(epoch: number): void {
    this.charts.point(epoch);
  }

  /** Follows the epoch that is looked at, and what is measured. */
  update(): void {
    const { model } = this;
    const { map, quality, projections, numbers, playhead } = model;
    if (!map) return;
    // In most frames there is nothing new to say.
    const runs = model.other?.together ? 2 : 1;
    const of = [map, quality, projections, numbers[playhead.nearest], this.classes, runs];
    if (this.of.length > 0 && this.of.every((o, i) => o === of[i])) return;
    this.of = of;
    const shown = projections.find((p) => p.projection === map.layout.projection);
    const mode = shown?.mode ?? "";
    const text = words(map.layout.provisional, mode, quality, map.layout.run, numbers[playhead.nearest], this.classes, runs, lag(shown?.behind));
    const key = text.join("|");
    if (key !== this.said) {
      this.said = key;
      byId("quality-words").replaceChildren(...text.map((t) => h("span", {}, `${t} `)));
    }
  }
}
