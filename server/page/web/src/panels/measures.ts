import { byId, h } from "../ui/dom";
import type { Model } from "../state/model";
import { apart, figures } from "../state/settings";

/** The measures of two maps of a run beside each other, while they are compared. */
export class Measures {
  private readonly table = byId("quality-beside");
  private drawn = "";

  constructor(private readonly model: Model) {}

  /** Follows the playhead, and what is measured. */
  update(): void {
    const { other, projections, map, quality, numbers, playhead } = this.model;
    const a = projections.find((p) => p.projection === map?.layout.projection);
    const b = projections.find((p) => p.projection === other?.wanted);
    const epoch = numbers[playhead.nearest];
    const rows = a && b && map && epoch !== undefined ? figures(map.layout.run, epoch, quality, other!.quality) : [];
    this.table.hidden = rows.length === 0;
    if (rows.length === 0) return;
    const names = [apart(a!, b!), apart(b!, a!)];
    const key = JSON.stringify([names, rows]);
    if (key === this.drawn) return;
    this.drawn = key;
    const cells = (r: (typeof rows)[number]) => r.values.map((v, i) => h("td", { class: r.better === (i === 0 ? -1 : 1) ? "better" : "" }, v));
    this.table.replaceChildren(
      h("thead", {}, h("tr", {}, h("td"), ...names.map((n) => h("th", { scope: "col" }, n)))),
      h("tbody", {}, ...rows.map((r) => h("tr", {}, h("th", { scope: "row" }, r.name), ...cells(r)))),
    );
  }
}
