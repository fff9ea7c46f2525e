// Which map is shown: the one that the user chose, or else the newest, once the frame that is looked at has come.

import * as api from "../data/api";
import type { Layout, Projection, Quality } from "../data/api";
import { MapData } from "../data/mapdata";
import type { Frame } from "../map/cloud";
import { framesOf } from "../map/playhead";
import type { Model } from "./model";

export class ShownMap {
  /** The projections that the run is on, the newest first. */
  projections: Projection[] = [];
  map: MapData | null = null;
  /** The frame of the map for each logged epoch. */
  frameOf: Int32Array = new Int32Array(0);
  /** The projection that the user asked for, or "provisional"; null follows the newest. */
  chosen: string | null = null;
  /** How far the map can be trusted; null while it is measured, and for a provisional map. */
  quality: Quality | null = null;

  private qualityOf = ""; // the map whose quality is known or asked for
  private loading = "";
  private turn = 0;
  private coming: Promise<Projection[]> | null = null; // asked for while the run is opened

  /** mapShown is called whenever there is a map to draw. */
  constructor(
    private readonly model: Model,
    private readonly mapShown: () => void,
  ) {}

  /** Begins anew with another run, whose projection the user chose; null follows the newest. */
  open(chosen: string | null): void {
    this.projections = [];
    this.map = null;
    this.loading = "";
    this.frameOf = new Int32Array(0);
    this.chosen = chosen;
    this.quality = null;
    this.qualityOf = "";
  }

  /** Asks for the projections of a run ahead of refresh. */
  expect(run: string): void {
    this.coming = api.getProjections(run);
    this.coming.catch(() => {}); // refresh sees it
  }

  /** The map that is on screen: a projection's id, "provisional", or null. */
  get id(): string | null {
    return this.map ? this.map.layout.projection || "provisional" : null;
  }

  /** Reads which projections the run is on, and shows what is to be shown of them. */
  async refresh(): Promise<void> {
    const { model } = this;
    const mine = model.opened;
    const id = model.run?.id;
    if (id === undefined) return;
    const { coming } = this;
    this.coming = null;
    const projections = await (coming ?? api.getProjections(id));
    if (mine !== model.opened) return;
    this.projections = projections;
    // Who looked at a map that was deleted follows the newest again.
    if (this.chosen !== "provisional" && !projections.some((p) => p.projection === this.chosen)) this.chosen = null;
    await this.take();
  }

  /** Goes over to the map that should be shown now, once the frame that is looked at has come. */
  take(): Promise<void> {
    return api.settled(() => this.takeOnce());
  }

  private async takeOnce(): Promise<void> {
    const { model } = this;
    const mine = model.opened;
    const turn = ++this.turn; // whoever comes later decides
    const id = model.run?.id;
    if (id === undefined) return;
    const chosen = this.projections.find((p) => p.projection === this.chosen) ?? (this.chosen === "provisional" ? undefined : this.projections[0]);
    const layers = model.run?.layers.length ?? 0;
    const layout: Layout | null = chosen ? await api.getLayout(chosen.projection, id) : layers > 0 ? await api.getProvisional(id) : null;
    if (mine !== model.opened || turn !== this.turn) return;
    if (!layout) {
      this.map = null;
      this.frameOf = new Int32Array(0);
      this.loading = "";
      model.facts.setMap(null, this.frameOf, "euclidean");
      model.tell("map");
      return;
    }
    const key = JSON.stringify(layout);
    if (key === this.loading) {
      model.tell("map");
      void this.measure();
      return;
    }
    this.loading = key;
    const next = new MapData(layout, this.map ?? undefined);
    const near = framesOf(model.numbers, layout.epochs)[model.playhead.nearest] ?? 0;
    const here = () => mine === model.opened && key === this.loading;
    let sketched = false;
    try {
      if (next.loaded.length > 0) this.adopt(next); // it only grew: nothing to wait for
      await next.load(near, this.map === null, () => {
        if (!here()) return;
        const first = sketched && next.sketch === null;
        sketched = next.sketch !== null;
        if (this.map !== next || first) this.adopt(next);
        else model.tell("frames");
      });
      if (here() && this.map !== next) this.adopt(next);
    } catch (e) {
      if (!here()) return;
      this.loading = "";
      throw e;
    }
  }

  private adopt(m: MapData): void {
    const { model } = this;
    this.map = m;
    this.mapShown();
    this.placeEpochs();
    model.tell("map");
    void this.measure();
  }

  /** Asks how far the map can be trusted. */
  private async measure(): Promise<void> {
    const { map, model } = this;
    const key = map && !map.layout.provisional ? `${map.layout.projection} ${map.layout.revision}` : "";
    if (key === this.qualityOf) return;
    this.qualityOf = key;
    this.quality = null;
    model.tell("quality");
    if (key === "") return;
    try {
      const q = await api.getQuality(map!.layout.projection);
      if (key !== this.qualityOf) return;
      this.quality = q;
      model.tell("quality");
    } catch (e) {
      if (e instanceof api.Superseded && key === this.qualityOf)
        this.qualityOf = ""; // asked for again with the next change
      else if (!(e instanceof api.ApiError && e.status < 500)) model.complain(e);
    }
  }

  /** Finds the frame of each logged epoch anew. */
  placeEpochs(): void {
    const { model } = this;
    if (!this.map) return;
    this.frameOf = framesOf(model.numbers, this.map.layout.epochs);
    const p = this.projections.find((p) => p.projection === this.map?.layout.projection);
    model.facts.setMap(this.map, this.frameOf, api.spaceOf(p));
  }

  /** The frame for the i-th logged epoch, or the nearest that has come; null without any. */
  frame(i: number): Frame | null {
    if (!this.map || this.frameOf.length === 0) return null;
    const k = this.frameOf[Math.max(0, Math.min(this.frameOf.length - 1, i))];
    return k < 0 ? null : this.map.frame(k);
  }
}
