// What a saved picture of the page says: its heading, its caption, what the colours mean, and what lies over the points.

import { neighboursOf } from "../data/neighbourhood";
import { locate } from "../map/cloud";
import { fit, type Mark, type Sheet } from "../picture/marks";
import { compose, type Key } from "../picture/sheet";
import { numberAt } from "../state/colouring";
import { lines, WIDTH } from "../map/overlay/contours";
import { brief, bound, count, many } from "../ui/format";
import type { Labels } from "../map/overlay/labels";
import { spokes } from "../map/overlay/links";
import type { Model } from "../state/model";
import { titleOf, traits } from "../state/settings";
import type { Snapshot } from "../map/overlay/stage";
import { way } from "../map/overlay/trail";

/** Colours of a scale on a picture. */
const STEPS = 32;

/** The sheet of a moment, with marks for the points where they are not taken from the canvas. */
export function sheetOf(model: Model, labels: Labels, s: Snapshot, points: readonly Mark[]): Sheet {
  return compose(s, [...points, ...over(model, labels, s)], heading(model), caption(model, s), keyOf(model, s.panes[0].at), s);
}

export function heading(model: Model): string {
  const { run } = model;
  return run ? [run.experiment, run.name || run.id].filter(Boolean).join(" / ") : "";
}

/** The epochs on a picture: "12", or "1-12". */
export function epochsOf(model: Model, s: Snapshot): string {
  const [a, b] = [s.panes[0], s.panes[s.panes.length - 1]].map((p) => model.numbers[p.at]);
  return model.viewstate.options.grid && a !== b ? `${a}-${b}` : String(a);
}

function caption(model: Model, s: Snapshot): string {
  const { map, projections, samples, viewstate } = model;
  const p = projections.find((q) => q.projection === map?.layout.projection);
  const all = samples?.count ?? 0;
  const shown = all - viewstate.hidden(s.panes[0].at).reduce((n, h) => n + h, 0);
  const several = epochsOf(model, s).includes("-");
  return [
    `${several ? "Epochs" : "Epoch"} ${epochsOf(model, s).replace("-", " \u2013 ")}`,
    ...(p ? new Set([titleOf(p), ...traits(p, projections), p.layer]) : ["PCA, provisional"]),
    shown < all ? `${count(shown)} of ${many(all, "sample")}` : many(all, "sample"),
  ]
    .filter(Boolean)
    .join(" \u00b7 ");
}

function keyOf(model: Model, at: number): Key | null {
  const { viewstate } = model;
  const by = viewstate.colourBy;
  const v = viewstate.values(at);
  const { scale, tints } = viewstate;
  if (!by || !v) return null;
  if (v.kind === "number") {
    if (!scale) return null;
    const stops = Array.from({ length: STEPS }, (_, i) => tints.ofNumber(numberAt(scale, i / (STEPS - 1))));
    return { title: by.name, stops, low: bound(scale.low), high: bound(scale.high) };
  }
  const only = viewstate.conditions.find((c) => c.column === by.key && c.epoch === null)?.values;
  const short = brief(v.classes);
  const names = v.classes.map((name, code) => ({ name, text: short[code], code }));
  if (v.code.includes(-1)) names.push({ name: "", text: by.none, code: -1 });
  return { title: by.name, names: names.filter((n) => !only || only.includes(n.name)).map((n) => ({ name: n.text, colour: tints.ofClass(n.code) })) };
}

/** What lies over the points: contours, the way and the neighbours of the sample in focus, and names. */
function over(model: Model, labels: Labels, s: Snapshot): Mark[] {
  const { viewstate, facts, map } = model;
  const { panes, matrix: m, view: v } = s;
  const out: Mark[] = [];
  const path = (d: string, stroke: string, width: number, opacity: number) => {
    if (d) out.push({ kind: "path", d, stroke, width, opacity });
  };
  const words = (x: number, y: number, text: string, room: number, align: "start" | "middle", bold: boolean, size = 12) =>
    out.push({ kind: "words", x, y, text: fit(text, room, size), size, bold, fill: s.ink, align, halo: s.paper });
  if (viewstate.options.contours)
    for (const { pane, colour, levels } of lines(panes, m, v, model, s.ink))
      for (const l of levels) path(segments(l.segments, pane.x, pane.y), colour, WIDTH, l.opacity);
  const row = viewstate.focal;
  const [pane] = panes;
  if (panes.length === 1 && row >= 0 && locate(pane.shot, row, new Float32Array(3))) {
    const { line, stops } = way(map?.frames ?? [], row, m, v);
    path(line, viewstate.colour(row, pane.at), 1.5, 0.75);
    path(stops, viewstate.colour(row, pane.at), 4, 1);
    const near = facts.nearest(pane.at);
    if (near) path(spokes(neighboursOf(near, row), row, pane.shot, m, v), s.ink, 1.1, 0.65);
  }
  if (viewstate.options.names && pane && s.pictures[0].paint.picture === 0)
    for (const p of labels.placed(panes, m, v, model)) words(p.x, p.y + 4.5, p.text, 170, "middle", true, 13);
  if (panes.length > 1)
    for (const p of panes) {
      path(`M${p.x} ${p.y}h${p.width}v${p.height}`, s.ink, 1, 0.15);
      if (model.other) words(p.x + p.width / 2, p.y + p.height - 14, labels.nameOf(p, panes, model), p.width - 20, "middle", false);
      else words(p.x + 9, p.y + 19, labels.nameOf(p, panes, model), p.width - 12, "start", false);
    }
  return out;
}

function segments(s: ArrayLike<number>, x: number, y: number): string {
  let d = "";
  for (let k = 0; k < s.length; k += 4) d += `M${(s[k] + x).toFixed(1)} ${(s[k + 1] + y).toFixed(1)}L${(s[k + 2] + x).toFixed(1)} ${(s[k + 3] + y).toFixed(1)}`;
  return d;
}
