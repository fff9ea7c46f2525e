import { getFilm } from "../data/api";
import { archived } from "../data/archive";
import { paint } from "../picture/canvas";
import { countOf, points } from "../picture/points";
import { fileName, film } from "../picture/sheet";
import { svg } from "../picture/svg";
import { timed } from "../picture/webm";
import { PACE } from "../map/playhead";
import { byId, download, h, setText } from "../ui/dom";
import { percent } from "../ui/format";
import { Menu, type Item } from "../ui/menu";
import type { Model } from "../state/model";
import { epochsOf, heading, sheetOf } from "./pictured";
import type { Snapshot, Stage } from "../map/overlay/stage";
import { theme } from "../ui/theme";

/** With more points than this, an SVG holds them as one image. */
const VECTORS = 30_000;

/** Pixels of a film's frame, at most, and frames a second. */
const FRAME = 1920 * 1080;
const RATE = 30;

/** What browsers can record, the best first. */
const FILMS = ["video/webm;codecs=vp9", "video/webm", "video/mp4"];

/** What a GIF's points can be coloured by, the first where the page has something else. */
const PAINTED = ["label", "prediction", "correct"];

/** Saves the map as it is on screen, and the training as a film. */
export class Saver {
  private readonly button = byId<HTMLButtonElement>("save");
  private readonly menu: Menu;
  private readonly note = byId("saving");
  private readonly said = h("span", { role: "status" });
  private stop: (() => void) | null = null; // what is being made
  private recording = false;
  private offered = "";

  constructor(
    private readonly model: Model,
    private readonly stage: Stage,
  ) {
    this.menu = new Menu(this.button, "Save", (key) => {
      void this.save(key).catch((e: unknown) => {
        model.complain(e);
        this.end();
      });
    });
    const cancel = h("button", { type: "button", class: "small" }, "Cancel");
    cancel.addEventListener("click", () => this.stop?.());
    this.note.append(this.said, cancel);
    model.on(["map", "epochs", "run"], () => {
      if (this.recording) this.stop?.(); // a film is of one map
      this.offer();
    });
    model.on(["colour", "facts"], () => this.offer());
    this.offer();
  }

  /** The kind of film that this browser records; empty is none. */
  private get film(): string {
    return typeof MediaRecorder === "undefined" ? "" : (FILMS.find((t) => MediaRecorder.isTypeSupported(t)) ?? "");
  }

  /** What a GIF is coloured by. */
  private get painted(): string {
    const key = this.model.viewstate.colourBy?.key ?? "";
    return PAINTED.includes(key) ? key : PAINTED[0];
  }

  private offer(): void {
    const { map, numbers, shown } = this.model;
    const film = map && numbers.length > 1 ? this.film : "";
    const gif = map && numbers.length > 1 && shown !== "provisional" && !archived() ? this.painted : "";
    const key = map ? `${film} ${gif}` : "";
    if (key === this.offered) return;
    this.offered = key;
    const items: Item[] = [
      { key: "1", group: "This view", title: "PNG", note: "as large as on screen" },
      { key: "2", group: "This view", title: "PNG, twice as large", note: "for slides and print" },
      { key: "svg", group: "This view", title: "SVG", note: "for a drawing program" },
    ];
    if (film)
      items.push({
        key: "film",
        group: "The training",
        title: film.includes("mp4") ? "Video (MP4)" : "Video (WebM)",
        note: "from this camera, in these colours",
      });
    if (gif) items.push({ key: "gif", group: "The training", title: "GIF", note: `all of the map, by ${gif === "correct" ? "errors" : gif}` });
    this.menu.set(map ? items : [], null);
    this.button.hidden = !map;
  }

  private async save(kind: string): Promise<void> {
    if (kind === "film") return this.record();
    if (kind === "gif") return this.order();
    if (kind === "svg") {
      this.stage.snapshot(null, 2, (s) => {
        const drawn = s.pictures.every((p) => p.paint.picture === 0 && countOf(p) <= VECTORS);
        const marks = drawn ? s.pictures.flatMap((p) => points(p, s.view, this.model.viewstate.tints.palette)) : [];
        const text = svg(sheetOf(this.model, this.stage.labels, s, marks), heading(this.model), drawn ? "" : s.canvas.toDataURL());
        this.give(new Blob([text], { type: "image/svg+xml" }), epochsOf(this.model, s), "svg");
      });
      return;
    }
    const canvas = h("canvas");
    let epochs = "";
    this.stage.snapshot(null, Number(kind), (s) => {
      this.draw(canvas, s, Number(kind));
      epochs = epochsOf(this.model, s);
    });
    canvas.toBlob((b) => b && this.give(b, epochs, "png"));
  }

  private draw(canvas: HTMLCanvasElement, s: Snapshot, density: number, even = 1): void {
    const sheet = sheetOf(this.model, this.stage.labels, s, []);
    const side = (v: number) => Math.ceil((v * density) / even) * even;
    if (canvas.width !== side(sheet.width)) canvas.width = side(sheet.width);
    if (canvas.height !== side(sheet.height)) canvas.height = side(sheet.height);
    const g = canvas.getContext("2d")!;
    g.fillStyle = sheet.paper;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.fillRect(0, 0, canvas.width, canvas.height);
    paint(sheet, g, density, s.canvas);
  }

  /** Plays the training on a canvas of its own, while the page stays as it is. */
  private async record(): Promise<void> {
    if (this.stop) return;
    const { model, stage } = this;
    const { numbers, playhead } = model;
    const plan = film(numbers.length, PACE * playhead.speed);
    const canvas = h("canvas");
    let density = 1;
    const show = (second: number) => stage.snapshot(plan.at(second), density, (s) => this.draw(canvas, s, density, 2));
    if (!show(0)) return;
    density = Math.min(2, Math.sqrt(FRAME / (canvas.width * canvas.height)));
    show(0);
    const recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType: this.film, videoBitsPerSecond: 8_000_000 });
    const parts: Blob[] = [];
    recorder.ondataavailable = (e) => parts.push(e.data);
    let going = true;
    this.stop = () => (going = false);
    this.recording = true;
    this.note.hidden = false;
    recorder.start(250);
    let last = performance.now();
    let second = 0;
    // A machine that does not keep up makes a slower film, not one with holes; and an encoder that has not begun yet gets
    // the last moment until it has.
    const begun = () => parts.reduce((sum, p) => sum + p.size, 0) > 1000;
    for (let extra = 0; going && (second < plan.length || (!begun() && extra < 10 * RATE));) {
      await new Promise((f) => setTimeout(f, 1000 / RATE));
      const now = performance.now();
      if (second < plan.length) second += Math.min((now - last) / 1000, 4 / RATE);
      else extra++;
      last = now;
      if (going) show(Math.min(second, plan.length));
      setText(this.said, `Recording, ${percent(Math.min(1, second / plan.length), 0)}`);
    }
    const ended = new Promise((f) => (recorder.onstop = f));
    recorder.stop();
    await ended;
    const whole = new Blob(parts, { type: recorder.mimeType });
    const kind = recorder.mimeType.includes("mp4") ? "mp4" : "webm";
    const file = kind === "mp4" ? whole : new Blob(timed(new Uint8Array(await whole.arrayBuffer())), { type: recorder.mimeType });
    this.end();
    if (going) this.give(file, `${numbers[0]}-${numbers[numbers.length - 1]}`, kind);
  }

  /** Has the server make a GIF, whatever the page shows meanwhile. */
  private async order(): Promise<void> {
    const { model } = this;
    const { map, playhead } = model;
    if (this.stop || !map) return;
    const { epochs } = map.layout;
    const name = this.named(`${epochs[0]}-${epochs[epochs.length - 1]}`, "gif");
    const leave = new AbortController();
    this.stop = () => leave.abort();
    this.note.hidden = false;
    setText(this.said, "The server makes the GIF\u2026");
    try {
      download(await getFilm(map.layout, this.painted, theme(), Math.min(20, PACE * playhead.speed), leave.signal), name);
    } catch (e) {
      if (!leave.signal.aborted) model.complain(e);
    }
    this.end();
  }

  private end(): void {
    this.stop = null;
    this.recording = false;
    this.note.hidden = true;
    if (document.activeElement === document.body) this.button.focus();
  }

  private give(b: Blob, epochs: string, ending: string): void {
    download(b, this.named(epochs, ending));
  }

  private named(epochs: string, ending: string): string {
    const { run } = this.model;
    return fileName([run?.experiment ?? "", run?.name || run?.id || "", `epoch-${epochs}`], ending);
  }
}
