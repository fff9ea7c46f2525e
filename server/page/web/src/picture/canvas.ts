// Paints a sheet on a canvas.

import type { Mark, Sheet } from "./marks";

/** Paints a sheet at so many pixels per CSS pixel, with a map's points from another canvas under its marks. */
export function paint(s: Sheet, g: CanvasRenderingContext2D, density: number, points: CanvasImageSource): void {
  const { map } = s;
  g.setTransform(density, 0, 0, density, 0, 0);
  g.fillStyle = s.paper;
  g.fillRect(0, 0, s.width, s.height);
  g.save();
  g.translate(map.x, map.y);
  g.beginPath();
  g.rect(0, 0, map.width, map.height);
  g.clip();
  g.drawImage(points, 0, 0, map.width, map.height);
  for (const m of s.inside) one(m, g);
  g.restore();
  for (const m of s.around) one(m, g);
}

function one(m: Mark, g: CanvasRenderingContext2D): void {
  g.globalAlpha = 1;
  g.lineCap = g.lineJoin = "round";
  switch (m.kind) {
    case "disc":
      g.globalAlpha = m.opacity;
      g.beginPath();
      g.arc(m.x, m.y, m.radius, 0, 2 * Math.PI);
      fill(g, m.fill);
      stroke(g, m.rim, m.width);
      break;
    case "path": {
      g.globalAlpha = m.opacity;
      g.strokeStyle = m.stroke;
      g.lineWidth = m.width;
      g.stroke(new Path2D(m.d));
      break;
    }
    case "words":
      g.font = `${m.bold ? 650 : 400} ${m.size}px Inter, system-ui, sans-serif`;
      g.textAlign = m.align === "middle" ? "center" : m.align;
      if (m.halo) {
        g.globalAlpha = 0.82;
        g.strokeStyle = m.halo;
        g.lineWidth = 4;
        g.strokeText(m.text, m.x, m.y);
        g.globalAlpha = 1;
      }
      g.fillStyle = m.fill;
      g.fillText(m.text, m.x, m.y);
      break;
    case "bar": {
      const step = m.width / m.stops.length;
      m.stops.forEach((c, i) => {
        g.fillStyle = c;
        g.fillRect(m.x + i * step, m.y, step + 0.5, m.height);
      });
    }
  }
}

function fill(g: CanvasRenderingContext2D, colour: string): void {
  if (!colour) return;
  g.fillStyle = colour;
  g.fill();
}

function stroke(g: CanvasRenderingContext2D, colour: string, width: number): void {
  if (!colour || width <= 0) return;
  g.strokeStyle = colour;
  g.lineWidth = width;
  g.stroke();
}
