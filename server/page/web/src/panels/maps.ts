import type { Job, Projection } from "../data/api";
import * as api from "../data/api";
import { byId, h, icon, setText } from "../ui/dom";
import { ago } from "../ui/format";
import { MapForm } from "./mapform";
import type { Model } from "../state/model";
import { lag, titleOf, traits, type Described } from "../state/settings";

/** What a stage of a projection is called. */
const STAGES: Record<string, string> = {
  load: "reading",
  neighbors: "neighbours",
  graph: "graph",
  init: "first places",
  layout: "layout",
  quality: "measures",
  store: "storing",
};

/** The maps of the run: to show one, put one beside it, delete one; and those that are being made. */
export class Maps {
  private readonly panel = byId("maps-panel");
  private readonly list = byId("maps-list");
  private readonly jobList = byId("maps-jobs");
  private readonly button = byId<HTMLButtonElement>("maps-new");
  private readonly chip = byId<HTMLButtonElement>("making");
  private readonly form: MapForm;
  private may = false; // what the list was made for
  private asking = ""; // the map that may be deleted, while the user thinks it over
  private rows = new Map<string, { row: HTMLElement; said: HTMLElement; bar: HTMLProgressElement }>();

  /** reveal brings the panel forward; failed tells of what the server refused. */
  constructor(
    private readonly model: Model,
    private readonly reveal: () => void,
    private readonly failed: (e: unknown) => void,
  ) {
    this.form = new MapForm(byId<HTMLFormElement>("maps-form"), model, () => this.close());
    this.button.addEventListener("click", () => (this.form.shown ? this.close() : void this.open()));
    this.chip.addEventListener("click", () => {
      reveal();
      this.panel.scrollIntoView({ block: "start" });
      this.jobList.querySelector("button")?.focus();
    });
    model.on(["map", "compare", "quality", "runs"], () => this.show());
    model.on(["run"], () => {
      this.asking = "";
      if (this.form.shown) this.form.hide();
      this.show();
    });
    model.on(["jobs"], () => (model.mapJobs.may === this.may ? this.follow() : this.show()));
  }

  /** Opens the form for a new map. */
  async open(): Promise<void> {
    this.reveal();
    try {
      await this.form.show();
    } catch (e) {
      return this.failed(e);
    }
    this.button.setAttribute("aria-expanded", "true");
    this.panel.scrollIntoView({ block: "start" });
  }

  private close(): void {
    this.form.hide();
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus();
  }

  private show(): void {
    const { run, map, projections, mapJobs, shown, other } = this.model;
    this.may = mapJobs.may;
    this.panel.hidden = map === null || (projections.length === 0 && !mapJobs.may);
    const focused = (document.activeElement as HTMLElement | null)?.dataset.key ?? "";
    const inside = this.list.contains(document.activeElement);
    const now = Date.now();
    this.list.replaceChildren(
      ...projections.map((p) =>
        this.row(p.projection, titleOf(p), [traits(p, projections).join(" \u00b7 "), [ago(p.created, now), lag(p.behind)].filter(Boolean).join(" \u00b7 ")], p),
      ),
      ...((run?.layers.length ?? 0) > 0 ? [this.row("provisional", "PCA", ["a fixed view of each epoch"], null)] : []),
    );
    for (const b of this.list.querySelectorAll<HTMLElement>(".pick")) b.setAttribute("aria-current", String(b.dataset.key === `show ${shown}`));
    for (const b of this.list.querySelectorAll<HTMLElement>(".beside")) {
      b.setAttribute("aria-pressed", String(b.dataset.key === `beside ${other?.wanted}`));
      b.hidden = b.dataset.key === `beside ${shown}`;
    }
    if (inside) (this.list.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`) ?? (this.button.hidden ? null : this.button))?.focus();
    this.follow();
  }

  private row(id: string, title: string, notes: string[], p: Projection | null): HTMLElement {
    const { model } = this;
    const pick = h(
      "button",
      { type: "button", class: "pick", "data-key": `show ${id}` },
      h("b", {}, title),
      " ",
      h("small", {}, notes[1] ?? ""),
      h("span", {}, notes[0]),
    );
    pick.addEventListener("click", () => model.choose(model.projections.length > 1 || !p ? id : null));
    if (p && this.asking === id) return h("li", { class: "asking" }, this.confirm(p));
    const beside = h(
      "button",
      { type: "button", class: "small beside", "data-key": `beside ${id}`, "aria-label": `Compare with ${title}, ${notes[0]}` },
      "Compare",
    );
    beside.addEventListener("click", () => model.compare(model.other?.wanted === id ? null : id));
    if (!p || !model.mapJobs.may) return h("li", {}, pick, beside);
    const away = h(
      "button",
      { type: "button", class: "small square", "data-key": `delete ${id}`, "aria-label": `Delete ${title}, ${notes[0]}`, title: "Delete this map" },
      icon("cross"),
    );
    away.addEventListener("click", () => {
      this.asking = id;
      this.show();
      this.list.querySelector<HTMLElement>(".keep")?.focus();
    });
    return h("li", {}, pick, beside, away);
  }

  /** The question before a map is deleted, in the place of its row. */
  private confirm(p: Projection): HTMLElement {
    const more = p.runs.length - 1;
    const text = `Delete ${titleOf(p)}, ${traits(p, this.model.projections).join(", ")}, for good?${more > 0 ? ` It is the map of ${more === 1 ? "another run" : `${more} other runs`}, too.` : ""} Runs and vectors stay.`;
    const yes = h("button", { type: "button", class: "small bad", "data-key": "yes" }, "Delete");
    const no = h("button", { type: "button", class: "small keep", "data-key": "keep" }, "Keep");
    const back = () => {
      this.asking = "";
      this.show();
      this.list.querySelector<HTMLElement>(`[data-key="${CSS.escape(`delete ${p.projection}`)}"]`)?.focus();
    };
    no.addEventListener("click", back);
    yes.addEventListener("click", () => {
      yes.disabled = true;
      api.deleteProjection(p.projection).catch((e: unknown) => {
        this.failed(e);
        back();
      });
    });
    const box = h("div", { role: "group", "aria-label": "Delete this map?" }, h("p", {}, text), yes, no);
    box.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      back();
    });
    return box;
  }

  /** Follows the maps that are being made. */
  private follow(): void {
    const { mapJobs, run } = this.model;
    this.button.hidden = !mapJobs.may;
    if (!mapJobs.may && this.form.shown) this.form.hide();
    const jobs = mapJobs.may ? mapJobs.jobs.filter((j) => run !== null && j.runs.includes(run.id)) : [];
    for (const [id, r] of this.rows) {
      if (jobs.some((j) => j.id === id && (j.state === "failed") === r.row.classList.contains("failed"))) continue;
      const focused = r.row.contains(document.activeElement);
      r.row.remove();
      this.rows.delete(id);
      if (focused) this.button.focus();
    }
    jobs.forEach((j) => {
      let r = this.rows.get(j.id);
      if (!r) {
        this.rows.set(j.id, (r = this.job(j)));
        this.jobList.prepend(r.row);
      }
      setText(r.said, stageOf(j));
      if (j.total > 0) [r.bar.max, r.bar.value] = [j.total, j.done];
      else r.bar.removeAttribute("value");
    });
    const busy = jobs.filter((j) => j.state !== "failed");
    this.chip.hidden = busy.length === 0;
    const now = busy.find((j) => j.state === "running") ?? busy[0];
    if (now) setText(this.chip, `New map: ${stageOf(now)}${busy.length > 1 ? `, ${busy.length - 1} more` : ""}`);
    setText(byId("maps-news"), mapJobs.news);
  }

  private job(j: Job): { row: HTMLElement; said: HTMLElement; bar: HTMLProgressElement } {
    const { mapJobs, projections } = this.model;
    const o = j.options;
    const d: Described = {
      title: j.title,
      method: String(o["method"] ?? ""),
      mode: String(o["mode"] ?? ""),
      dims: Number(o["dims"] ?? 2),
      layer: projections[0]?.layer ?? "",
      options: o,
      settings: j.settings,
    };
    const name = `${titleOf(d)} \u00b7 ${traits(d, [d, ...projections.map((p) => ({ ...p, layer: d.layer }))]).join(" \u00b7 ")}`;
    const said = h("span", { class: "said" });
    const bar = h("progress", { "aria-label": `Progress of ${name}` });
    const over = j.state === "failed";
    const stop = h("button", { type: "button", class: "small", "aria-label": `${over ? "Dismiss" : "Cancel"} ${name}` }, over ? "Dismiss" : "Cancel");
    stop.addEventListener("click", () => {
      if (over) return mapJobs.dismiss(j.id);
      stop.disabled = true;
      mapJobs.cancel(j.id).catch((e: unknown) => {
        stop.disabled = false;
        this.failed(e);
      });
    });
    return { row: h("li", { class: over ? "failed" : "", "data-job": j.id }, h("b", {}, name), stop, over ? null : bar, said), said, bar };
  }
}

/** "waiting", "layout, 43 %". */
function stageOf(j: Job): string {
  if (j.state === "failed") return j.error.replace(/^projection: /, "");
  if (j.state === "queued") return "waiting";
  const share = j.total > 1 ? `, ${Math.floor((100 * j.done) / j.total)}\u2009%` : "";
  return (STAGES[j.stage] ?? (j.stage || "beginning")) + share;
}
