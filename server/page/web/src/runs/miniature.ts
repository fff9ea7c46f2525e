import * as api from "../data/api";
import type { Run } from "../data/api";
import { labelScale } from "../data/columns";
import { MISSING, strideOf, type Frame } from "../map/cloud";
import { scaleOf, tintsOf } from "../state/colouring";
import { colour, grey, type Theme } from "../ui/palette";

/** Points drawn on a miniature, at most. */
const POINTS = 2500;

/** A run's last map, small. */
export interface Miniature {
  frame: Frame;
  label: ArrayLike<number>;
  classes: number;
  /** Labels that are numbers. */
  value: Float32Array | null;
}

/** Fetches what a miniature shows; null for a run without a map. */
export function fetchMiniature(run: Run): Promise<Miniature | null> {
  return api.settled(() => fetchOnce(run));
}

async function fetchOnce(run: Run): Promise<Miniature | null> {
  if (run.layers.length === 0) return null;
  const [newest] = await api.getProjections(run.id);
  const layout = newest ? await api.getLayout(newest.projection, run.id) : await api.getProvisional(run.id);
  if (!layout || layout.epochs.length === 0) return null;
  const [[frame], samples] = await Promise.all([api.getFrames(layout, layout.epochs.slice(-1)), api.getSamples(run.id)]);
  return { frame, label: samples.label, classes: samples.classes.length, value: labelScale(samples.classes, samples.label) };
}

/** Draws a miniature; points in space are seen from the front. */
export function drawMiniature(c: HTMLCanvasElement, m: Miniature, width: number, height: number, theme: Theme): void {
  const density = Math.min(3, devicePixelRatio || 1);
  c.width = Math.round(width * density);
  c.height = Math.round(height * density);
  const g = c.getContext("2d")!;
  const { quanta, dims, placement } = m.frame;
  const rows = quanta.length / dims;
  const every = strideOf(rows / POINTS);
  const scale = Math.min((c.width * 0.46) / placement.extent[0], (c.height * 0.46) / placement.extent[1]);
  const r = Math.max(0.7, Math.min(1.6, 40 / Math.sqrt(rows / every))) * density;
  const tints = m.value && tintsOf("label", "number", 0, scaleOf([m.value]), theme);
  g.globalAlpha = 0.85;
  for (let i = 0; i < rows; i += every) {
    if (quanta[i * dims] === MISSING) continue;
    const x = quanta[i * dims] * placement.scale + placement.offset[0];
    const y = quanta[i * dims + 1] * placement.scale + placement.offset[1];
    g.fillStyle = tints ? tints.ofNumber(m.value![i]) : m.classes === 0 ? colour(0, theme) : m.label[i] < 0 ? grey(theme) : colour(m.label[i], theme);
    g.beginPath();
    g.arc(c.width / 2 + x * scale, c.height / 2 - y * scale, r, 0, 2 * Math.PI);
    g.fill();
  }
}
