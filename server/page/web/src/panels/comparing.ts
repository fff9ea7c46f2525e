import { byId, setText } from "../ui/dom";
import { ago, many } from "../ui/format";
import { Menu, type Item } from "../ui/menu";
import type { Model } from "../state/model";
import { titleOf, traits } from "../state/settings";

/** The menu of what to put beside the map: other maps of the run, and other runs. */
export class Comparing {
  private readonly menu: Menu;
  private readonly button = byId<HTMLButtonElement>("compare");

  constructor(private readonly model: Model) {
    this.menu = new Menu(this.button, "Compare with", (id) => model.compare(id === "" ? null : id));
    model.on(["runs", "run", "map", "compare"], () => this.show());
  }

  private show(): void {
    const { runs, run, map, projections, other, shown } = this.model;
    const others = (runs ?? []).filter((r) => r.id !== run?.id && r.layers.length > 0);
    const shared = projections.find((p) => p.projection === map?.layout.projection)?.runs ?? [];
    const now = Date.now();
    const items: Item[] = others.map((r) => ({
      key: r.id,
      group: shared.includes(r.id) ? "On the same map" : "On a map of their own",
      title: r.name || r.id,
      note: `${r.experiment ? `${r.experiment} \u00b7 ` : ""}${many(r.epochs, "epoch")} \u00b7 ${ago(r.started, now)}`,
    }));
    items.sort((a, b) => Number(b.group === "On the same map") - Number(a.group === "On the same map"));
    const group = "Other maps of this run";
    for (const p of projections)
      if (p.projection !== shown)
        items.push({ key: p.projection, group, title: titleOf(p), note: [...traits(p, projections), ago(p.created, now)].join(" \u00b7 ") });
    if (projections.length > 0 && shown !== "provisional") items.push({ key: "provisional", group, title: "PCA", note: "a fixed view of each epoch" });
    this.button.hidden = !map || items.length === 0;
    const beside = projections.find((p) => p.projection === other?.wanted);
    const name = !other ? "" : other.wanted === null ? other.run.name || other.run.id : beside ? titleOf(beside) : "PCA";
    if (other) items.unshift({ key: "", title: "Nothing beside it", note: "" });
    this.menu.set(items, other?.key ?? null);
    setText(byId("compare-name"), other ? `with ${name}` : "Compare");
  }
}
