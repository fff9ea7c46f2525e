import { byId, h } from "../ui/dom";
import type { Model } from "../state/model";
import { SWITCHES, USUAL, type Options } from "../state/options";

const NAMES: { [K in (typeof SWITCHES)[number]]: [string, string] } = {
  grid: ["All epochs at once", "Small maps of the epochs, moved and selected together (G)"],
  names: ["Names on the map", "Where each class has most of its points"],
  pictures: ["Pictures when there is room", "Zoom in, and points become their samples' pictures"],
  contours: ["Contours", "Lines of equal density"],
  ghost: ["Epoch before, as rings", "Where the points come from"],
  trails: ["Trails of the selection", "Their ways through all epochs"],
  ground: ["All epochs, as ground", "Where any point is at any epoch"],
  overlay: ["Compared run over this one", "As rings; otherwise it is beside it"],
  loop: ["Play again from the start", ""],
};

/** The panel that says how the map is drawn. */
export class ViewMenu {
  private readonly button = byId<HTMLButtonElement>("view");
  private readonly panel = byId("view-panel");

  constructor(private readonly model: Model) {
    const { viewstate } = model;
    const range = (key: "size" | "opacity", name: string, low: number, high: number) => {
      const input = h("input", { type: "range", min: String(low), max: String(high), step: "0.05", "data-key": key });
      input.addEventListener("input", () => viewstate.setOptions({ [key]: Number(input.value) }));
      return h("label", { class: "range" }, h("span", {}, name), input);
    };
    const switches = (["grid", "names", "pictures", "contours", "ghost", "trails", "ground", "overlay", "loop"] as const).map((key) => {
      const input = h("input", { type: "checkbox", "data-key": key });
      input.addEventListener("change", () => viewstate.setOptions({ [key]: input.checked }));
      return h("label", { class: "switch", title: NAMES[key][1] }, input, h("span", {}, NAMES[key][0]));
    });
    const usual = h("button", { type: "button", class: "link" }, "As usual");
    usual.addEventListener("click", () => viewstate.setOptions({ ...USUAL }));
    this.panel.append(range("size", "Size", 0.3, 3), range("opacity", "Opacity", 0.1, 1), ...switches, usual);
    this.button.addEventListener("click", () => this.open(this.panel.hidden));
    this.panel.addEventListener("keydown", (e) => {
      e.stopPropagation();
      if (e.key !== "Escape") return;
      this.open(false);
      this.button.focus();
    });
    document.addEventListener("pointerdown", (e) => {
      if (!this.panel.hidden && !this.panel.contains(e.target as Node) && !this.button.contains(e.target as Node)) this.open(false);
    });
    model.on(["options"], () => this.show());
    this.show();
  }

  private open(yes: boolean): void {
    this.panel.hidden = !yes;
    this.button.setAttribute("aria-expanded", String(yes));
    if (yes) this.panel.querySelector<HTMLElement>("input")?.focus();
  }

  private show(): void {
    const o: Options = this.model.viewstate.options;
    for (const input of this.panel.querySelectorAll<HTMLInputElement>("input")) {
      const key = input.dataset.key as keyof Options;
      if (input.type === "checkbox") input.checked = o[key] as boolean;
      else input.value = String(o[key]);
    }
  }
}
