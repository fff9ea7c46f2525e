// The map appears first, and the rest of the page a frame later: half a page before it would be drawn in vain, and the map
// be later for that.

import type { Model } from "./state/model";

/** After so many milliseconds there is a page, with or without a map. base.css says so, too, for when no script runs. */
const LONGEST = 600;

/** Begins to draw when there is a map to draw, when it turns out that there is none (settled), or after a while. */
export function opening(model: Model, settled: Promise<unknown>, begin: () => void): void {
  let open = false;
  const show = () => {
    if (open) return;
    open = true;
    begin();
    requestAnimationFrame(() => requestAnimationFrame(() => document.documentElement.classList.remove("opening")));
  };
  model.on(["map", "samples", "frames"], () => {
    if (model.map && (model.samples || model.map.sketch)) show();
  });
  model.on(["trouble"], show);
  void settled.then(show);
  setTimeout(show, LONGEST);
}
