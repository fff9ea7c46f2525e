import { byId, setText } from "../ui/dom";
import { count } from "../ui/format";
import type { Model } from "../state/model";
import { find } from "../state/search";

/** The field that finds samples: what it finds is set off on the map, Enter or the button selects it. */
export class Finder {
  private readonly input = byId<HTMLInputElement>("search");
  private readonly take = byId<HTMLButtonElement>("search-take");
  private found: number[] = [];

  constructor(private readonly model: Model) {
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("keydown", (e) => {
      if (e.key === "Enter") this.select(e.shiftKey);
      if (e.key === "Escape") this.clear();
      e.stopPropagation();
    });
    this.input.addEventListener("blur", (e) => {
      if (e.relatedTarget !== this.take) model.viewstate.setFocus(null);
    });
    this.input.addEventListener("focus", () => this.look());
    this.take.addEventListener("click", (e) => this.select(e.shiftKey));
    model.on(["run"], () => this.clear());
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private look(): void {
    const { samples, viewstate } = this.model;
    const query = this.input.value;
    this.found = samples ? find(samples, query) : [];
    this.take.hidden = query.trim() === "";
    this.take.disabled = this.found.length === 0;
    setText(this.take, this.found.length === 0 ? "Nothing found" : `Select ${count(this.found.length)}`);
    viewstate.setFocus(this.found.length > 0 ? { rows: this.found } : null);
  }

  private select(add: boolean): void {
    if (this.found.length === 0) return;
    const { viewstate } = this.model;
    viewstate.setFocus(null);
    viewstate.select(this.found, add ? "add" : "replace");
  }

  private clear(): void {
    this.input.value = "";
    this.found = [];
    this.take.hidden = true;
    this.model.viewstate.setFocus(null);
  }
}
