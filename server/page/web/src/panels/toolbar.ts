import { byId } from "../ui/dom";
import type { Tool } from "../map/gestures";
import type { Stage } from "../map/overlay/stage";

const TOOLS: readonly Tool[] = ["move", "rectangle", "lasso"];

/** The buttons over the map: what a drag does, and zoom. */
export class Toolbar {
  constructor(private readonly stage: Stage) {
    for (const t of TOOLS) {
      const b = byId(`tool-${t}`);
      b.addEventListener("click", () => this.choose(t));
      b.addEventListener("keydown", (e) => {
        const by = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[e.key];
        if (by === undefined) return;
        e.preventDefault();
        e.stopPropagation();
        const next = TOOLS[(TOOLS.indexOf(t) + by + TOOLS.length) % TOOLS.length];
        this.choose(next);
        byId(`tool-${next}`).focus();
      });
    }
    byId("zoom-in").addEventListener("click", () => stage.zoom(1.6));
    byId("zoom-out").addEventListener("click", () => stage.zoom(1 / 1.6));
    byId("reset").addEventListener("click", () => stage.reset());
    this.choose("move");
  }

  choose(t: Tool): void {
    this.stage.setTool(t);
    for (const o of TOOLS) {
      const b = byId(`tool-${o}`);
      b.setAttribute("aria-checked", String(o === t));
      b.tabIndex = o === t ? 0 : -1;
    }
  }
}
