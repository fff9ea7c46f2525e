import type { Quality, Run, Series } from "../src/data/api";
import { confusion } from "../src/panels/confusion";
import { charts, tempo, words } from "../src/panels/mapwords";
import { asksFor, byExperiment, differences, lossOf, matches, stateOf, thinned, toggled } from "../src/runs/runlist";
import { positionOf } from "../src/state/comparison";
import { reorder, recode } from "../src/state/reorder";
import { apart, check, figures, lag, range, traits, type Described } from "../src/state/settings";
import { equal, test, truth } from "./harness";

const run = (part: Partial<Run>): Run => ({
  id: "x1",
  experiment: "mnist",
  name: "cnn",
  state: "finished",
  quiet: false,
  started: "",
  seen: "",
  code: "",
  host: "",
  last_step: 0,
  ended: null,
  params: { lr: 0.001, opt: "adam" },
  tags: [],
  notes: "",
  epochs: 3,
  last_epoch: 3,
  samples: 10,
  layers: ["fc1"],
  ...part,
});

test("runs: search", () => {
  const r = run({});
  for (const q of ["cnn", "MNIST", "mnist cnn", "lr", "lr:0.001", "opt:ad", "finished", "x1"]) truth(matches(r, q), q);
  for (const q of ["other", "lr:0.002", "cnn zebra"]) truth(!matches(r, q), q);
  truth(matches(run({ state: "running", quiet: true }), "quiet"), "gone quiet");
  equal(stateOf(run({ state: "running", quiet: true })), "quiet", "state");
});

test("runs: search by tags and notes", () => {
  const r = run({ tags: ["best", "not yet", 'a "b" \\c'], notes: "The learning rate\nwas too high" });
  for (const q of ["tag:best", "TAG:be", 'tag:"best"', "best", "tag:not", 'tag:"not yet"', '"not yet" cnn', "rate high", '"rate\\nwas"', "tag:best lr:0.001"])
    truth(matches(r, q), q);
  for (const q of ["tag:worst", 'tag:"be"', "tag:learning", "tag:yet", "tag:best tag:worst", '"high rate"', 'lr:"0.00"', "tag:"])
    truth(!matches(run({ notes: r.notes, tags: q === "tag:" ? [] : r.tags }), q), q);
  for (const q of ['tag:"', '"', 'x:"\\q"', ":"]) matches(r, q); // what cannot be read is looked for as it is
  for (const tag of r.tags) {
    const query = toggled("cnn", tag);
    truth(matches(r, query) && asksFor(query, tag), query);
    equal(toggled(query, tag), "cnn", "taken back");
    truth(!matches(run({ tags: [tag + "x"] }), query), "a longer one");
  }
  equal(toggled("tag:best cnn", "best"), "cnn", "typed, and taken back");
});

test("runs: groups and differences", () => {
  const runs = [run({ id: "1", experiment: "b" }), run({ id: "2", experiment: "a", params: { lr: 0.01 } }), run({ id: "3", experiment: "b" })];
  equal(
    byExperiment(runs).map((g) => [g.experiment, g.runs.length]),
    [
      ["b", 2],
      ["a", 1],
    ],
    "groups",
  );
  equal(
    differences(runs.slice(0, 2)),
    [
      { name: "lr", values: ["0.001", "0.01"] },
      { name: "opt", values: ["adam", ""] },
    ],
    "differences",
  );
  equal(differences([runs[0], runs[2]]), [], "none");
});

test("runs: the loss and some of its values", () => {
  const s = (name: string): Series => ({ name, step: [], epoch: [], value: [] });
  equal(lossOf([s("accuracy"), s("val_loss"), s("loss")])?.name, "loss", "loss");
  equal(lossOf([s("train/loss")])?.name, "train/loss", "another's loss");
  equal(lossOf([s("glossy")]), null, "none");
  equal(thinned([1, 2, 3, 4, 5], 3), [1, 3, 5], "thinned");
});

test("confusion: counts by label and prediction", () => {
  const c = confusion(["a", "b"], [0, 0, 1, -1, 1], ["b", "zebra", "a"], [2, 0, 0, 0, -1]);
  equal(c.classes, ["a", "b", "zebra"], "classes");
  equal([...c.counts], [1, 1, 0, 0, 1, 0, 0, 0, 0], "counts");
  equal([c.right, c.total], [2, 3], "sums");
});

test("comparison: epochs and rows of another run", () => {
  equal(
    [0, 2, 3.5, 10, 11].map((e) => positionOf([2, 5, 10], e)),
    [0, 0, 0.5, 2, 2],
    "positions",
  );
  equal(reorder({ kind: "number", value: Float32Array.of(5, 6) }, Int32Array.of(1, -1, 0)), { kind: "number", value: [6, NaN, 5] }, "numbers");
  equal(
    recode({ kind: "category", classes: ["b", "c"], code: Int32Array.of(0, 1, -1) }, ["a", "b"]),
    { kind: "category", classes: ["a", "b", "c"], code: [1, 2, -1] },
    "classes",
  );
});

const none = { silhouette: null, purity: null, separation: null };
const quality: Quality = {
  projection: "p",
  revision: 1,
  exact: true,
  unmeasured: 0,
  trust_epoch: 0.9,
  knn15: null,
  knn50: null,
  sil_corr: null,
  own15: null,
  pmax: 1.05,
  pmin: 0.95,
  motion_in: 0.9,
  keeps_pace: true,
  keeps_motion: true,
  version: 2,
  dust: 0,
  pearson: 0.99,
  motion: 0.95,
  travel: 1,
  travelx: 2,
  common: 0.8,
  commonx: 0.8,
  straight: 0.9,
  straightx: 0.9,
  fly: 0,
  still: 0,
  epochs: [
    {
      run: "r",
      epoch: 1,
      rows: 9,
      trustworthiness: 0.97,
      continuity: 0.9,
      own15: null,
      dust: null,
      original: { ...none, silhouette: 0.1 },
      map: { ...none, silhouette: 0.5 },
    },
  ],
  transitions: [],
};

test("judgement: what a map can tell", () => {
  const text = words(false, "joint", quality, "r", 1).join(" ");
  for (const part of [
    "0.970 at epoch 1",
    "farther apart than they are",
    "not to scale",
    "one set of points",
    "its share of the movement",
    "has moved farther in the network",
  ])
    truth(text.includes(part), part);
  truth(words(true, "", null, "r", 1)[0].startsWith("A fixed view"), "a provisional map");
  truth(
    !words(false, "balanced", { ...quality, keeps_pace: null, keeps_motion: null, epochs: [] }, "r", 1)
      .join(" ")
      .includes("NaN"),
    "nothing measured",
  );
  const withRows = (rows: number, zero_rows: number, repeated_rows: number) =>
    words(false, "joint", { ...quality, epochs: quality.epochs.map((e) => ({ ...e, rows, zero_rows, repeated_rows })) }, "r", 1).join(" ");
  truth(withRows(60, 60, 59).includes("All 60 vectors are zero at epoch 1: the map shows nothing of it."), "all zero");
  truth(withRows(60, 0, 59).includes("All 60 vectors are equal at epoch 1"), "all equal");
  truth(withRows(60, 1, 8).includes("Of 60 vectors at epoch 1, 1 is zero and 8 are equal to an earlier one."), "some");
  truth(!withRows(60, 0, 0).includes("vectors at epoch") && !withRows(1, 1, 0).includes("vectors at epoch"), "nothing to notice");
});

test("judgement: what is not defined has no chart", () => {
  equal(
    charts(quality, "r").map((g) => g.title),
    ["Neighbours kept", "Silhouette"],
    "charts",
  );
  equal(
    charts({ ...quality, epochs: [{ ...quality.epochs[0], original: none, map: none }] }, "r").map((g) => g.title),
    ["Neighbours kept"],
    "without labels",
  );
  equal(charts(quality, "other"), [], "another run");
});

const map = (part: Record<string, unknown>): Described => ({
  title: "UMAP",
  method: "umap",
  mode: "balanced",
  dims: 2,
  layer: "fc1",
  options: { n_neighbors: 15, min_dist: 0.1, scale: "", seed: 42, ...part },
});

test("settings: maps are told apart by what differs", () => {
  const [a, b] = [map({}), map({ min_dist: 0.5, n_neighbors: 5, scale: "unit" })];
  equal(traits(a, [a]), ["balanced", "15 neighbours"], "alone");
  equal(traits(b, [a, b]), ["balanced", "5 neighbours", "min dist 0.5", "scaling unit"], "among two");
  equal(
    [apart(a, b), apart(b, a)],
    ["15 neighbours \u00b7 min dist 0.1 \u00b7 scaling none", "5 neighbours \u00b7 min dist 0.5 \u00b7 scaling unit"],
    "beside each other",
  );
  const joint = { ...map({ init: "spectral", epoch_negatives: 0 }), mode: "joint" };
  equal(apart(map({ init: "first", epoch_negatives: 0.4 }), joint), "balanced", "what follows from the mode is not said");
  const [made, asked] = [map({ init: "first", tie_weight: 0.5, n_epochs: 200 }), map({ init: "", tie_weight: -1, n_epochs: 0 })];
  equal(
    [traits(asked, [made, asked])[2], traits(made, [made, asked])[2]],
    ["passes automatic", "passes 200"],
    "one that is being made, beside one that is: what is left to the mode is not said",
  );
  equal([traits(asked, [made, asked]).length, traits(made, [made, asked]).length], [3, 3], "nor of the other");
  equal(traits({ ...a, runs: ["r", "s"] }, [a, { ...a, runs: ["r", "s"] }]), ["balanced", "15 neighbours", "2 runs"], "of two runs");
  equal(apart(a, map({})), "UMAP \u00b7 balanced \u00b7 15 neighbours", "alike");
});

test("settings: a map shows what its method reads", () => {
  const umap = { ...map({ min_dist: 0.5, seed: 1 }), settings: ["mode", "n_neighbors", "min_dist", "scale", "seed"] };
  const pca: Described = { ...map({}), title: "PCA", method: "pca", settings: ["layer", "scale", "seed"] };
  equal(traits(pca, [pca, umap]), ["seed 42"], "what UMAP alone reads is not said of another map");
  equal(traits(umap, [pca, umap]), ["balanced", "15 neighbours", "seed 1"], "nor compared with what another map does not read");
  equal(traits({ ...pca, title: "Imported", method: "given", settings: [] }, [pca, umap]), [], "of one that another program computed");
});

test("settings: what may stand in a field", () => {
  const f = { name: "n_neighbors", title: "", about: "", whole: true, min: 2, max: 1000, default: 15 };
  equal(
    ["15", " 2 ", "1000"].map((t) => check(f, t)),
    ["", "", ""],
    "good",
  );
  equal(
    ["", "x", "1", "1001", "2.5"].map((t) => check(f, t)),
    ["Needs a number from 2 to 1,000.", "Needs a number from 2 to 1,000.", "Must be 2 to 1,000.", "Must be 2 to 1,000.", "Must be a whole number."],
    "bad",
  );
  equal(range(f), "2 to 1,000, usually 15", "range");
  const text = { ...f, name: "epochs", text: true, default: "" };
  equal([check(text, "0-900:50"), check(text, ""), range(text)], ["", "", "usually all"], "text");
});

test("settings: what a map shows of its runs, and how far it is behind", () => {
  const all = { epochs: "", samples: 0, max_points: 0 };
  const of = (options: object): Described => ({ title: "UMAP", method: "umap", mode: "joint", dims: 2, layer: "a", options: { ...all, ...options } });
  const [a, b] = [of({}), of({ epochs: "0-:50", samples: 2000, max_points: 100_000 })];
  equal(traits(a, [a, b]), ["joint", "all epochs", "all samples", "any number of points"], "all");
  equal(traits(b, [a, b]), ["joint", "epochs 0-:50", "2,000 samples", "up to 100,000 points"], "some");
  equal(traits(b, [b]), ["joint"], "alone");
  equal(lag({ new: 1200, changed: 0, removed: 1 }), "1,201 epochs behind: 1,200 new, 1 removed", "behind");
  equal([lag({ new: 0, changed: 1, removed: 0 }), lag({ new: 0, changed: 0, removed: 0 }), lag(undefined)], ["1 epoch behind: 1 changed", "", ""], "one, none");
  truth(words(false, "joint", quality, "r", 1, true, 1, "1 epoch behind: 1 new")[0].includes("\u2018zoetrope project extend\u2019"), "what to do");
  truth(words(false, "given", quality, "r", 1, true, 1, "1 epoch behind: 1 removed")[0].includes("import it again"), "of an imported one");
  truth(
    words(false, "joint", { ...quality, unmeasured: 1 }, "r", 2)
      .join(" ")
      .includes("at epoch 2 is not known"),
    "an epoch that was not measured",
  );
});

test("judgement: a map that does not keep time", () => {
  const step = (from: number, network: number, map: number) => {
    const of = (share: number) => ({ cka: null, churn: null, moved: null, share });
    return { run: "r", from, to: from + 1, original: of(network), map: of(map), pace: map / network, motion: null };
  };
  const torn = { ...quality, keeps_pace: false, keeps_motion: false, motion_in: -0.04, transitions: [step(1, 0.4, 0.4), step(2, 0.1, 0.5), step(3, 0.5, 0.1)] };
  equal(
    tempo(torn, "r"),
    [
      "Do not read from this map when the network changed: its movement is not in step, with 50.0\u2009% of it from epoch 2 to 3, where the network has 10.0\u2009%; and 10.0\u2009% of it from epoch 3 to 4, where the network has 50.0\u2009%.",
      "Who moves farther than others in a step says little about who did in the network: their ranks agree to -0.04, by chance to 0.",
    ],
    "torn",
  );
  equal(
    tempo({ ...torn, transitions: [], keeps_motion: null }, "r"),
    ["Do not read from this map when the network changed: its movement is not in step."],
    "of another run",
  );
  equal(tempo({ ...quality, keeps_pace: null, keeps_motion: null }, "r"), [], "not measured");
});

test("settings: measures beside each other", () => {
  const better = { ...quality, trust_epoch: 0.95, motion_in: null };
  equal(
    figures("r", 1, quality, better).map((r) => [r.name, r.better]),
    [
      ["Trustworthiness, epoch 1", 0],
      ["Continuity, epoch 1", 0],
      ["Trustworthiness, mean", 1],
      ["Movement within a step follows", 0],
    ],
    "rows",
  );
  equal(figures("r", 1, quality, null)[0].values, ["0.9700", "\u2013"], "while one is measured");
});
