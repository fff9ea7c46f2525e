import type { Finder } from "./finder";
import type { Model } from "../state/model";
import type { Player } from "./player";
import type { Stage } from "../map/overlay/stage";
import type { Tabs } from "./tabs";
import type { Toolbar } from "./toolbar";

/** Keys that work anywhere on the page, except where somebody types or a menu is open. */
export function wireShortcuts(model: Model, player: Player, stage: Stage, toolbar: Toolbar, tabs: Tabs, finder: Finder): void {
  const { viewstate, playhead } = model;
  const seldom: Record<string, () => void> = {
    " ": () => player.toggle(),
    ArrowRight: () => player.step(1),
    ArrowLeft: () => player.step(-1),
    PageUp: () => player.step(10),
    PageDown: () => player.step(-10),
    Home: () => player.step(-Infinity),
    End: () => player.step(Infinity),
    "+": () => stage.zoom(1.6),
    "=": () => stage.zoom(1.6),
    "-": () => stage.zoom(1 / 1.6),
    "0": () => stage.reset(),
    v: () => toolbar.choose("move"),
    r: () => toolbar.choose("rectangle"),
    l: () => toolbar.choose("lasso"),
    i: () => viewstate.invert(playhead.nearest),
    f: () => stage.visit(viewstate.selected),
    s: () => document.getElementById("save")?.click(),
    g: () => viewstate.setOptions({ grid: !viewstate.options.grid }),
    "/": () => {
      tabs.open("samples");
      finder.focus();
    },
    Escape: () => {
      if (viewstate.selected.length > 0 || viewstate.focal >= 0) viewstate.clear();
      else viewstate.showAll();
    },
  };
  const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  // 1 to 9 go to that share of the training: 5 is half-way.
  for (let d = 1; d <= 9; d++) seldom[String(d)] = () => player.go(d / 10);
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented) return;
    const on = e.target as HTMLElement;
    if (on.closest("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable], [role=listbox]")) return;
    if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key === "z") {
      e.preventDefault();
      viewstate.undo();
    }
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const pressed = on.closest("button, summary, a, input");
    const f = e.shiftKey && moves[e.key] ? () => stage.nudge(...moves[e.key]) : seldom[e.key];
    if (!f) return;
    if (e.key === " " && pressed && pressed.id !== "play") return; // space presses what has the focus
    e.preventDefault();
    f();
  });
}
