// Charts of metrics over epochs. They share the map's playhead: it is drawn on each, and a click on one moves it.

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { h, setText } from "../ui/dom";
import { figure, percent } from "../ui/format";
import { align, valueAt, type Group } from "./series";

/** How charts look, as the page's theme has it. */
export interface Look {
  ink: string;
  faint: string;
  grid: string;
  paper: string;
  /** Lines after the first, which is drawn in ink. */
  others: readonly string[];
}

interface Chart {
  group: Group;
  plot: uPlot;
  body: HTMLElement;
  head: HTMLElement;
  mark: HTMLElement;
  readings: HTMLElement[];
  /** The epoch that they are of; null when they have to be written anew. */
  read: number | null;
}

const HEIGHT = 132;

/** All charts of a run. */
export class Charts {
  private charts: Chart[] = [];
  private shape = "";
  private at = 0;
  private fresh = false; // charts were made or have another size, and know no playhead yet
  private pointed: number | null = null;

  /** jump is called with the epoch, maybe a fraction, on which the user clicked. */
  constructor(
    private readonly box: HTMLElement,
    private readonly jump: (epoch: number) => void,
  ) {
    new ResizeObserver(() => this.resize()).observe(box);
  }

  /** Sets what is drawn; last is the highest epoch logged. */
  set(groups: readonly Group[], first: number, last: number, look: Look): void {
    const shape = JSON.stringify([groups.map((g) => [g.title, g.percent, g.lines.map((l) => l.name)]), look]);
    if (shape !== this.shape) {
      this.shape = shape;
      for (const c of this.charts) c.plot.destroy();
      this.charts = groups.map((g) => this.make(g, look));
      this.box.replaceChildren(...this.charts.map((c) => c.body));
    }
    // One scale for all, so that the playheads stand below each other.
    const ends = groups.flatMap((g) => g.lines.flatMap((l) => [l.x[0], l.x[l.x.length - 1]])).filter((x) => x !== undefined);
    const low = Math.min(first, ...ends);
    const high = Math.max(last, ...ends);
    groups.forEach((g, i) => {
      const c = this.charts[i];
      c.group = g;
      c.read = null;
      c.plot.batch(() => {
        c.plot.setData(align(g.lines) as uPlot.AlignedData, false);
        c.plot.setScale("x", { min: low, max: high > low ? high : low + 1 });
      });
    });
    this.again();
  }

  /** Moves the playhead to an epoch, maybe a fraction. */
  point(epoch: number): void {
    if (epoch === this.at && !this.fresh) return;
    this.at = epoch;
    this.fresh = false;
    let [place, there] = ["", NaN]; // the same in all charts of a width
    for (const c of this.charts) {
      const x = c.plot.valToPos(epoch, "x");
      const known = Number.isFinite(x);
      if (c.mark.hidden === known) c.mark.hidden = !known;
      if (known && x !== there) [place, there] = [`translateX(${x.toFixed(1)}px)`, x];
      if (known) c.mark.style.transform = place;
      const read = this.pointed ?? Math.round(epoch);
      if (c.read === read) continue;
      c.read = read;
      c.group.lines.forEach((l, i) => {
        const v = valueAt(l, read);
        setText(c.readings[i], v === null ? "\u2013" : c.group.percent ? percent(v) : figure(v));
      });
    }
  }

  private make(group: Group, look: Look): Chart {
    const readings = group.lines.map(() => h("b", {}, "\u2013"));
    const several = group.lines.length > 1;
    const colourOf = (i: number) => (i === 0 ? look.ink : look.others[(i - 1) % look.others.length]);
    const legend = group.lines.map((l, i) => {
      const key = h("i", { class: "line" });
      key.style.setProperty("--c", colourOf(i));
      return h("span", { class: "reading" }, ...(several ? [key, h("span", {}, l.name)] : []), readings[i]);
    });
    const head = h("div", { class: "chart-head" }, h("h3", {}, group.title), ...legend);
    const frame = h("div", { class: "chart-frame" });
    const body = h("section", { class: several ? "chart several" : "chart", "aria-label": `Chart: ${group.title}` }, head, frame);
    const mark = h("div", { class: "playhead" });
    const axis = { stroke: look.faint, font: "11px Inter, system-ui, sans-serif", ticks: { show: false }, gap: 4 };
    const plot = new uPlot(
      {
        width: Math.max(120, this.box.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        padding: [8, 8, 0, 0],
        cursor: {
          y: false,
          drag: { x: false, y: false, setScale: false },
          points: { size: 7, width: 2, stroke: (_: uPlot, i: number) => colourOf(i - 1), fill: () => look.paper },
          bind: { dblclick: () => () => null },
        },
        scales: { x: { time: false, auto: false }, y: { range: (_u, lo, hi) => span(lo, hi, group.percent) } },
        axes: [
          { ...axis, size: 24, grid: { show: false }, space: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4] },
          {
            ...axis,
            size: 40,
            grid: { stroke: look.grid, width: 1 },
            space: 28,
            values: (_u: uPlot, vs: number[]) => vs.map((v) => (group.percent ? `${+(v * 100).toFixed(2)}%` : String(+v.toPrecision(3)))),
          },
        ],
        series: [
          {},
          ...group.lines.map((l, i) => ({
            label: l.name,
            stroke: colourOf(i),
            width: 1.75,
            spanGaps: true,
            points: { show: (u: uPlot, i: number) => (u.data[i] as unknown[]).filter((v) => v !== null).length === 1, size: 6 },
          })),
        ],
        hooks: {
          ready: [
            (u: uPlot) => {
              u.over.append(mark);
              u.over.addEventListener("click", (e) => this.jump(u.posToVal(e.offsetX, "x")));
            },
          ],
          setSize: [() => this.again()],
          setCursor: [
            (u: uPlot) => {
              const left = u.cursor.left ?? -1;
              const pointed = left < 0 ? null : u.posToVal(left, "x");
              if (pointed === this.pointed) return;
              this.pointed = pointed;
              this.again();
            },
          ],
        },
      },
      align(group.lines) as uPlot.AlignedData,
      frame,
    );
    return { group, plot, body, head, mark, readings, read: null };
  }

  private resize(): void {
    const width = this.box.clientWidth;
    if (width < 40) return;
    for (const c of this.charts) if (c.plot.width !== width) c.plot.setSize({ width, height: HEIGHT });
    this.again();
  }

  private again(): void {
    this.fresh = true;
    this.point(this.at);
  }
}

/** The range of the vertical axis: shares of one end at one, and a flat line lies in the middle. */
function span(lo: number | null, hi: number | null, share: boolean): [number, number] {
  if (lo === null || hi === null) return [0, 1];
  if (lo === hi) return [lo - (Math.abs(lo) || 1) * 0.1, hi + (Math.abs(hi) || 1) * 0.1];
  const room = (hi - lo) * 0.08;
  const low = lo >= 0 && lo < (hi - lo) * 0.6 ? 0 : lo - room;
  return [low, share ? Math.min(1, hi + room) : hi + room];
}
