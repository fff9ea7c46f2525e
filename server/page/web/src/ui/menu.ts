import { h, icon } from "./dom";

/** One choice of a menu. */
export interface Item {
  key: string;
  /** Items with the same group stand under one heading. */
  group?: string;
  title: string;
  note: string;
  /** A class for the mark before the title, or none. */
  mark?: string;
}

/** A button that opens a list of choices: a select whose rows can say more than a name. */
export class Menu {
  private readonly list: HTMLElement;
  private items: Item[] = [];
  private active = 0;

  constructor(
    private readonly button: HTMLButtonElement,
    label: string,
    private readonly chosen: (key: string) => void,
  ) {
    this.list = h("div", { class: "menu", role: "listbox", tabindex: "-1", "aria-label": label, hidden: "" });
    button.after(this.list);
    button.setAttribute("aria-haspopup", "listbox");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (this.list.hidden ? this.open() : this.close(true)));
    button.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" && this.list.hidden) {
        e.preventDefault();
        e.stopPropagation();
        this.open();
      }
    });
    this.list.addEventListener("keydown", (e) => this.key(e));
    this.list.addEventListener("focusout", (e) => {
      if (!this.list.contains(e.relatedTarget as Node) && e.relatedTarget !== button) this.close(false);
    });
  }

  /** Sets the choices and which of them holds now. */
  set(items: Item[], current: string | null): void {
    this.items = items;
    this.active = Math.max(
      0,
      items.findIndex((i) => i.key === current),
    );
    this.button.disabled = items.length === 0;
    this.button.classList.toggle("single", items.length < 2);
    let group: string | undefined;
    const rows: HTMLElement[] = [];
    items.forEach((item, i) => {
      if (item.group !== undefined && item.group !== group) {
        group = item.group;
        rows.push(h("div", { class: "group", role: "presentation" }, group));
      }
      const row = h(
        "div",
        { class: "item", role: "option", id: `${this.button.id}-${i}`, "aria-selected": String(item.key === current) },
        h("span", { class: `mark ${item.mark ?? ""}` }),
        h("span", { class: "title" }, item.title),
        h("span", { class: "note" }, item.note),
        item.key === current ? icon("check") : null,
      );
      row.addEventListener("click", () => this.choose(i));
      row.addEventListener("pointermove", () => this.activate(i));
      rows.push(row);
    });
    this.list.replaceChildren(...rows);
    if (!this.list.hidden) this.activate(this.active);
  }

  private open(): void {
    if (this.items.length === 0) return;
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.activate(this.active);
    this.list.focus();
    this.row(this.active)?.scrollIntoView({ block: "nearest" });
  }

  private close(refocus: boolean): void {
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (refocus) this.button.focus();
  }

  private choose(i: number): void {
    this.close(true);
    this.chosen(this.items[i].key);
  }

  private key(e: KeyboardEvent): void {
    const last = this.items.length - 1;
    const to: Record<string, number> = {
      ArrowDown: Math.min(last, this.active + 1),
      ArrowUp: Math.max(0, this.active - 1),
      Home: 0,
      End: last,
    };
    e.stopPropagation(); // the page's own shortcuts rest while a menu is open
    if (e.key in to) {
      e.preventDefault();
      this.activate(to[e.key]);
      this.row(this.active)?.scrollIntoView({ block: "nearest" });
    } else if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      this.choose(this.active);
    } else if (e.key === "Escape" || e.key === "Tab") {
      this.close(true);
    } else if (e.key.length === 1) {
      const i = this.items.findIndex((it) => it.title.toLowerCase().startsWith(e.key.toLowerCase()));
      if (i >= 0) this.activate(i);
    }
  }

  private activate(i: number): void {
    this.row(this.active)?.classList.remove("active");
    this.active = i;
    const row = this.row(i);
    row?.classList.add("active");
    if (row) this.list.setAttribute("aria-activedescendant", row.id);
  }

  private row(i: number): HTMLElement | null {
    return this.list.querySelector(`#${CSS.escape(`${this.button.id}-${i}`)}`);
  }
}
