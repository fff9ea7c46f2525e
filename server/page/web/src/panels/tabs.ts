import { byId } from "../ui/dom";
import type { Model } from "../state/model";

/** The two sides of what is beside the map: the run, and its samples. A selection brings the samples forward. */
export class Tabs {
  private shown: "run" | "samples" = "run";
  private byHand = false; // the user opened the samples, and they stay open

  constructor(
    model: Model,
    private readonly invalidate: () => void,
  ) {
    for (const name of ["run", "samples"] as const) {
      const tab = byId(`tab-${name}`);
      tab.addEventListener("click", () => {
        this.byHand = name === "samples";
        this.show(name);
      });
      tab.addEventListener("keydown", (e) => {
        if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
        e.preventDefault();
        e.stopPropagation();
        const other = name === "run" ? "samples" : "run";
        this.byHand = other === "samples";
        this.show(other);
        byId(`tab-${other}`).focus();
      });
    }
    model.on(["selection"], () => {
      const { selected, focal } = model.viewstate;
      if (selected.length > 0 || focal >= 0) this.show("samples");
      else if (!this.byHand) this.show("run");
    });
  }

  get samples(): boolean {
    return this.shown === "samples";
  }

  open(name: "run" | "samples"): void {
    this.byHand = name === "samples";
    this.show(name);
  }

  private show(name: "run" | "samples"): void {
    if (this.shown === name) return;
    this.shown = name;
    for (const n of ["run", "samples"] as const) {
      const tab = byId(`tab-${n}`);
      tab.setAttribute("aria-selected", String(n === name));
      tab.tabIndex = n === name ? 0 : -1;
      byId(`${n}-panel`).hidden = n !== name;
    }
    this.invalidate();
  }
}
