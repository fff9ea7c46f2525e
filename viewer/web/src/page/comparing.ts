import { byId, setText } from "./dom";
import { ago, many } from "./format";
import { Menu, type Item } from "./menu";
import type { Model } from "./model";

/** The menu of runs to put beside the open one. */
export class Comparing {
  private readonly menu: Menu;
  private readonly button = byId<HTMLButtonElement>("compare");

  constructor(private readonly model: Model) {
    this.menu = new Menu(this.button, "Compare with", (id) => model.compare(id === "" ? null : id));
    model.on(["runs", "run", "map", "compare"], () => this.show());
  }

  private show(): void {
    const { runs, run, map, projections, other } = this.model;
    const others = (runs ?? []).filter((r) => r.id !== run?.id && r.layers.length > 0);
    this.button.hidden = !map || others.length === 0;
    const shared = projections.find((p) => p.projection === map?.layout.projection)?.runs ?? [];
    const now = Date.now();
    const items: Item[] = others.map((r) => ({
      key: r.id,
      group: shared.includes(r.id) ? "On the same map" : "On a map of their own",
      title: r.name || r.id,
      note: `${r.experiment ? `${r.experiment} \u00b7 ` : ""}${many(r.epochs, "epoch")} \u00b7 ${ago(r.started, now)}`,
    }));
    items.sort((a, b) => Number(b.group === "On the same map") - Number(a.group === "On the same map"));
    if (other) items.unshift({ key: "", title: "No other run", note: "" });
    this.menu.set(items, other?.run.id ?? null);
    setText(byId("compare-name"), other ? `with ${other.run.name || other.run.id}` : "Compare");
  }
}
