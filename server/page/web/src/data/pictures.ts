// The samples' pictures: sheets that are fetched once, from which the card, the tables and the map take them.

import { address, type Sprite } from "./api";
import type { Sheets } from "../map/renderer";

export class Pictures {
  private images: HTMLImageElement[] = [];
  private sprite: Sprite | null = null;
  private missing = new Set<number>();

  /** arrived is called for each sheet that has come. */
  constructor(private readonly arrived: () => void) {}

  /** Fetches the pictures of a run's samples ahead of the first hover; null forgets them. */
  load(run: string, sprite: Sprite | null): void {
    this.sprite = sprite;
    this.missing = new Set(sprite?.missing);
    this.images = Array.from({ length: sprite?.sheets ?? 0 }, (_, i) => {
      const img = new Image();
      img.decoding = "async";
      img.fetchPriority = "low";
      img.addEventListener("load", this.arrived);
      img.src = address.sheet(run, sprite!, i);
      return img;
    });
  }

  get any(): boolean {
    return this.sprite !== null;
  }

  has(row: number): boolean {
    return this.sprite !== null && !this.missing.has(row) && row < this.sprite.per_sheet * this.sprite.sheets;
  }

  /** The sheets, for who draws many; null where there are none, or rows lack pictures. */
  get sheets(): Sheets | null {
    const s = this.sprite;
    if (!s || this.missing.size > 0 || this.images.length > 64) return null;
    return { images: this.images, columns: s.columns, perSheet: s.per_sheet, width: s.width, height: s.height };
  }

  /** Draws a row's picture on a canvas about so many CSS pixels wide and high; reports whether it could. */
  draw(row: number, c: HTMLCanvasElement, side: number): boolean {
    const s = this.sprite;
    if (!s || !this.has(row)) return false;
    const img = this.images[Math.floor(row / s.per_sheet)];
    const tile = row % s.per_sheet;
    // Whole pixels look best enlarged by a whole number.
    const k = Math.max(1, Math.floor(side / Math.max(s.width, s.height)));
    c.width = s.width * k;
    c.height = s.height * k;
    const shrink = Math.min(1, side / Math.max(c.width, c.height));
    c.style.width = `${c.width * shrink}px`;
    c.style.height = `${c.height * shrink}px`;
    if (!img?.complete || img.naturalWidth === 0) return false;
    const g = c.getContext("2d")!;
    g.imageSmoothingEnabled = false;
    g.drawImage(img, (tile % s.columns) * s.width, Math.floor(tile / s.columns) * s.height, s.width, s.height, 0, 0, c.width, c.height);
    return true;
  }
}
