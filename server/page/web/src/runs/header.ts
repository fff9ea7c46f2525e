// What is said in words around the map: the run, its state, the map's kind, what is missing.

import type { Layout, Run } from "../data/api";
import { archived, made } from "../data/archive";
import { notesOf, tagsOf } from "./about";
import { somewhere } from "../state/address";
import { byId, h, setText } from "../ui/dom";
import { ago, count, many, value } from "../ui/format";
import { Menu, type Item } from "../ui/menu";
import type { Model } from "../state/model";
import { STATES, stateOf } from "./runlist";
import { titleOf, traits } from "../state/settings";

/** The header, the notes over the map and the facts beside it. */
export class Header {
  private readonly runs: Menu;
  private readonly maps: Menu;
  private readonly unfolded = new Set<string>(); // runs whose notes are read in full
  private said = ""; // of the run, last

  /** home shows the page of all runs, or of those that have a tag; make opens the form for a new map. */
  constructor(
    private readonly model: Model,
    private readonly home: (tag?: string) => void,
    make: () => void,
  ) {
    this.runs = new Menu(byId<HTMLButtonElement>("run"), "Runs", (id) => {
      if (id === "") home();
      else if (id !== model.run?.id) void model.open(somewhere({ run: id }));
    });
    this.maps = new Menu(byId<HTMLButtonElement>("map-kind"), "Maps", (id) => {
      if (id === "") make();
      else if (id !== model.shown) model.choose(model.projections.length > 1 || id === "provisional" ? id : null);
    });
    model.on(["runs", "run"], () => this.showRuns());
    model.on(["run", "runs", "epochs", "samples"], () => this.showFacts());
    model.on(["map", "epochs", "run", "jobs", "trouble"], () => this.showMap());
    model.on(["link", "trouble"], () => this.showLink());
    this.showLink(); // a file says until here that it opens
  }

  /** What the map shows at this moment may be another epoch than the slider's. */
  update(): void {
    const { map, numbers, playhead, frameOf } = this.model;
    const note = byId("map-note");
    const wanted = numbers[playhead.nearest];
    const shown = map?.layout.epochs[frameOf[playhead.nearest] ?? -1];
    const off = map !== null && wanted !== undefined && shown !== undefined && shown !== wanted;
    note.hidden = !off;
    if (off) setText(note, `Epoch ${wanted} is not on this map; this is epoch ${shown}.`);
  }

  private showRuns(): void {
    const { runs, run } = this.model;
    const now = Date.now();
    const items: Item[] = (runs ?? []).map((r) => ({
      key: r.id,
      group: r.experiment || "Runs",
      title: r.name || r.id,
      note: `${many(r.epochs, "epoch")} \u00b7 ${ago(r.started, now)}`,
      mark: `state ${stateOf(r)}`,
    }));
    // Experiments stay together, in the order of their newest run.
    const order = [...new Set(items.map((i) => i.group))];
    items.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
    if (items.length > 1) items.push({ key: "", group: "Store", title: "All runs", note: "search and compare them" });
    this.runs.set(items, run?.id ?? null);
    setText(byId("run-name"), run ? run.name || run.id : runs ? "No runs yet" : "");
    setText(byId("run-experiment"), run?.experiment ?? "");
    setText(byId("title"), run ? `Zoetrope: ${run.name || run.id}` : "Zoetrope");
    if (!document.body.classList.contains("at-home")) document.title = run ? `${run.name || run.id} \u00b7 Zoetrope` : "Zoetrope";
  }

  private showFacts(): void {
    const { run, samples, epochs } = this.model;
    const state = byId("run-state");
    state.hidden = run === null;
    byId("facts").hidden = run === null;
    if (!run) return;
    const was = made() !== "" && stateOf(run) === "running"; // a file is of one day
    state.className = `state ${was ? "" : stateOf(run)}`;
    setText(byId("run-state-text"), was ? `Was training on ${made()}` : (STATES[stateOf(run)] ?? run.state));
    const facts = [many(samples?.count ?? run.samples, "sample"), many(epochs.length || run.epochs, "epoch")];
    if (run.layers.length > 0) facts.push(run.layers.length === 1 ? `layer ${run.layers[0]}` : many(run.layers.length, "layer"));
    if (made() !== "" && !was) facts.push(`saved ${made()}`);
    setText(byId("facts"), facts.join(" \u00b7 "));
    this.showSaid(run);
    const params = Object.entries(run.params ?? {});
    byId("params-panel").hidden = params.length === 0;
    setText(byId("params-count"), count(params.length));
    byId("params").replaceChildren(...params.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, value(v))]));
  }

  /** What is said of the run, drawn anew only when that is something else: somebody may be reading it. */
  private showSaid(run: Run): void {
    const said = JSON.stringify([run.id, run.tags, run.notes]);
    if (said === this.said) return;
    this.said = said;
    const parts = [tagsOf(run, Infinity, archived() ? null : this.home), notesOf(run, this.unfolded, "notes-more")].filter((p) => p !== null);
    const panel = byId("about-panel");
    panel.hidden = parts.length === 0;
    panel.replaceChildren(...parts);
  }

  private showMap(): void {
    const { map, projections, run, runs, epochs, mapJobs, shown, trouble } = this.model;
    const now = Date.now();
    const items: Item[] = projections.map((p) => ({
      key: p.projection,
      title: titleOf(p),
      note: [...traits(p, projections), ago(p.created, now)].join(" \u00b7 "),
    }));
    if (items.length > 0) items.push({ key: "provisional", title: "PCA", note: "provisional: a fixed view of each epoch" });
    if (mapJobs.may && map) items.push({ key: "", title: "New map\u2026", note: "with other parameters" });
    this.maps.set(items, shown);
    byId("map-bar").hidden = map === null;
    byId("provisional").hidden = !map?.layout.provisional;
    if (map) {
      const p = projections.find((q) => q.projection === map.layout.projection);
      setText(byId("map-title"), p ? titleOf(p) : "PCA");
      setText(byId("map-detail"), p ? traits(p, [p]).join(" \u00b7 ") : layerOf(map.layout, run));
    }
    const empty = byId("empty");
    empty.hidden = map !== null || runs === null;
    const [title, text] =
      runs !== null && runs.length === 0
        ? ["No runs yet", "This page follows the store: the first run shows up here by itself."]
        : trouble !== ""
          ? ["No map", ""] // the bar above says why
          : run && epochs.length === 0 && run.state === "running"
            ? ["Waiting for the first epoch", "The map begins when the run logs its first layer."]
            : run && run.layers.length === 0
              ? ["No map", "This run logged no layer, so there is nothing to lay out."]
              : ["No map yet", ""];
    setText(byId("empty-title"), title);
    setText(byId("empty-text"), text);
  }

  private showLink(): void {
    const { connected, trouble } = this.model;
    const bar = byId("trouble");
    bar.hidden = connected && trouble === "";
    setText(bar, trouble !== "" ? trouble : connected ? "" : "Connection lost. Trying again\u2026");
  }
}

/** The layer that a provisional map shows, where there are several. */
function layerOf(l: Layout, run: Run | null): string {
  return (run?.layers.length ?? 0) > 1 ? l.layer : "";
}
