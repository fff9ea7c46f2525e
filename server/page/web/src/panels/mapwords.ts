// What a map can tell, in plain words, from what was measured of it: pure.

import type { Quality } from "../data/api";
import type { Group, Line } from "../charts/series";
import { percent } from "../ui/format";

/** What sets the modes apart for who reads the map. */
const MODES: Record<string, string> = {
  joint: "All epochs were laid out as one set of points: places compare between epochs, but within one epoch neighbours are less sure.",
  balanced: "Epochs share the map and each keeps its own structure: places compare between epochs, and neighbours within one.",
  aligned: "Each epoch keeps its own structure, and each sample is held near its place at the epochs beside: the steadiest picture of movement.",
};

/**
 * Sentences beside the map: what can be read from it, and what cannot; runs is how many of those on it are shown, and behind
 * says how far it is behind them.
 */
export function words(provisional: boolean, mode: string, q: Quality | null, run: string, epoch: number, classes = true, runs = 1, behind = ""): string[] {
  if (provisional) {
    return [
      "A fixed view of each epoch: the two directions in which the first epochs differ most. What lies apart here is apart; what lies together may not be.",
      "Distances are true in these two directions only.",
    ];
  }
  const out: string[] = [];
  if (behind)
    out.push(
      `This map is ${behind}. ${mode === "given" ? "It was computed elsewhere: import it again." : "\u2018zoetrope project extend\u2019 brings it up to date."}`,
    );
  const here = q?.epochs.find((e) => e.run === run && e.epoch === epoch);
  const same = sameness(here, epoch);
  if (same) out.push(same);
  const t = here?.trustworthiness;
  if (typeof t === "number") {
    const grade =
      t >= 0.95
        ? "Neighbours on the map are neighbours in the network, with few exceptions"
        : t >= 0.85
          ? "Most neighbours on the map are neighbours in the network"
          : t >= 0.7
            ? "Many neighbours on the map are not so in the network"
            : "Neighbours on the map say little about the network";
    out.push(`${grade}: trustworthiness ${t.toFixed(3)} at epoch ${epoch}, of at most 1.`);
  } else if (q && mode === "given" && !(q.unmeasured > 0))
    out.push("This map was computed elsewhere, and the run has no vectors to hold it against: how far neighbours can be trusted is not known.");
  else if (q && !here && q.unmeasured > 0)
    out.push(`How far neighbours can be trusted at epoch ${epoch} is not known: the vectors that placed it were replaced or removed.`);
  else if (q) out.push("How far neighbours can be trusted is not defined for so few samples.");
  const [a, b] = [here?.original.silhouette, here?.map.silhouette];
  if (classes && typeof a === "number" && typeof b === "number" && b - a > 0.15)
    out.push(`Classes look farther apart than they are: silhouette ${b.toFixed(2)} on the map, ${a.toFixed(2)} in the network.`);
  out.push("Distances between groups, and the sizes of groups, are not to scale.");
  if (MODES[mode]) out.push(MODES[mode]);
  if (runs > 1)
    out.push("Networks that began from different weights have axes of their own: how far apart two runs lie says nothing, what is near what within each does.");
  if (q) out.push(...tempo(q, run));
  return out;
}

/** Says whether one may read from the map when the network changed, and who moved. */
export function tempo(q: Quality, run: string): string[] {
  const out: string[] = [];
  if (q.keeps_pace === true) out.push("Each step shows its share of the movement in the network.");
  if (q.keeps_pace === false) {
    const steps = q.transitions.filter((t) => typeof t.pace === "number" && t.run === run).sort((a, b) => a.pace! - b.pace!);
    const part = (t: (typeof steps)[number]) =>
      `${percent(t.map.share ?? NaN)} of it from epoch ${t.from} to ${t.to}, where the network has ${percent(t.original.share ?? NaN)}`;
    const worst = [steps[steps.length - 1], steps[0]].slice(0, steps.length);
    out.push(
      `Do not read from this map when the network changed: its movement is not in step${worst.length > 0 ? `, with ${worst.map(part).join("; and ")}` : ""}.`,
    );
  }
  if (q.keeps_motion === true) out.push("Who moves farther than others in a step has moved farther in the network.");
  if (q.keeps_motion === false)
    out.push(
      `Who moves farther than others in a step says little about who did in the network: their ranks agree to ${q.motion_in!.toFixed(2)}, by chance to 0.`,
    );
  return out;
}

/** Says which vectors of an epoch cannot be told apart; nothing if all can. */
function sameness(e: Quality["epochs"][number] | undefined, epoch: number): string {
  const [rows, zero, repeated] = [e?.rows ?? 0, e?.zero_rows ?? 0, e?.repeated_rows ?? 0];
  if (rows < 2 || (zero === 0 && repeated === 0)) return "";
  if (zero === rows || repeated === rows - 1)
    return `All ${rows} vectors are ${zero === rows ? "zero" : "equal"} at epoch ${epoch}: the map shows nothing of it.`;
  const parts = [
    zero > 0 ? `${zero} ${zero === 1 ? "is" : "are"} zero` : "",
    repeated > 0 ? `${repeated} ${repeated === 1 ? "is" : "are"} equal to an earlier one` : "",
  ];
  return `Of ${rows} vectors at epoch ${epoch}, ${parts.filter((p) => p).join(" and ")}.`;
}

/**
 * The measures of each epoch as charts: in the network's space and on the map. Those that are not defined are absent, and
 * those of labels where labels are no classes.
 */
export function charts(q: Quality, run: string, classes = true): Group[] {
  const epochs = q.epochs.filter((e) => e.run === run);
  const steps = q.transitions.filter((t) => t.run === run);
  const line = (name: string, points: { x: number; y: number | null | undefined }[]): Line => {
    const known = points.filter((p) => typeof p.y === "number");
    return { name, x: known.map((p) => p.x), y: known.map((p) => p.y as number) };
  };
  const of = (name: string, f: (e: Quality["epochs"][number]) => number | null) =>
    line(
      name,
      epochs.map((e) => ({ x: e.epoch, y: f(e) })),
    );
  const step = (name: string, f: (t: Quality["transitions"][number]) => number | null) =>
    line(
      name,
      steps.map((t) => ({ x: t.to, y: f(t) })),
    );
  const all: Group[] = [
    { title: "Neighbours kept", percent: false, lines: [of("trustworthiness", (e) => e.trustworthiness), of("continuity", (e) => e.continuity)] },
    { title: "Silhouette", percent: false, lines: [of("network", (e) => e.original.silhouette), of("map", (e) => e.map.silhouette)] },
    { title: "Label purity", percent: true, lines: [of("network", (e) => e.original.purity), of("map", (e) => e.map.purity)] },
    { title: "Neighbours changed", percent: true, lines: [step("network", (t) => t.original.churn), step("map", (t) => t.map.churn)] },
    { title: "Share of all movement", percent: true, lines: [step("network", (t) => t.original.share ?? null), step("map", (t) => t.map.share ?? null)] },
    { title: "Likeness (CKA)", percent: false, lines: [step("network", (t) => t.original.cka), step("map", (t) => t.map.cka)] },
  ];
  return all
    .filter((g) => classes || !/Silhouette|purity/.test(g.title))
    .map((g) => ({ ...g, lines: g.lines.filter((l) => l.x.length > 0) }))
    .filter((g) => g.lines.length > 0);
}
