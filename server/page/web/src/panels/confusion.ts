// Who was taken for whom at an epoch: pure.

/** Counts of samples by label and prediction. */
export interface Confusion {
  /** Classes that occur, as labels or as predictions. */
  classes: string[];
  /** Rows are labels, columns predictions: places in classes. */
  counts: Uint32Array;
  right: number;
  total: number;
}

/** Counts what was predicted (places in predicted) for samples with a label (places in labels); -1 is none. */
export function confusion(labels: readonly string[], label: ArrayLike<number>, predicted: readonly string[], prediction: ArrayLike<number>): Confusion {
  const place = new Map(labels.map((c, i) => [c, i]));
  const classes = [...labels];
  const of = predicted.map((c) => {
    let at = place.get(c);
    if (at === undefined) {
      at = classes.push(c) - 1;
      place.set(c, at);
    }
    return at;
  });
  const n = classes.length;
  const out: Confusion = { classes, counts: new Uint32Array(n * n), right: 0, total: 0 };
  for (let i = 0; i < label.length; i++) {
    if (label[i] < 0 || prediction[i] < 0) continue;
    const p = of[prediction[i]];
    out.counts[label[i] * n + p]++;
    out.total++;
    if (p === label[i]) out.right++;
  }
  return out;
}
