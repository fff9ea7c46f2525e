// What lies over the map for the one sample that is pointed at, or else in focus: its ring, its card, its way through the epochs,
// and the lines to its neighbours.

import { project, type View } from "../camera";
import { locate } from "../cloud";
import { ringRadius, type Paint } from "../paint";
import type { Pictures } from "../../data/pictures";
import type { Model } from "../../state/model";
import { describe, type Details } from "../../state/sampledetails";
import { byId } from "../../ui/dom";
import { Card } from "./card";
import type { Seen } from "./composition";
import { Links } from "./links";
import type { Pointing } from "./pointing";
import { Rings, type Within } from "./rings";
import type { Pane } from "./scene";
import { Trail } from "./trail";

/** Below this width of the stage, in pixels, nothing is beside it that says more than the card. */
const NARROW = 560;

export class Spotlight {
  private readonly card: Card;
  private readonly trail = new Trail(byId("trail"));
  private readonly rings = new Rings(byId("rings"));
  private readonly links = new Links(byId("links"));
  private readonly ring: Within = { width: 0, height: 0, round: true }; // what it is around; 0 where none is shown
  private readonly spot = new Float32Array(3);
  private readonly pixel: [number, number] = [0, 0];

  constructor(
    private readonly model: Model,
    private readonly pictures: Pictures,
    private readonly pointing: Pointing,
  ) {
    this.card = new Card(pictures);
  }

  /** Pictures changed. */
  renew(): void {
    this.card.renew();
  }

  hide(): void {
    for (const over of [this.card, this.rings, this.trail, this.links]) over.hide();
  }

  /** Follows the pointer and the moment, on a stage of this size; morphing says that one map becomes another. */
  update({ panes, m, view: v }: Seen, size: { width: number; height: number }, morphing: boolean): void {
    const { viewstate, other } = this.model;
    const { row, pane } = this.pointing;
    const marked = row >= 0 ? row : viewstate.focal;
    if (marked < 0 || this.ring.width === 0) this.rings.hide();
    else
      this.rings.show(marked, panes, m, v, this.ring, (p) =>
        p.whose === "other" && other ? viewstate.colourIn(other, marked, p.at) : viewstate.colour(marked, p.at),
      );
    const alone = panes.length === 1;
    this.describe(marked, alone ? panes[0] : pane, m, v, size, alone, morphing);
  }

  /** Makes the ring as large as what it is around: a picture whose longer side has this length, or a disc. */
  fit(picture: number, paint: Paint): void {
    const { ring } = this;
    const s = this.pictures.sheets;
    ring.round = picture === 0 || !s;
    ring.width = ring.height = ring.round ? 2 * ringRadius(paint) : picture;
    if (ring.round || !s) return;
    const long = Math.max(s.width, s.height);
    ring.width *= s.width / long;
    ring.height *= s.height / long;
  }

  private describe(row: number, pane: Pane | null, m: Float32Array, v: View, size: { width: number; height: number }, alone: boolean, morphing: boolean): void {
    const p = this.spot;
    const facts: Details | null =
      row >= 0 && pane && locate(pane.shot, row, p) ? describe(this.model, row, pane.at, pane.whose === "other" ? this.model.other : null) : null;
    if (!facts || !pane) {
      this.trail.hide();
      this.card.hide();
      this.links.hide();
      return;
    }
    const at = project(m, v, p, this.pixel);
    if (!morphing && alone) this.trail.show(this.model.map?.frames ?? [], row, m, v, facts.colour);
    else this.trail.hide();
    const near = alone && row === this.model.viewstate.focal ? this.model.facts.nearest(pane.at) : null;
    if (near) this.links.show(near, row, pane.shot, m, v);
    else this.links.hide();
    // What is beside a wide map says more of the sample in focus than the card, which would hide its neighbours.
    if (this.pointing.row >= 0 || (alone && size.width < NARROW))
      this.card.show(facts, at[0] + pane.x, at[1] + pane.y, this.ring.round ? 0 : this.ring.width / 2, size.width, size.height);
    else this.card.hide();
  }
}
