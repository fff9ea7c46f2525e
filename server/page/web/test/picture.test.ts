import type { Frame } from "../src/map/cloud";
import type { Picture } from "../src/map/renderer";
import { marking } from "../src/map/overlay/scene";
import { fit, widthOf, type Disc, type Mark, type Words } from "../src/picture/marks";
import { points } from "../src/picture/points";
import { compose, fileName, film } from "../src/picture/sheet";
import { svg } from "../src/picture/svg";
import { equal, near, test, truth } from "./harness";

const inks = { ink: "#111111", faint: "#666666", paper: "#ffffff" };
const frame = (...quanta: number[]): Frame => ({ quanta: Uint16Array.from(quanta), dims: 2, placement: { scale: 1, offset: [0, 0, 0], extent: [1, 1, 0] } });

/** A picture of rows in a window of 200 × 100, in which a world unit is 50 pixels. */
function picture(from: Frame, to: Frame, t: number): Picture {
  const rows = from.quanta.length / 2;
  return {
    shot: { from, to, t },
    slots: [new Uint8Array(rows).fill(1), new Uint8Array(rows).fill(2)],
    flags: new Uint8Array(rows),
    hiding: false,
    emphasis: 0,
    matrix: Float32Array.from([0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    paint: { radius: 3, rim: 1, rimColour: [1, 1, 1, 1], opacity: 1, ghost: [0, 0, 0, 0.1], fade: 0.5, marking: 1, ring: [0, 0, 0, 1], picture: 0, trail: 1 },
    ground: [],
    echo: null,
    trails: null,
    now: 0,
    ringed: -1,
    hollow: false,
    stride: 1,
    port: { x: 10, y: 20, width: 200, height: 100 },
  };
}
const view = { width: 200, height: 100, dims: 2 as const, extent: [1, 1, 0] as const };
const palette = Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(i / 4) * 100));

test("picture: points lie between two epochs, in the colour between", () => {
  const [d] = points(picture(frame(0, 0), frame(1, 0), 0.5), view, palette) as Disc[];
  near(d.x, 100 + 25 + 10, "x");
  near(d.y, 50 + 20, "y");
  equal(d.fill, "#969696", "the middle of 100 and 200");
});

test("picture: what is missing, hidden or out of sight", () => {
  const p = picture(frame(0, 0, 0xffff, 0xffff, 9, 9, 0, 0), frame(0, 0, 0xffff, 0xffff, 9, 9, 0, 0), 0);
  p.flags[3] = 1;
  const all = points(p, view, palette) as Disc[];
  equal(all.length, 2, "discs");
  near(all[0].opacity, 0.1, "a filtered point is below, and faint");
  const gone = points(picture(frame(0, 0), frame(0xffff, 0xffff), 0.25), view, palette) as Disc[];
  near(gone[0].opacity, 0.75, "who leaves fades");
});

test("picture: selected points are over the others, with a rim", () => {
  const p = picture(frame(0, 0, 1, 0), frame(0, 0, 1, 0), 0);
  p.flags[0] = 4;
  p.emphasis = 4;
  const [other, own] = points(p, view, palette) as Disc[];
  near(other.opacity, 0.5, "faded");
  equal(own.rim, "#000000", "rim");
  near(own.radius + own.width / 2, 3 + 1 + 1.5, "half of what it is wider, and its rim");
  near(own.width, 1 + 0.6, "a wider rim");
  p.paint = { ...p.paint, marking: 0 };
  const [same, plain] = points(p, view, palette) as Disc[];
  near(same.opacity, 0.5, "where most are selected, the others fade");
  equal([plain.rim, plain.width], ["#ffffff", 1], "and those have a point's rim");
  near(plain.radius + plain.width / 2, 3 + 1, "and its size");
});

test("scene: the more are selected, the less each is marked", () => {
  equal([marking(5, 2000), marking(5, 8), marking(1, 1_000_000)], [1, 1, 1], "few");
  equal([marking(1900, 2000), marking(2000, 2000), marking(900_000, 1_000_000)], [0, 0, 0], "most");
  const steps = [20, 50, 100, 200, 400, 800, 1600].map((n) => marking(n, 2000));
  truth(
    steps.every((s, i) => i === 0 || s <= steps[i - 1]),
    steps.join(" "),
  );
  truth(steps[3] > 0.3 && steps[3] < 0.7, "a tenth is marked half");
});

test("picture: an SVG holds text as text, and groups what points share", () => {
  const evil = `<script>alert(1)</script>&"]]>`;
  const inside: Mark[] = points(picture(frame(0, 0, 1, 0), frame(0, 0, 1, 0), 0), view, palette);
  const text = svg(compose({ width: 200, height: 100 }, inside, evil, evil, { title: evil, names: [{ name: evil, colour: "#123456" }] }, inks), evil);
  truth(!text.includes("<script"), "no markup of a user");
  truth(text.includes("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;]]&gt;"), "it is written as it is");
  equal(text.match(/<circle/g)?.length, 3, "circles, one of them in the legend");
  equal(text.match(/<g /g)?.length, 2, "groups");
  equal([text.match(/<g /g)?.length, text.match(/<svg /g)?.length], [text.match(/<\/g>/g)?.length, text.match(/<\/svg>/g)?.length], "all are closed");
});

test("picture: text fits, and holds nothing that XML cannot", () => {
  equal(fit("abc", 100, 12), "abc", "short");
  equal(fit("a\u0000b\nc\u202e\ud800", 100, 12), "a b c \ufffd", "unprintable");
  const long = fit("long name ".repeat(50), 120, 12);
  truth(long.endsWith("\u2026") && widthOf(long, 12) <= 132, `it is cut: ${long}`);
  truth(fit("\u6f22".repeat(40), 120, 12).length < 12, "wide letters");
});

test("picture: a legend says how many more there are", () => {
  const names = Array.from({ length: 1000 }, (_, i) => ({ name: `class ${i}`, colour: "#888888" }));
  const s = compose({ width: 400, height: 300 }, [], "run", "epoch", { title: "Label", names }, inks);
  const texts = s.around.filter((m): m is Words => m.kind === "words");
  truth(
    texts.every((t) => t.y < s.height),
    "all of it is on the sheet",
  );
  const shown = texts.filter((t) => t.text.startsWith("class")).length;
  equal(texts[texts.length - 1].text, `and ${1000 - shown} more`, "the rest");
  equal(compose({ width: 400, height: 300 }, [], "run", "epoch", null, inks).width, 400, "without colours there is no legend");
  const bar = compose({ width: 400, height: 300 }, [], "run", "epoch", { title: "age", stops: ["#000000", "#ffffff"], low: "0", high: "99" }, inks).around;
  equal(bar.filter((m) => m.kind === "bar").length, 1, "a scale");
});

test("picture: names of files", () => {
  equal(fileName(["mnist", "cnn", "epoch-12"], "png"), "mnist-cnn-epoch-12.png", "plain");
  equal(fileName(["../..", 'a/b:c*?"<x>', ""], "svg"), "a-b-c-x.svg", "hostile");
  equal(fileName(["", "\u6f22\u5b57"], "png"), "\u6f22\u5b57.png", "letters of any script");
  equal(fileName(["..."], "png"), "zoetrope.png", "nothing left");
  truth(fileName(["x".repeat(500)], "png").length < 130, "long");
});

test("picture: a film goes from the first epoch to the last", () => {
  const f = film(10, 1.5);
  near(f.length, 0.5 + 6 + 1.3, "seconds");
  equal([f.at(0), f.at(0.4), f.at(f.length)], [0, 0, 9], "rests");
  near(f.at(3.5), 4.5, "half-way");
  truth(film(5000, 1.5).length < 65, "a long training is not a long film");
  equal(film(1, 1.5).at(1), 0, "one epoch");
});
