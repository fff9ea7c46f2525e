// Code generated from server/api/openapi.json by go generate ./server/page. DO NOT EDIT.

/** how far a map is behind its runs, in epochs */
export type Behind = {
  /** of other vectors or samples by now */
  changed: number;
  /** logged since */
  new: number;
  /** that the runs no longer have */
  removed: number;
};

export type Commit = {
  /** whose frames were put */
  layers?: string[];
  metrics?: Record<string, Number>;
  outputs?: {
    confidences?: (Number | null)[];
    /** the sample of each element; all samples in order unless said */
    ids?: Text[];
    losses?: (Number | null)[];
    predictions?: Text[];
  };
  /** the optimiser's step at the end of the epoch */
  step?: number;
};

/** outputs whose columns are bytes, in base64 */
export type CompactOutputs = {
  /** predictions that occur */
  classes: string[];
  /** little-endian float32, NaN for none */
  confidence: string | null;
  epoch: number;
  /** little-endian float32, NaN for none */
  loss: string | null;
  /** places in classes, -1 for none: little-endian two's complement, width bytes each */
  prediction: string | null;
  run: string;
  /** bytes of a prediction */
  width: 1 | 2 | 4;
};

/** samples whose labels are bytes */
export type CompactSamples = {
  /** labels that occur */
  classes: string[];
  count: number;
  /** null where they are 0 … count−1 */
  ids: string[] | null;
  label: null;
  /** a column per key; null where a sample has no such key */
  metadata: Record<string, unknown[]>;
  /** places in classes, -1 without a label: little-endian two's complement, width bytes each; absent without samples */
  packed?: string;
  run: string;
  /** where their pictures are */
  sprite: Sprite | null;
  /** of packed */
  width: 1 | 2 | 4;
};

export type Epoch = {
  number: number;
  /** grows whenever the epoch is written again */
  seq: number;
  step: number;
  time: Time;
};

/** one epoch of one run */
export type EpochQuality = {
  continuity: number | null;
  /** the share of points that hang between the others */
  dust: number | null;
  epoch: number;
  map: Labels;
  original: Labels;
  /** the share of a row's 15 nearest rows in the original space that are among its 15 nearest on the map */
  own15: number | null;
  /** of them, equal to an earlier one; absent where there is none */
  repeated_rows?: number;
  /** of the epoch's vectors */
  rows: number;
  run: string;
  trustworthiness: number | null;
  /** of them, all of whose numbers are 0; absent where there is none */
  zero_rows?: number;
};

export type Error = {
  /** where the value stands that is to blame, if it is one: without it, the rest would be accepted */
  at?: {
    /** id, label, metadata, thumbnail, prediction, loss, confidence, vector, metric or step */
    field: string;
    /** of the sample */
    id?: string;
    /** of the sample, the row or the element in the request's list */
    index: number;
    /** of the layer or the metric */
    name?: string;
  };
  /** for programs: invalid, not_found, run_exists, run_active, run_ended, run_superseded, frames_missing, key_reused, too_large, too_many, memory_full, busy, closing, read_only, wrong_type, length_required, incomplete, method_not_allowed, no_token, wrong_token, not_permitted, too_many_guesses, unknown_host, cross_origin, ambiguous, gone, internal */
  code: string;
  /** what is wrong, and what to do next, for people */
  error: string;
};

/** an option that a projection can be asked for with: one of some choices, text, or a number */
export type Field = {
  about: string;
  /** one of these; numbers and text have none */
  choices?: string[];
  default: string | number;
  max: number;
  /** the methods that read it; absent: all */
  methods?: string[];
  min: number;
  name: string;
  /** text, which the server reads */
  text?: boolean;
  title: string;
  /** a number without a fraction */
  whole: boolean;
};

export type Job = {
  created: Time;
  done: number;
  ended: string | null;
  /** of one that has failed */
  error: string;
  id: string;
  options: Record<string, unknown>;
  /** of one that is finished */
  projection: string;
  runs: string[];
  /** the options that the method reads */
  settings: string[];
  /** of one that is being made */
  stage: string;
  started: string | null;
  state: "queued" | "running" | "finished" | "failed" | "cancelled";
  /** of the method, for people */
  title: string;
  total: number;
};

/** how the labels of one epoch stand apart in one space; null where that is not defined */
export type Labels = {
  purity: number | null;
  separation: number | null;
  silhouette: number | null;
};

export type Layout = {
  dims: 2 | 3;
  epochs: number[];
  layer: string;
  max: number[];
  min: number[];
  /** the corner that 0 stands for */
  origin: number[];
  /** their address, below /api/v1/ */
  positions: string;
  projection: string;
  provisional: boolean;
  revision: string;
  rows: number;
  run: string;
  /** the side of the range */
  size: number;
};

/** What is beyond one of these is refused, and always will be. Bytes of text are those of its UTF-8. */
export type Limits = {
  /** of a failure */
  cause_bytes: number;
  /** of a frame */
  columns: number;
  /** the largest */
  epoch: number;
  /** of a part of a frame, as float32 */
  frame_bytes: number;
  /** of a raw frame's header */
  frame_header_bytes: number;
  /** of a sample */
  id_bytes: number;
  /** of a JSON body */
  json_bytes: number;
  /** of Idempotency-Key */
  key_bytes: number;
  label_bytes: number;
  /** of its name */
  layer_bytes: number;
  /** of an epoch */
  layers: number;
  /** of all frames that wait for their epochs, whatever their runs; a part of several takes twice its size */
  memory_bytes: number;
  /** of a sample, as JSON */
  metadata_bytes: number;
  /** of its name */
  metric_bytes: number;
  /** of an experiment, a run's name, a tag, code and host */
  name_bytes: number;
  notes_bytes: number;
  /** of a run, as JSON */
  params_bytes: number;
  /** of a frame; they are numbered from 0 */
  parts: number;
  prediction_bytes: number;
  /** of a request that adds samples */
  samples: number;
  /** the largest */
  step: number;
  /** of a request that logs metrics */
  steps: number;
  /** of a run */
  tags: number;
  /** of a sample, as a PNG file */
  thumbnail_bytes: number;
  /** of a sample: width times height */
  thumbnail_pixels: number;
};

export type Metrics = {
  run: string;
  /** up to which these are all */
  seq: number;
  series: Series[];
};

/** a number; what JSON has no numeral for is a word */
export type Number = number | "NaN" | "Infinity" | "-Infinity";

export type Outputs = {
  /** predictions that occur */
  classes: string[];
  confidence: (Number | null)[] | null;
  epoch: number;
  loss: (Number | null)[] | null;
  /** places in classes; -1 for none */
  prediction: number[] | null;
  run: string;
};

export type Points = {
  points: {
    epoch: number;
    label: string;
    prediction: string;
    run: string;
    sample: string;
    x: number;
    y: number;
    z: number;
  }[];
  projection: string;
  revision: number;
};

/** as zoetrope project --json prints it */
export type Projection = {
  behind: Behind;
  created: Time;
  dims: number;
  extended?: number;
  layer: string;
  method: string;
  mode: string;
  options: Record<string, unknown>;
  peak_rss_bytes?: number;
  points: number;
  projection: string;
  revision: number;
  runs: string[];
  seconds?: number;
  /** the options that the method reads */
  settings: string[];
  stages?: Record<string, unknown>;
  /** of the method, for people */
  title: string;
};

/** how far a map can be trusted; null is what is not defined, or was not measured */
export type Quality = {
  /** part of a step that all samples take together; commonx in the original space */
  common: number | null;
  /** see common */
  commonx: number | null;
  /** share of points that hang between the others */
  dust: number | null;
  epochs: EpochQuality[];
  exact: boolean;
  /** share of steps more than 3 times as long on the map as in the original space */
  fly: number | null;
  /** false: do not read from it which samples moved farther than others */
  keeps_motion: boolean | null;
  /** false: do not read from the map when something changed */
  keeps_pace: boolean | null;
  knn15: number | null;
  knn50: number | null;
  /** the same over all samples and transitions, for which the right pace alone may do */
  motion: number | null;
  /** rank correlation over samples of the distances moved in the two spaces, mean over transitions */
  motion_in: number | null;
  /** share of the 15 nearest rows of the epoch that the map keeps near */
  own15: number | null;
  /** correlation of these shares over transitions */
  pearson: number | null;
  /** the largest, over transitions, of the share of all movement on the map over that in the original space */
  pmax: number | null;
  /** the smallest */
  pmin: number | null;
  projection: string;
  revision: number;
  seconds?: number;
  sil_corr: number | null;
  /** share of steps less than a third as long */
  still: number | null;
  /** the way over two steps over their sum; straightx in the original space */
  straight: number | null;
  /** see straight */
  straightx: number | null;
  transitions: TransitionQuality[];
  /** sum over transitions of the median distance moved, over the radius; travelx in the original space */
  travel: number | null;
  /** see travel */
  travelx: number | null;
  /** trustworthiness within epochs, mean over them */
  trust_epoch: number | null;
  /** epochs on the map whose vectors were replaced or removed before they were measured */
  unmeasured: number;
  /** of the set of measures */
  version: number;
};

export type Run = {
  /** why it failed */
  cause?: string;
  code: string;
  ended: string | null;
  epochs: number;
  experiment: string;
  host: string;
  id: string;
  last_epoch: number | null;
  last_step: number;
  layers: string[];
  name: string;
  notes: string;
  params: Record<string, unknown>;
  /** running, and silent for a while */
  quiet: boolean;
  samples: number;
  seen: Time;
  started: Time;
  state: State;
  tags: string[];
};

export type RunStart = {
  /** params that may be others than before when resuming; the run takes the new ones */
  change?: string[];
  /** version of the program; its User-Agent unless said */
  code?: string;
  /** "default" unless said; no slash */
  experiment?: string;
  /** where it runs; the address that it asks from unless said */
  host?: string;
  /** unique within the experiment; a new one from the time unless said */
  name?: string;
  notes?: string;
  /** settings of the training; when resuming, none or the same as before, but for those that say how long to train (epochs, max_epochs, steps, iterations and the like) and those in change */
  params?: Record<string, unknown>;
  /** never unless said */
  resume?: "never" | "allow" | "must";
  /** when resuming, added */
  tags?: string[];
};

export type RunState = {
  /** to who starts or resumes the run and says who it is, in a header Zoetrope-Client: another client that was heard of within three minutes and has not ended the run */
  also?: {
    /** what it calls itself */
    client: string;
    /** since it was last heard of */
    seconds: number;
  };
  epochs: number;
  experiment: string;
  /** never changes */
  id: string;
  /** null without epochs */
  last_epoch: number | null;
  last_step: number;
  limits: Limits;
  name: string;
  notes: string;
  samples: number;
  state: State;
  tags: string[];
};

export type Sample = {
  /** unique within the run; should stay the same from run to run; kept as text */
  id: string | number | boolean;
  label?: Text;
  metadata?: Record<string, unknown> | null;
  /** a PNG image */
  thumbnail?: string | null;
};

export type Samples = {
  /** labels that occur */
  classes: string[];
  count: number;
  ids: string[];
  /** places in classes; -1 without a label */
  label: number[];
  /** a column per key; null where a sample has no such key */
  metadata: Record<string, unknown[]>;
  run: string;
  /** where their pictures are */
  sprite: Sprite | null;
};

/** one metric, as columns */
export type Series = {
  /** the one that was in training, or with which the value was logged */
  epoch: number[];
  name: string;
  step: number[];
  value: Number[];
};

export type Session = {
  log: boolean;
  read: boolean;
};

/** where samples' pictures lie on sheets: tile k of the sheet k / per_sheet, row by row; rows of samples are tiles */
export type Sprite = {
  columns: number;
  height: number;
  /** rows without a picture */
  missing: number[];
  per_sheet: number;
  sheets: number;
  version: string;
  width: number;
};

export type State = "running" | "stopped" | "finished" | "failed";

/** how much of one space stays from an epoch to the next; null where that is not defined */
export type Step = {
  churn: number | null;
  cka: number | null;
  /** the median distance that samples move, over the radius of the space */
  moved: number | null;
  /** the share of the movement of the run that is in this transition */
  share: number | null;
};

/** A label, an id or a prediction, which is kept as text: text as it is, a number as what it is worth (3.0 is 3, 1.10 is 1.1), true and false; null or empty is none */
export type Text = string | number | boolean | null;

export type Time = string;

/** two consecutive epochs of one run */
export type TransitionQuality = {
  from: number;
  map: Step;
  /** the rank correlation over samples of the distances moved in the two spaces */
  motion: number | null;
  original: Step;
  /** the share of the movement on the map over the share in the original space: 1 where the map keeps time */
  pace: number | null;
  run: string;
  to: number;
};

export type Vectors = {
  dim: number;
  epoch: number;
  /** the sample of each vector */
  ids: string[];
  layer: string;
  run: string;
  vectors: number[][];
};
