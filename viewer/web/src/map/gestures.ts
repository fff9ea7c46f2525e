// Turns what fingers, mice and wheels do on the map into camera moves, hovers and taps.

import { orbit, pan, zoomAt, type Camera, type View } from "./camera";

/** What the gestures act on. */
export interface Target {
  camera(): Camera;
  view(): View;
  /** The user moved the camera. */
  move(c: Camera): void;
  /** The pointer is over a pixel of the map, or has left it. */
  hover(x: number, y: number): void;
  leave(): void;
  /** The user clicked or tapped without dragging. */
  tap(x: number, y: number): void;
  /** Two clicks at one place: closer. */
  closer(x: number, y: number): void;
}

/** Pixels that a pointer may tremble and still count as a click. */
const TREMBLE = 4;

/** Listens on an element until the page goes. */
export function listen(el: HTMLElement, target: Target): void {
  const pointers = new Map<number, { x: number; y: number }>();
  let start = { x: 0, y: 0 };
  let dragged = false;

  const at = (e: MouseEvent) => {
    const r = el.getBoundingClientRect();
    return { x: e.clientX - r.left, y: e.clientY - r.top };
  };

  el.addEventListener("pointerdown", (e) => {
    if (e.button > 1) return;
    el.setPointerCapture(e.pointerId);
    pointers.set(e.pointerId, at(e));
    if (pointers.size === 1) {
      start = at(e);
      dragged = false;
    } else dragged = true;
  });

  el.addEventListener("pointermove", (e) => {
    const now = at(e);
    const before = pointers.get(e.pointerId);
    if (!before) {
      if (e.pointerType !== "touch") target.hover(now.x, now.y);
      return;
    }
    if (!dragged && Math.hypot(now.x - start.x, now.y - start.y) < TREMBLE) return;
    if (!dragged) target.leave();
    dragged = true;
    el.classList.add("dragging");
    const v = target.view();
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      const c = zoomAt(target.camera(), v, (now.x + other.x) / 2, (now.y + other.y) / 2, factor);
      target.move(pan(c, v, (now.x - before.x) / 2, (now.y - before.y) / 2));
    } else if (pointers.size === 1) {
      const [dx, dy] = [now.x - before.x, now.y - before.y];
      const turning = v.dims === 3 && !e.shiftKey && !(e.buttons & 4);
      target.move(turning ? orbit(target.camera(), dx, dy) : pan(target.camera(), v, dx, dy));
    }
    pointers.set(e.pointerId, now);
  });

  const up = (e: PointerEvent) => {
    if (!pointers.delete(e.pointerId)) return;
    if (pointers.size > 0) return;
    el.classList.remove("dragging");
    const p = at(e);
    if (!dragged && e.type === "pointerup") target.tap(p.x, p.y);
  };
  el.addEventListener("pointerup", up);
  el.addEventListener("pointercancel", up);
  el.addEventListener("pointerleave", (e) => {
    if (!pointers.has(e.pointerId)) target.leave();
  });

  el.addEventListener("dblclick", (e) => {
    const p = at(e);
    target.closer(p.x, p.y);
  });

  el.addEventListener(
    "wheel",
    (e) => {
      e.preventDefault();
      const p = at(e);
      // Lines and pages to pixels; a pinch on a touchpad comes as a wheel with ctrl, in small steps.
      const step = e.deltaY * (e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 400 : 1) * (e.ctrlKey ? 6 : 1);
      const factor = Math.exp(-Math.max(-240, Math.min(240, step)) / 420);
      target.move(zoomAt(target.camera(), target.view(), p.x, p.y, factor));
      target.hover(p.x, p.y);
    },
    { passive: false },
  );
}
