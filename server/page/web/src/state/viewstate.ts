// What the user chose: the samples selected, those shown, the colours, and how the map is drawn; and what that makes of
// each point. It touches no element.

import type { Column, Values } from "../data/columns";
import type { Facts } from "../data/facts";
import { FLAG } from "../map/paint";
import { scaleOf, slotsOf, tintsOf, type Scale, type Tints } from "./colouring";
import * as filter from "./filter";
import type { Condition } from "./filter";
import { USUAL, type Options } from "./options";
import type { Theme } from "../ui/palette";
import * as selection from "./selection";
import type { Join } from "./selection";

export type ViewTopic = "selection" | "filter" | "colour" | "options" | "focus";

/** What is set off against the rest for a moment: a class of the column in colours, or some rows. */
export type Focus = { name: string } | { rows: readonly number[] } | null;

export class ViewState {
  /** Selected rows, ascending. */
  selected: readonly number[] = [];
  /** The sample whose neighbours are shown, or -1. */
  focal = -1;
  conditions: readonly Condition[] = [];
  focus: Focus = null;
  options: Options = { ...USUAL };
  theme: Theme = "light";
  private asked: string | null = null; // the column that the user chose
  private before: readonly number[] = []; // for undo
  private version = 0; // of selection and focus
  private hiddenOf = new Map<number, { of: (Values | null)[]; hidden: Uint8Array; some: boolean }>();
  private flagsOf = new WeakMap<Uint8Array, { version: number; codes: Values | null; flags: Uint8Array }>();
  private slotsOf = new WeakMap<Values, Uint8Array>();
  private coloursOf: { column: string; version: number; known: string; scale: Scale | null; classes: number; theme: Theme; tints: Tints } | null = null;
  private blank = new Uint8Array(0);
  private by: { version: number; asked: string | null; column: Column | null } = { version: -1, asked: null, column: null };
  private all: { of: (Values | null)[]; hidden: Uint8Array; some: boolean } | null = null; // what no condition hides

  constructor(
    private readonly facts: Facts,
    private readonly count: () => { rows: number; epochs: readonly number[] },
    private readonly tell: (...topics: ViewTopic[]) => void,
  ) {}

  /** Begins anew with another run. */
  open(colour: string | null, conditions: readonly Condition[], options: Options): void {
    this.selected = this.before = [];
    this.focal = -1;
    this.focus = null;
    this.conditions = conditions;
    this.asked = colour;
    this.options = options;
    this.refresh();
  }

  /** Forgets what was computed from data that changed. */
  refresh(): void {
    this.version++;
    this.hiddenOf.clear();
    this.coloursOf = null;
    this.slotsOf = new WeakMap();
  }

  // Selection

  select(chosen: readonly number[], how: Join): void {
    const now = selection.join(this.selected, chosen, how);
    this.put(now, chosen.length === 1 && (how === "replace" || now.includes(chosen[0])) ? chosen[0] : now.length === 1 ? now[0] : -1);
  }

  /** Selects all that is shown and not selected now; not while it is still unknown what is shown. */
  invert(at: number): void {
    if (this.pending(at)) return;
    this.put(selection.invert(this.selected, this.count().rows, this.hidden(at)), -1);
  }

  clear(): void {
    if (this.selected.length > 0 || this.focal >= 0) this.put([], -1);
  }

  /** Goes back to the selection before this one; again, and it is back. */
  undo(): void {
    this.put(this.before, this.before.length === 1 ? this.before[0] : -1);
  }

  /** Makes a sample the one whose neighbours are shown; -1 is none. */
  setFocal(row: number): void {
    if (this.focal === row) return;
    this.focal = row;
    this.tell("selection");
  }

  private put(now: readonly number[], focal: number): void {
    this.before = this.selected;
    this.selected = now;
    this.focal = focal;
    this.version++;
    this.tell("selection");
  }

  // Filters

  setCondition(column: string, c: Condition | null): void {
    this.setConditions(filter.replace(this.conditions, column, c));
  }

  setConditions(all: readonly Condition[]): void {
    this.conditions = all;
    this.hiddenOf.clear();
    this.tell("filter");
  }

  toggle(column: string, name: string, classes: number): void {
    this.setConditions(filter.toggle(this.conditions, column, name, classes));
  }

  showAll(): void {
    if (this.conditions.length > 0) this.setConditions([]);
  }

  setFocus(f: Focus): void {
    if (f === this.focus || (f && this.focus && "name" in f && "name" in this.focus && f.name === this.focus.name)) return;
    this.focus = f;
    this.version++;
    this.tell("focus");
  }

  // Colours

  get colourBy(): Column | null {
    const { by } = this;
    if (by.version !== this.facts.version || by.asked !== this.asked) this.by = { version: this.facts.version, asked: this.asked, column: this.findColumn() };
    return this.by.column;
  }

  private findColumn(): Column | null {
    const own = this.asked === "none" ? null : this.asked === null ? this.facts.column("label") : this.facts.column(this.asked);
    return own ?? (this.asked === "none" || this.asked === null ? null : this.facts.column("label"));
  }

  /** What the user asked for, for the address; null is the usual. */
  get colourAsked(): string | null {
    return this.asked;
  }

  setColour(key: string | null): void {
    this.asked = key;
    this.focus = null;
    this.refresh();
    this.tell("colour");
  }

  setTheme(t: Theme): void {
    this.theme = t;
    this.tell("colour");
  }

  setOptions(part: Partial<Options>): void {
    this.options = { ...this.options, ...part };
    this.tell("options");
  }

  // What that makes of the points

  /** The values of the column in colours at an epoch's place; null where there are none, or not yet. */
  values(at: number): Values | null {
    return this.colourBy?.values(at) ?? null;
  }

  /** The scale of the column in colours; null for classes. */
  get scale(): Scale | null {
    return this.colours().scale;
  }

  get tints(): Tints {
    return this.colours().tints;
  }

  /** Each row's place in the palette. */
  slots(at: number): Uint8Array {
    return this.slotsFor(this.values(at));
  }

  /** Each row's place in the palette for values of the column in colours that another run has. */
  slotsFor(v: Values | null): Uint8Array {
    if (!v) return this.none();
    let s = this.slotsOf.get(v);
    if (!s) this.slotsOf.set(v, (s = slotsOf(v, this.colours().scale)));
    return s;
  }

  /** The colour of a row. */
  colour(row: number, at: number): string {
    const v = this.values(at);
    const { tints } = this.colours();
    return !v ? tints.ofClass(-1) : v.kind === "category" ? tints.ofClass(v.code[row] ?? -1) : tints.ofNumber(v.value[row]);
  }

  /** The colour of a row in another run, at one of its epochs. */
  colourIn(other: { values(key: string, i: number, classes: readonly string[] | null): Values | null }, row: number, at: number): string {
    const by = this.colourBy;
    const own = by ? this.values(0) : null;
    const v = by ? other.values(by.key, at, own?.kind === "category" ? own.classes : null) : null;
    const { tints } = this.colours();
    return !v ? tints.ofClass(-1) : v.kind === "category" ? tints.ofClass(v.code[row] ?? -1) : tints.ofNumber(v.value[row]);
  }

  /** 1 for each row that a condition hides. */
  hidden(at: number): Uint8Array {
    return this.filtered(at).hidden;
  }

  /** Whether values that conditions ask for are still on their way. */
  pending(at: number): boolean {
    return this.asks(at).some((a) => a.some(({ column, place }) => this.facts.values(column, place) === null && this.facts.coming(column, place)));
  }

  hides(at: number): boolean {
    return this.filtered(at).some;
  }

  /** Each row's flags for the renderer. */
  flags(at: number): Uint8Array {
    const { hidden } = this.filtered(at);
    const codes = this.focus && "name" in this.focus ? this.values(at) : null;
    const known = this.flagsOf.get(hidden);
    if (known && known.version === this.version && known.codes === codes && known.flags.length === hidden.length) return known.flags;
    const flags = hidden.slice();
    for (const r of this.selected) if (r < flags.length) flags[r] |= FLAG.selected;
    if (this.focus && "rows" in this.focus) for (const r of this.focus.rows) flags[r] |= FLAG.focused;
    if (this.focus && "name" in this.focus && codes?.kind === "category") {
      const code = this.focus.name === "" ? -1 : codes.classes.indexOf(this.focus.name);
      for (let i = 0; i < flags.length; i++) if (codes.code[i] === code) flags[i] |= FLAG.focused;
    }
    this.flagsOf.set(hidden, { version: this.version, codes, flags });
    return flags;
  }

  /** The flag that sets rows off against the others at this moment. */
  get emphasis(): number {
    return this.focus ? FLAG.focused : this.selected.length > 0 ? FLAG.selected : 0;
  }

  /** What each condition asks for at an epoch's place: a column, and at which epochs' places. */
  private asks(at: number): { column: string; place: number }[][] {
    const { epochs } = this.count();
    return this.conditions.map(({ column, epoch }) =>
      epoch === "all" ? epochs.map((_, place) => ({ column, place })) : [{ column, place: epoch === null ? at : epochs.indexOf(epoch) }],
    );
  }

  private filtered(at: number): { of: (Values | null)[]; hidden: Uint8Array; some: boolean } {
    const { rows: n } = this.count();
    if (this.conditions.length === 0) {
      const hidden = this.none();
      if (this.all?.hidden !== hidden) this.all = { of: [], hidden, some: false };
      return this.all;
    }
    const moving = this.conditions.some((c) => c.epoch === null && this.facts.column(c.column)?.perEpoch);
    const key = moving ? at : -1;
    const asks = this.asks(at);
    const of = asks.flat().map(({ column, place }) => this.facts.values(column, place));
    const known = this.hiddenOf.get(key);
    if (known && known.hidden.length === n && known.of.length === of.length && known.of.every((v, i) => v === of[i])) return known;
    const hidden = new Uint8Array(n);
    let k = 0;
    this.conditions.forEach((c, i) => asks[i].forEach(() => filter.apply(c, of[k++], hidden)));
    const made = { of, hidden, some: hidden.includes(1) };
    this.hiddenOf.set(key, made);
    return made;
  }

  private colours(): { scale: Scale | null; tints: Tints } {
    const old = this.coloursOf;
    if (old && old.version === this.facts.version && old.theme === this.theme) return old;
    const c = this.colourBy;
    const { epochs } = this.count();
    const lists: Float32Array[] = [];
    let classes = 0;
    const known: string[] = [];
    if (c) {
      const places = c.perEpoch ? epochs.map((_, i) => i) : [0];
      for (const i of places) {
        const v = c.values(i);
        if (!v) continue;
        known.push(String(i));
        if (v.kind === "number") lists.push(v.value);
        else classes = Math.max(classes, v.classes.length);
      }
    }
    const name = c?.key ?? "none";
    const sum = known.join(" ");
    if (old && old.column === name && old.known === sum && old.classes === classes && old.theme === this.theme) {
      old.version = this.facts.version;
      return old;
    }
    const scale = c?.kind === "number" ? scaleOf(lists) : null;
    if (JSON.stringify(scale) !== JSON.stringify(old?.scale ?? null)) this.slotsOf = new WeakMap();
    const tints = tintsOf(name, c?.kind ?? "category", classes, scale, this.theme);
    this.coloursOf = { column: name, version: this.facts.version, known: sum, scale, classes, theme: this.theme, tints };
    return this.coloursOf;
  }

  /** Zeros, as many as rows. */
  private none(): Uint8Array {
    const { rows: n } = this.count();
    if (this.blank.length !== n) this.blank = new Uint8Array(n);
    return this.blank;
  }
}
