import type { Model } from "./model";
import type { Player } from "./player";
import type { Stage } from "./stage";

/** Keys that work anywhere on the page, except where somebody types or a menu is open. */
export function wireShortcuts(model: Model, player: Player, stage: Stage): void {
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    const on = e.target as HTMLElement;
    if (on.closest("input, textarea, select, [contenteditable], [role=listbox]")) return;
    const pressed = on.closest("button, summary, a");
    const act: Record<string, () => void> = {
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
      Escape: () => {
        stage.unpin();
        model.showAll();
      },
    };
    const f = act[e.key];
    if (!f) return;
    if (e.key === " " && pressed && pressed.id !== "play") return; // space presses the button that has the focus
    e.preventDefault();
    f();
  });
}
