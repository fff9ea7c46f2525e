import { byId, h, icon, setText } from "../ui/dom";
import { Heat } from "./heat";
import type { Model } from "../state/model";

/** With more epochs than this, their marks would run into each other. */
const MARKS = 80;

/** Pixels from one epoch's name to the next, at least. */
const NAME = 32;

const SPEEDS = [0.5, 1, 2, 4];

/** The bar under the map: play, the epoch's number, the slider over all logged epochs. */
export class Player {
  private readonly button = byId<HTMLButtonElement>("play");
  private readonly speed = byId<HTMLButtonElement>("speed");
  private readonly slider = byId("slider");
  private readonly marks = byId("marks");
  private readonly thumb = byId("thumb");
  private readonly done = byId("done");
  private readonly number = byId("epoch-number");
  private readonly total = byId("epoch-total");
  private readonly heat: Heat;
  private dragging = false;
  private icon = "";
  private width = 600; // of the marks, in pixels

  /** invalidate asks for a frame, turn for one in which only the playhead may have moved. */
  constructor(
    private readonly model: Model,
    private readonly invalidate: () => void,
    private readonly turn: () => void,
  ) {
    this.heat = new Heat(model, invalidate);
    this.button.addEventListener("click", () => this.toggle());
    this.speed.addEventListener("click", () => {
      const { playhead } = model;
      playhead.speed = SPEEDS[(SPEEDS.indexOf(playhead.speed) + 1) % SPEEDS.length];
      setText(this.speed, `${playhead.speed}\u00d7`);
      this.speed.setAttribute("aria-label", `Speed ${playhead.speed}\u00d7`);
    });
    byId("back").addEventListener("click", () => this.step(-1));
    byId("forth").addEventListener("click", () => this.step(1));
    this.slider.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || model.numbers.length < 2) return;
      this.slider.setPointerCapture(e.pointerId);
      this.dragging = model.playhead.held = true;
      this.slider.classList.add("dragging");
      this.scrub(e);
    });
    this.slider.addEventListener("pointermove", (e) => {
      if (this.dragging) this.scrub(e);
      else this.slider.title = this.heat.tell(this.share(e));
    });
    const drop = () => {
      if (!this.dragging) return;
      this.dragging = model.playhead.held = false;
      this.slider.classList.remove("dragging");
      model.playhead.pause(performance.now()); // come to rest on an epoch
      invalidate();
    };
    this.slider.addEventListener("pointerup", drop);
    this.slider.addEventListener("pointercancel", drop);
    model.on(["epochs", "run", "map"], () => this.rebuild());
    model.on(["options"], () => (model.playhead.loop = model.viewstate.options.loop));
    new ResizeObserver(() => this.rebuild()).observe(this.marks);
    this.rebuild();
  }

  toggle(): void {
    const { playhead } = this.model;
    const now = performance.now();
    if (playhead.playing) playhead.pause(now);
    else playhead.play(now);
    this.invalidate();
  }

  /** Goes to a share of the training, from 0 to 1. */
  go(share: number): void {
    const { playhead, numbers } = this.model;
    playhead.glide(Math.round(share * (numbers.length - 1)), performance.now());
    this.invalidate();
  }

  /** Goes some epochs on, or to the first or last. */
  step(by: number): void {
    const { playhead } = this.model;
    playhead.glide(playhead.heading + by, performance.now());
    this.invalidate();
  }

  /** Follows the playhead. */
  move(): void {
    const { playhead, numbers } = this.model;
    const last = numbers.length - 1;
    const share = last > 0 ? (playhead.still ? playhead.nearest : playhead.position) / last : 1;
    this.thumb.style.transform = `translateX(${(share * this.width).toFixed(1)}px)`;
    this.done.style.transform = `scaleX(${share.toFixed(4)})`;
  }

  /** Follows the epoch that is looked at, and whether it plays. */
  update(): void {
    const { playhead, numbers } = this.model;
    const last = numbers.length - 1;
    const number = numbers[playhead.nearest];
    setText(this.number, number === undefined ? "\u2013" : String(number));
    byId<HTMLButtonElement>("back").disabled = last < 1 || playhead.heading === 0;
    byId<HTMLButtonElement>("forth").disabled = last < 1 || playhead.heading === last;
    this.heat.draw();
    const name = playhead.playing ? "pause" : "play";
    if (name !== this.icon) {
      this.icon = name;
      this.button.replaceChildren(icon(name));
      this.button.setAttribute("aria-label", name === "play" ? "Play" : "Pause");
      this.button.title = name === "play" ? "Play (space)" : "Pause (space)";
    }
    if (number === undefined) return;
    this.slider.setAttribute("aria-valuenow", String(playhead.nearest + 1));
    this.slider.setAttribute("aria-valuetext", `Epoch ${number}`);
  }

  private share(e: PointerEvent): number {
    const r = this.marks.getBoundingClientRect();
    return Math.max(0, Math.min(1, (e.clientX - r.left) / r.width));
  }

  private scrub(e: PointerEvent): void {
    this.model.playhead.seek(this.share(e) * (this.model.numbers.length - 1));
    this.turn();
  }

  private rebuild(): void {
    const { numbers, map } = this.model;
    const last = numbers.length - 1;
    this.button.disabled = last < 1;
    this.speed.disabled = last < 1;
    this.slider.classList.toggle("empty", last < 1);
    this.slider.setAttribute("aria-valuemin", "1");
    this.slider.setAttribute("aria-valuemax", String(Math.max(1, numbers.length)));
    this.slider.setAttribute("aria-disabled", String(last < 1));
    setText(this.total, last < 0 ? "" : `of ${numbers[last]}`);
    const on = new Set(map?.layout.epochs ?? []);
    const width = (this.width = this.marks.clientWidth || this.width);
    const every = labelEvery(numbers, width);
    const place = (i: number) => (last > 0 ? i / last : 1) * width;
    const marks: HTMLElement[] = [];
    let free = -Infinity; // where the last name ends
    numbers.forEach((n, i) => {
      const end = i === 0 || i === last;
      const named = end || (n % every === 0 && place(i) - free >= NAME && place(last) - place(i) >= NAME);
      if (numbers.length > MARKS && !named) return;
      const m = h("span", { class: "mark" });
      m.style.left = `${last > 0 ? (i / last) * 100 : 100}%`;
      m.classList.toggle("off", !on.has(n)); // logged, but not on this map
      if (named) {
        m.append(h("span", {}, String(n)));
        free = place(i);
      }
      marks.push(m);
    });
    this.marks.replaceChildren(...marks);
    this.invalidate();
  }
}

/** Every how many epochs the slider names one, so that the names keep their distance. */
function labelEvery(numbers: readonly number[], width: number): number {
  const range = numbers.length > 1 ? numbers[numbers.length - 1] - numbers[0] : 1;
  for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]) if ((width / range) * step >= NAME) return step;
  return 10_000;
}
