import { Charts, type Look } from "../charts/charts";
import { lineOf, type Group } from "../charts/series";
import * as api from "../data/api";
import type { Epoch, Run, Series } from "../data/api";
import { notesOf, tagsOf } from "./about";
import { somewhere } from "../state/address";
import { byId, h, setText } from "../ui/dom";
import { ago, figure, many, value } from "../ui/format";
import { drawMiniature, fetchMiniature, type Miniature } from "./miniature";
import type { Model } from "../state/model";
import { asksFor, byExperiment, differences, lossOf, matches, STATES, stateOf, thinned, toggled } from "./runlist";
import { sparkline } from "../ui/spark";
import { theme } from "../ui/theme";

/** Runs that can be compared at once. */
const COMPARED = 8;

/** Tags of a run that are shown in the list. */
const TAGS = 12;

const SIZE = { width: 112, height: 74 };

/** What is known of a run beyond the list. */
interface Extra {
  version: string;
  miniature: Miniature | null;
  series: Series[];
}

/** The page of all runs: what there is, how it went, and how runs differ. */
export class Home {
  private readonly list = byId("home-list");
  private readonly search = byId<HTMLInputElement>("home-search");
  private readonly chosen = new Set<string>();
  private readonly unfolded = new Set<string>(); // runs whose notes are read in full
  private readonly extras = new Map<string, Extra>();
  private readonly charts: Charts;
  private readonly seen: IntersectionObserver;
  private shown = false;
  private compared = "";
  private pressed = false;
  private late = false; // there is something to draw once the press ends

  constructor(
    private readonly model: Model,
    private readonly look: () => Look,
    private readonly opened: () => void,
    private readonly searched: (query: string) => void,
  ) {
    this.charts = new Charts(byId("home-charts"), () => undefined);
    this.seen = new IntersectionObserver((entries) => {
      for (const e of entries) if (e.isIntersecting) void this.fetch((e.target as HTMLElement).dataset.run!);
    });
    this.search.addEventListener("input", () => this.find());
    byId("home-clear").addEventListener("click", () => {
      this.chosen.clear();
      this.draw();
    });
    byId("home-beside").addEventListener("click", () => {
      const [a, b] = this.runs.filter((r) => this.chosen.has(r.id));
      this.open(somewhere({ run: a.id, compare: b.id }));
    });
    // A row that is drawn anew under a press would not get its click.
    this.list.addEventListener("pointerdown", () => (this.pressed = true));
    for (const end of ["pointerup", "pointercancel"]) {
      window.addEventListener(end, () => {
        if (this.pressed) setTimeout(() => this.release());
      });
    }
    model.on(["runs"], () => this.draw());
  }

  get visible(): boolean {
    return this.shown;
  }

  /** Shows the page of the runs that are looked for, or hides it. */
  show(yes: boolean, search = ""): void {
    this.shown = yes;
    this.search.value = search;
    byId("home").hidden = !yes;
    byId("work").hidden = yes;
    byId("title").textContent = yes ? "Runs" : byId("title").textContent;
    document.body.classList.toggle("at-home", yes);
    if (yes) {
      document.title = "Runs \u00b7 Zoetrope";
      this.draw();
    }
  }

  private find(): void {
    this.draw();
    this.searched(this.search.value.trim());
  }

  /** Colours changed. */
  repaint(): void {
    this.compared = "";
    if (this.shown) this.draw();
  }

  private get runs(): Run[] {
    return this.model.runs ?? [];
  }

  private open(place: ReturnType<typeof somewhere>): void {
    this.show(false);
    this.opened();
    void this.model.open(place);
  }

  private release(): void {
    this.pressed = false;
    if (this.late) this.draw();
  }

  private draw(): void {
    if (!this.shown) return;
    this.late = this.pressed;
    if (this.late) return;
    const query = this.search.value.trim();
    const found = this.runs.filter((r) => query === "" || matches(r, query));
    setText(byId("home-count"), query === "" ? many(this.runs.length, "run") : `${many(found.length, "run")} of ${this.runs.length}`);
    for (const id of this.chosen) if (!this.runs.some((r) => r.id === id)) this.chosen.delete(id);
    const focus = document.activeElement?.id;
    this.seen.disconnect();
    this.list.replaceChildren(
      ...byExperiment(found).map(({ experiment, runs }) =>
        h(
          "section",
          { "aria-label": experiment || "Runs" },
          h("h2", {}, experiment || "Runs without an experiment"),
          h("ul", {}, ...runs.map((r) => this.row(r))),
        ),
      ),
    );
    if (found.length === 0)
      this.list.append(
        h(
          "p",
          { class: "none" },
          this.runs.length === 0 ? "No runs yet. This page follows the store: the first run shows up here by itself." : "No run has that.",
        ),
      );
    if (focus) document.getElementById(focus)?.focus();
    this.compare();
  }

  private row(r: Run): HTMLElement {
    const state = stateOf(r);
    const id = `home-${r.id}`;
    const check = h("input", { type: "checkbox", id, "aria-label": `Compare ${r.name || r.id}` });
    check.checked = this.chosen.has(r.id);
    check.disabled = !check.checked && this.chosen.size >= COMPARED;
    check.addEventListener("change", () => {
      if (check.checked) this.chosen.add(r.id);
      else this.chosen.delete(r.id);
      this.draw();
    });
    const link = h("a", { href: `?run=${encodeURIComponent(r.id)}`, class: "name", id: `${id}-open` }, r.name || r.id);
    link.addEventListener("click", (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey) return; // in a tab of its own
      e.preventDefault();
      this.open(somewhere({ run: r.id }));
    });
    const params = Object.entries(r.params ?? {});
    const query = this.search.value;
    const tags = tagsOf(
      r,
      TAGS,
      (tag) => {
        this.search.value = toggled(this.search.value, tag);
        this.find();
      },
      (tag) => asksFor(query, tag),
    );
    tags?.querySelectorAll("button").forEach((b, i) => (b.id = `${id}-tag-${i}`)); // the focus stays on it
    const el = h(
      "li",
      { class: "run", "data-run": r.id },
      check,
      h("canvas", { class: "miniature", "aria-hidden": "true" }),
      h(
        "div",
        { class: "what" },
        h("div", {}, link, h("span", { class: `state ${state}` }, h("i"), STATES[state] ?? state)),
        h("p", {}, [many(r.epochs, "epoch"), many(r.samples, "sample"), ago(r.started, Date.now())].join(" \u00b7 ")),
        tags,
        notesOf(r, this.unfolded, `${id}-notes`),
        params.length > 0
          ? h("p", { class: "params" }, ...params.slice(0, 12).map(([k, v]) => h("span", { title: `${k}: ${value(v)}` }, h("b", {}, k), ` ${value(v)}`)))
          : null,
      ),
      h("div", { class: "loss" }),
    );
    this.fill(el, r);
    this.seen.observe(el);
    return el;
  }

  /** Puts what is known of a run beyond the list into its row. */
  private fill(el: HTMLElement, r: Run): void {
    const extra = this.extras.get(r.id);
    const canvas = el.querySelector<HTMLCanvasElement>(".miniature")!;
    canvas.style.width = `${SIZE.width}px`;
    canvas.style.height = `${SIZE.height}px`;
    if (!extra) return;
    if (extra.miniature) drawMiniature(canvas, extra.miniature, SIZE.width, SIZE.height, theme());
    const loss = lossOf(extra.series);
    const box = el.querySelector(".loss")!;
    if (!loss) return;
    const values = thinned(loss.value, 120).map((v) => (typeof v === "number" ? v : null));
    const last = values[values.length - 1];
    box.replaceChildren(
      sparkline(values, values.length - 1, 130, 34),
      h("span", {}, `${loss.name} `, h("b", {}, typeof last === "number" ? figure(last) : "\u2013")),
    );
  }

  private async fetch(id: string): Promise<void> {
    const r = this.runs.find((o) => o.id === id);
    if (!r) return;
    const version = `${r.epochs} ${r.samples} ${r.state} ${r.last_epoch}`;
    const known = this.extras.get(id);
    if (known?.version === version) return;
    this.extras.set(id, { miniature: known?.miniature ?? null, series: known?.series ?? [], version });
    try {
      const [miniature, metrics] = await Promise.all([fetchMiniature(r), api.getMetrics(id, 0)]);
      this.extras.set(id, { version, miniature, series: metrics.series });
    } catch {
      this.extras.delete(id); // the row stays without; the next drawing asks again
      return;
    }
    const el = this.list.querySelector<HTMLElement>(`[data-run="${CSS.escape(id)}"]`);
    if (el) this.fill(el, r);
  }

  /** Shows how the chosen runs differ: in their parameters, and in their metrics. */
  private compare(): void {
    const runs = this.runs.filter((r) => this.chosen.has(r.id));
    byId("home-compare").hidden = runs.length < 2;
    setText(byId("home-hint"), runs.length === 1 ? "Choose another run to compare with." : runs.length === 0 ? "Choose runs to compare them." : "");
    byId("home-beside").hidden = runs.length !== 2 || runs.some((r) => r.layers.length === 0);
    const key = JSON.stringify(runs.map((r) => [r.id, r.epochs, r.state]));
    if (runs.length < 2 || key === this.compared) return;
    this.compared = key;
    setText(byId("home-compare-title"), `${runs.length} runs`);
    const differ = differences(runs);
    byId("home-params").replaceChildren(
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Parameter"), ...runs.map((r) => h("th", { scope: "col" }, r.name || r.id)))),
      h(
        "tbody",
        {},
        ...(differ.length > 0
          ? differ.map((d) => h("tr", {}, h("th", { scope: "row" }, d.name), ...d.values.map((v) => h("td", {}, v || "\u2013"))))
          : [h("tr", {}, h("td", { colspan: String(runs.length + 1) }, "They have the same parameters."))]),
      ),
    );
    void this.chart(key, runs);
  }

  private async chart(key: string, runs: readonly Run[]): Promise<void> {
    const all = await Promise.all(runs.map(async (r) => ({ run: r, epochs: await api.getEpochs(r.id), series: (await api.getMetrics(r.id, 0)).series })));
    if (key !== this.compared) return;
    const groups = overlaid(all);
    const numbers = all.flatMap((a) => a.epochs.map((e) => e.number));
    this.charts.set(groups, Math.min(...numbers, 1), Math.max(...numbers, 1), this.look());
    this.charts.point(Math.max(...numbers, 1));
  }
}

/** A chart per metric, with a line per run that has it. */
export function overlaid(all: readonly { run: Run; epochs: readonly Epoch[]; series: readonly Series[] }[]): Group[] {
  const names = [...new Set(all.flatMap((a) => a.series.map((s) => s.name)))].sort();
  return names.map((name) => ({
    title: name,
    percent: false,
    lines: all.flatMap((a) => {
      const s = a.series.find((o) => o.name === name);
      return s ? [{ ...lineOf(s, a.epochs), name: a.run.name || a.run.id }] : [];
    }),
  }));
}
