// Turns what fingers, mice and wheels do on the map into camera moves, hovers, taps and regions.

import { orbit, pan, zoomAt, type Camera, type View } from "./camera";
import type { Corner } from "./region";

/** What a drag does. */
export type Tool = "move" | "rectangle" | "lasso";

/** How a choice meets the one before: by the keys held meanwhile. */
export type Keys = { add: boolean; subtract: boolean };

/** What the gestures act on. Pixels count from the top left of the part of the map that origin names. */
export interface Target {
  tool(): Tool;
  /** The top left of the part of the map under a pixel. */
  origin(x: number, y: number): Corner;
  camera(): Camera;
  view(): View;
  /** The user moved the camera. */
  move(c: Camera): void;
  /** The pointer is over a pixel of the map, or has left it. */
  hover(x: number, y: number, origin: Corner): void;
  leave(): void;
  /** The user clicked or tapped without dragging. */
  tap(x: number, y: number, origin: Corner, keys: Keys): void;
  /** Two clicks at one place: closer. */
  closer(x: number, y: number): void;
  /** A region grows under the pointer; null: it was given up. */
  draw(path: readonly Corner[] | null, tool: Tool, origin: Corner): void;
  /** The region is complete. */
  enclose(path: readonly Corner[], tool: Tool, origin: Corner, keys: Keys): void;
}

/** Pixels that a pointer may tremble and still count as a click. */
const TREMBLE = 4;

/** Pixels between two corners of a lasso. */
const STEP = 3;

/** Listens on an element until the page goes. */
export function listen(el: HTMLElement, target: Target): void {
  const pointers = new Map<number, { x: number; y: number }>();
  let start = { x: 0, y: 0 };
  let origin: Corner = [0, 0];
  let dragged = false;
  let region: Corner[] | null = null;
  let tool: Tool = "move";

  const raw = (e: MouseEvent) => {
    const r = el.getBoundingClientRect();
    return { x: e.clientX - r.left, y: e.clientY - r.top };
  };
  const from = (p: { x: number; y: number }, o: Corner) => ({ x: p.x - o[0], y: p.y - o[1] });
  const keys = (e: MouseEvent): Keys => ({ add: e.shiftKey || e.ctrlKey || e.metaKey, subtract: e.altKey });
  const giveUp = () => {
    if (region) target.draw(null, tool, origin);
    region = null;
  };

  el.addEventListener("pointerdown", (e) => {
    if (e.button > 2) return;
    el.setPointerCapture(e.pointerId);
    if (pointers.size === 0) {
      const p = raw(e);
      origin = target.origin(p.x, p.y);
      start = from(p, origin);
      dragged = false;
      tool = e.button !== 0 ? "move" : e.shiftKey && target.tool() === "move" ? "rectangle" : target.tool();
    } else {
      dragged = true; // a second finger moves the map, whatever the tool
      giveUp();
      tool = "move";
    }
    pointers.set(e.pointerId, from(raw(e), origin));
  });

  el.addEventListener("pointermove", (e) => {
    const before = pointers.get(e.pointerId);
    if (!before) {
      const p = raw(e);
      const o = target.origin(p.x, p.y);
      if (e.pointerType !== "touch") target.hover(p.x - o[0], p.y - o[1], o);
      return;
    }
    const now = from(raw(e), origin);
    if (!dragged && Math.hypot(now.x - start.x, now.y - start.y) < TREMBLE) return;
    if (!dragged) target.leave();
    dragged = true;
    if (tool !== "move" && pointers.size === 1) {
      region ??= [[start.x, start.y]];
      const last = region[region.length - 1];
      if (tool === "rectangle") region = [region[0], [now.x, now.y]];
      else if (Math.hypot(now.x - last[0], now.y - last[1]) >= STEP) region.push([now.x, now.y]);
      target.draw(region, tool, origin);
      pointers.set(e.pointerId, now);
      return;
    }
    el.classList.add("dragging");
    const v = target.view();
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      const c = zoomAt(target.camera(), v, (now.x + other.x) / 2, (now.y + other.y) / 2, factor);
      target.move(pan(c, v, (now.x - before.x) / 2, (now.y - before.y) / 2));
    } else if (pointers.size === 1) {
      const [dx, dy] = [now.x - before.x, now.y - before.y];
      const turning = v.dims === 3 && (e.buttons & 6) === 0;
      target.move(turning ? orbit(target.camera(), dx, dy) : pan(target.camera(), v, dx, dy));
    }
    pointers.set(e.pointerId, now);
  });

  const up = (e: PointerEvent) => {
    if (!pointers.delete(e.pointerId)) return;
    if (pointers.size > 0) return;
    el.classList.remove("dragging");
    const p = from(raw(e), origin);
    if (region && e.type === "pointerup") {
      const path = region;
      giveUp();
      target.enclose(path, tool, origin, keys(e));
    } else giveUp();
    if (!dragged && e.type === "pointerup" && e.button === 0) target.tap(p.x, p.y, origin, keys(e));
  };
  el.addEventListener("pointerup", up);
  el.addEventListener("pointercancel", up);
  el.addEventListener("pointerleave", (e) => {
    if (!pointers.has(e.pointerId)) target.leave();
  });
  el.addEventListener("contextmenu", (e) => {
    if (dragged) e.preventDefault(); // the right button has moved the map
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !region) return;
    e.preventDefault();
    giveUp();
    tool = "move";
  });

  el.addEventListener("dblclick", (e) => {
    const p = raw(e);
    const o = target.origin(p.x, p.y);
    target.closer(p.x - o[0], p.y - o[1]);
  });

  el.addEventListener(
    "wheel",
    (e) => {
      e.preventDefault();
      const p = raw(e);
      const o = target.origin(p.x, p.y);
      // Lines and pages to pixels; a pinch on a touchpad comes as a wheel with ctrl, in small steps.
      const step = e.deltaY * (e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 400 : 1) * (e.ctrlKey ? 6 : 1);
      const factor = Math.exp(-Math.max(-240, Math.min(240, step)) / 420);
      target.move(zoomAt(target.camera(), target.view(), p.x - o[0], p.y - o[1], factor));
      target.hover(p.x - o[0], p.y - o[1], o);
    },
    { passive: false },
  );
}
