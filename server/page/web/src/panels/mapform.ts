import { ApiError, type Field } from "../data/api";
import { h } from "../ui/dom";
import type { Model } from "../state/model";
import { check, range } from "../state/settings";

/** A field on the page. */
interface Row {
  field: Field;
  box: HTMLElement;
  input: HTMLInputElement | HTMLSelectElement;
  error: HTMLElement;
}

/** The form for a new map: what the server lets one ask for, each with its range, its usual value, and what is wrong with it. */
export class MapForm {
  private rows: Row[] = [];
  private readonly wrong = h("p", { class: "error", role: "alert" });
  private readonly make = h("button", { type: "submit", class: "small strong" }, "Make map");

  /** close takes the form away. */
  constructor(
    private readonly form: HTMLFormElement,
    private readonly model: Model,
    private readonly close: () => void,
  ) {
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      void this.send();
    });
    form.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      close();
    });
  }

  get shown(): boolean {
    return !this.form.hidden;
  }

  hide(): void {
    this.form.hidden = true;
  }

  /** Shows the form with the options of the map on screen. */
  async show(): Promise<void> {
    const fields = [...(await this.model.mapJobs.fields())];
    const { layers } = this.model.run ?? { layers: [] };
    const map = this.model.projections.find((p) => p.projection === this.model.shown);
    const layer = map?.layer ?? this.model.map?.layout.layer ?? layers[0];
    if (layers.length > 1)
      fields.unshift({ name: "layer", title: "Layer", about: "whose vectors are laid out", choices: layers, whole: false, min: 0, max: 0, default: layers[0] });
    this.rows = fields.map((f) => this.row(f));
    const usual = h("button", { type: "button", class: "small" }, "Usual values");
    usual.addEventListener("click", () => this.fill({}));
    const away = h("button", { type: "button", class: "small" }, "Close");
    away.addEventListener("click", this.close);
    this.form.replaceChildren(...this.rows.map((row) => row.box), this.wrong, h("div", { class: "acts" }, this.make, usual, away));
    this.fill({ ...map?.options, layer });
    this.form.hidden = false;
    this.rows[0]?.input.focus({ preventScroll: true });
  }

  private row(field: Field): Row {
    const id = `map-${field.name}`;
    const error = h("p", { class: "error", id: `${id}-error`, role: "alert" });
    const about = { id, "aria-describedby": `${id}-hint ${id}-error` };
    const input = field.choices
      ? h("select", about, ...field.choices.map((c) => h("option", { value: c }, c)))
      : h("input", { ...about, type: "text", inputmode: field.text ? "text" : field.whole ? "numeric" : "decimal", autocomplete: "off" });
    const hint = h("p", { class: "hint", id: `${id}-hint` }, `${range(field)} \u00b7 ${field.about}`);
    const box = h("div", { class: "field" }, h("label", { for: id }, field.title), input, hint, error);
    const row = { field, box, input, error };
    input.addEventListener("input", () => {
      if (error.textContent !== "") this.say(row, check(field, input.value)); // it goes as soon as it is mended
    });
    input.addEventListener("change", () => {
      this.say(row, check(field, input.value));
      if (field.name === "method") this.showRead();
    });
    return row;
  }

  /** Puts options into the fields; the usual ones where there are none. */
  private fill(options: Record<string, unknown>): void {
    for (const row of this.rows) {
      const { field: f, input } = row;
      const v = options[f.name];
      input.value = String(v === undefined || v === "" ? f.default : v);
      this.say(row, check(f, input.value));
    }
    this.wrong.textContent = "";
    this.showRead();
  }

  /** Shows the fields that the chosen method reads; where the server chooses it, all. */
  private showRead(): void {
    const method = this.rows.find((r) => r.field.name === "method")?.input.value ?? "auto";
    for (const { field, box } of this.rows) box.hidden = method !== "auto" && !(field.methods?.includes(method) ?? true);
  }

  private say(row: Row, message: string): void {
    row.error.textContent = message;
    if (message === "") row.input.removeAttribute("aria-invalid");
    else row.input.setAttribute("aria-invalid", "true");
  }

  private async send(): Promise<void> {
    const { run, mapJobs } = this.model;
    if (!run || this.make.disabled) return;
    this.wrong.textContent = "";
    const asked = this.rows.filter((row) => !row.box.hidden);
    for (const row of asked) this.say(row, check(row.field, row.input.value));
    const bad = asked.find((r) => r.error.textContent !== "");
    if (bad) return bad.input.focus();
    const options = Object.fromEntries(asked.map(({ field: f, input }) => [f.name, f.choices || f.text ? input.value.trim() : Number(input.value)]));
    this.make.disabled = true;
    try {
      await mapJobs.start([run.id], options);
      this.close();
    } catch (e) {
      // The server names the option that it refuses.
      const said = e instanceof ApiError ? e.message.replace(/^(projection|umap): /g, "") : "The server does not answer. Try again when it is back.";
      const row = this.rows.find((r) => new RegExp(`\\b${r.field.name}\\b`).test(said));
      if (row) {
        this.say(row, said);
        row.input.focus();
      } else this.wrong.textContent = said;
    } finally {
      this.make.disabled = false;
    }
  }
}
