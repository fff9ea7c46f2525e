// Zoetrope's page: wires the model to its views, and both to the one animation loop.

import { Charts, type Look } from "./charts/charts";
import { groups } from "./charts/series";
import { archived } from "./data/archive";
import { listen } from "./data/events";
import { nearestEpoch } from "./map/playhead";
import * as address from "./state/address";
import * as addressbar from "./state/addressbar";
import { byId, setText } from "./ui/dom";
import { Comparing } from "./panels/comparing";
import { Finder } from "./panels/finder";
import { Header } from "./runs/header";
import { Home } from "./runs/home";
import { Legend } from "./panels/legend";
import { Loop } from "./ui/loop";
import { Maps } from "./panels/maps";
import { Measures } from "./panels/measures";
import { TOPICS } from "./state/listeners";
import { Model } from "./state/model";
import { Matrix } from "./panels/matrix";
import { Near } from "./panels/near";
import { opening } from "./opening";
import { base } from "./ui/palette";
import { Pictures } from "./data/pictures";
import { Player } from "./panels/player";
import { pack } from "./state/selection";
import { toggled } from "./runs/runlist";
import { Saver } from "./saving/saver";
import { wireShortcuts } from "./panels/shortcuts";
import { Stage } from "./map/overlay/stage";
import { Table } from "./panels/table";
import { Tabs } from "./panels/tabs";
import { theme, wireTheme } from "./ui/theme";
import { Toolbar } from "./panels/toolbar";
import { MapSummary } from "./panels/mapsummary";
import { ViewMenu } from "./panels/viewmenu";

/** A selection that takes more characters than this is not kept in the address. */
const LONGEST = 4000;

function main(): void {
  const model = new Model();
  let last = { nearest: -1, heading: -1, playing: false, home: false };
  const loop: Loop = new Loop({
    move(now, whole) {
      const moving = stage.draw(now, whole);
      player.move();
      if (tabs.samples) return moving;
      const epoch = epochAt(model);
      charts.point(epoch);
      mapSummary.point(epoch);
      return moving;
    },
    turned() {
      const { nearest, heading, playing } = model.playhead;
      const home = stage.atHome;
      if (last.nearest === nearest && last.heading === heading && last.playing === playing && last.home === home) return false;
      last = { nearest, heading, playing, home };
      return true;
    },
    follow() {
      player.update();
      header.update();
      byId("reset").classList.toggle("idle", last.home);
    },
    update() {
      // What was logged at this epoch is wanted soon, and that of its neighbours next.
      for (const k of [1, -1, 0]) model.facts.outputs(model.playhead.nearest + k);
      legend.update();
      table.update(!tabs.samples);
      near.update(!tabs.samples);
      mapSummary.update();
      measures.update();
      matrix.update(tabs.samples);
    },
    rest: keepAddress,
  });
  const { invalidate, turn, glance } = loop;

  const pictures = new Pictures(() => {
    stage.renew();
    table.renew();
    near.renew();
  });
  const stage = new Stage(model, pictures, turn, glance);
  const tabs = new Tabs(model, invalidate);
  const table = new Table(model, pictures, stage, invalidate);
  const near = new Near(model, pictures, stage);
  const finder = new Finder(model);
  const toolbar = new Toolbar(stage);
  new ViewMenu(model);
  new Saver(model, stage);
  const player = new Player(model, invalidate, turn);
  const legend = new Legend(model, invalidate);
  const home = new Home(
    model,
    chartLook,
    () => (written = "?"),
    (search) => addressbar.write((written = address.format(address.somewhere({ home: true, search }))), false),
  );
  const maps = new Maps(
    model,
    () => tabs.open("run"),
    (e) => model.complain(e),
  );
  const header = new Header(
    model,
    (tag) => goHome(tag === undefined ? "" : toggled("", tag)),
    () => void maps.open(),
  );
  const jump = (epoch: number) => {
    model.playhead.glide(nearestEpoch(model.numbers, epoch), performance.now());
    invalidate();
  };
  const charts = new Charts(byId("charts"), jump);
  const mapSummary = new MapSummary(model, jump, chartLook);
  const matrix = new Matrix(model);
  const measures = new Measures(model);
  new Comparing(model);
  model.on(TOPICS, invalidate);

  const drawCharts = () => {
    const { numbers } = model;
    const found = groups(model.series, model.epochs);
    byId("charts-panel").hidden = found.length === 0;
    charts.set(found, numbers[0] ?? 0, numbers[numbers.length - 1] ?? 1, chartLook());
  };
  model.on(["metrics", "epochs"], drawCharts);

  // A selection is written once, not whenever the pointer moves.
  let packed: { of: readonly number[]; text: string } = { of: [], text: "" };
  function selection(of: readonly number[]): string {
    if (of !== packed.of) packed = { of, text: pack(of, LONGEST) };
    return packed.text;
  }

  // The address follows once things have come to rest; the epoch is left out while it is the newest.
  let written = addressbar.read();
  function goHome(search = ""): void {
    written = address.format(address.somewhere({ home: true, search }));
    addressbar.write(written, true);
    home.show(true, search);
  }
  const brand = byId("home-link");
  brand.addEventListener("click", (e) => {
    if (archived() || e.ctrlKey || e.metaKey || e.shiftKey || (model.runs?.length ?? 0) === 0) return;
    e.preventDefault();
    if (!home.visible) goHome();
  });
  // A file holds one run: there is no page of all runs to go to.
  if (archived()) for (const a of ["href", "aria-label"]) brand.removeAttribute(a);
  function keepAddress(): void {
    if (home.visible) return;
    if (!model.run || !model.samples || model.numbers.length === 0) return;
    const { viewstate, playhead, numbers } = model;
    const query = address.format({
      home: false,
      search: "",
      run: model.run.id,
      projection: model.chosen ?? (model.other?.wanted ? model.shown : null), // of two maps, the address names both
      epoch: playhead.nearest === numbers.length - 1 ? null : numbers[playhead.nearest],
      compare: model.other?.key ?? null,
      colour: viewstate.colourAsked,
      filters: [...viewstate.conditions],
      select: selection(viewstate.selected),
      camera: stage.atHome ? null : stage.camera,
      view: viewstate.options,
    });
    if (query === written) return;
    // Another run is another page, to which Back goes back.
    const turned = written === "?" || (new URLSearchParams(written).get("run") ?? model.run.id) !== model.run.id;
    written = query;
    addressbar.write(query, turned);
  }
  const go = () => {
    written = addressbar.read();
    const place = address.parse(written);
    place.home &&= !archived();
    stage.start(place.camera);
    home.show(place.home, place.search);
    return place;
  };
  window.addEventListener("popstate", () => void model.open(go()));

  wireTheme(() => {
    model.viewstate.setTheme(theme());
    stage.repaint();
    legend.rebuild();
    drawCharts();
    mapSummary.draw();
    home.repaint();
  });
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const setCalm = () => (model.playhead.still = calm.matches);
  calm.addEventListener("change", setCalm);
  setCalm();

  wireShortcuts(model, player, stage, toolbar, tabs, finder);
  describeMap(model);

  // For tests, and for whoever is curious what the page does.
  const look = {
    model,
    stage,
    table,
    counters: stage.renderer.counters,
    /** The server has said what may be done. */
    greeted: false,
    /** Nothing moves and nothing is about to be drawn. */
    get resting() {
      return loop.resting;
    },
  };
  Object.assign(window, { zoetrope: look });
  const place = go();
  const started = model.start(place);
  opening(model, place.home ? Promise.resolve() : started, () => loop.begin());
  setTimeout(() => stage.begin()); // once all is asked for that can be
  if (archived()) return; // nobody has news
  void started.then((cursor) =>
    listen(
      {
        change: (c) => model.change(c),
        resync: () => model.resync(),
        hello: (may) => {
          look.greeted = true;
          void model.mapJobs.hello(may);
        },
        job: (j) => model.mapJobs.take(j),
        connected: (yes) => model.link(yes),
      },
      cursor,
    ),
  );
  // A run that falls silent makes no event.
  setInterval(() => {
    if (!document.hidden && model.runs?.some((r) => r.state === "running")) void model.refreshRuns();
  }, 15_000);
}

/** The playhead as an epoch number, with a fraction between two epochs. */
function epochAt(m: Model): number {
  const p = m.playhead.still ? m.playhead.nearest : m.playhead.position;
  const i = Math.floor(p);
  const a = m.numbers[i] ?? 0;
  const b = m.numbers[i + 1] ?? a;
  return a + (b - a) * (p - i);
}

/** Keeps the map's description for those who do not see it. */
function describeMap(m: Model): void {
  m.on(["map", "samples", "epochs"], () => {
    const n = m.samples?.count ?? 0;
    const kinds = m.samples?.classes.length ?? 0;
    const text = m.map
      ? `Map of ${n} samples${kinds > 1 ? ` in ${kinds} classes` : ""} over ${m.numbers.length} epochs. Arrow keys move through the epochs; the same samples are in the table under Samples.`
      : "No map yet.";
    byId("map").setAttribute("aria-label", text);
    setText(byId("map"), text);
  });
}

function chartLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), faint: of("--ink-2"), grid: of("--line"), paper: of("--panel"), others: base(theme()) };
}

main();
