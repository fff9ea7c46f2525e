"""Log a training to Zoetrope, and read its maps: one file, the standard library and NumPy.

    import zoetrope

    run = zoetrope.init(experiment="digits", params={"lr": 3e-4})
    run.add_samples(ids=ids, labels=labels, images=images)      # once: what is embedded at every epoch
    for epoch in range(1, epochs + 1):
        ...                                                      # train
        run.log(epoch=epoch, layers={"fc1": embeddings}, metrics={"loss": loss})
    run.finish()

With PyTorch, the client embeds the samples by itself:

    run.watch(model, "fc1", probes)                              # once: the output of model.fc1, for these inputs
    run.epoch_end(epoch, loss=loss)                              # at the end of every epoch

Start the server with `zoetrope serve --create`; it is at http://127.0.0.1:8420 unless $ZOETROPE_URL or `url=` says otherwise.

What a call logs is first written to a spool folder and then sent by a thread in the background, in order. So a call costs
the training a write to the disk, and nothing is lost when the server is away, restarts, or the process is killed: what
was not sent yet is sent by the next `init`, or by

    python -m zoetrope sync

Mistakes in `init`, `add_samples` and `watch`, and logging to a run without samples, raise at once. During training nothing
here raises: an error is written to stderr once and kept in `run.errors`, the call returns False, and the training goes on;
`strict=True` raises instead. One value that cannot be stored (a label of more than 1 KiB, NaN in a layer) is left out, and the
rest of its call is logged. `finish` says in a line how much is stored, was refused and waits, and returns False unless all is
stored; `python -m zoetrope sync --refused` sends again what the server refused.

A program that ends without `finish` ends its run: finished, or failed with the exception or the code of sys.exit; SIGTERM,
SIGHUP and Ctrl-C stop it. `$ZOETROPE_MODE` (or `mode=`) is "online", "offline" (write to the disk only, to be sent by `sync`),
or "disabled" (do nothing).

Vectors, predictions and the like may be NumPy arrays, lists, or tensors of PyTorch on any device and of any float type.
A run may be used from several threads. Processes that were forked from the training, such as those of a DataLoader, may
hold it, but not log to it. Of a distributed training, one rank logs; in the others, set mode="disabled".
"""

from __future__ import annotations

import argparse
import atexit
import base64
import builtins
import collections
import contextlib
import dataclasses
import datetime
import decimal
import difflib
import errno
import functools
import html
import http.client
import inspect
import io
import itertools
import json
import math
import numbers
import operator
import os
import random
import re
import secrets
import shutil
import signal
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import uuid
import zlib
from pathlib import Path

import numpy as np

__version__ = "0.1.0"
__all__ = ["init", "Run", "runs", "samples", "metrics", "vectors", "points", "sync", "ZoetropeError", "Refused", "Unreachable"]

DEFAULT_URL = "http://127.0.0.1:8420"

# What a server refuses, as far as it has not said itself yet, in its answer to a run's start; GET limits explains them.
_LIMITS = {
    "id_bytes": 1 << 10, "label_bytes": 1 << 10, "prediction_bytes": 1 << 10, "layer_bytes": 1 << 10, "metric_bytes": 1 << 10,
    "metadata_bytes": 64 << 10, "thumbnail_bytes": 1 << 20, "frame_bytes": 256 << 20, "memory_bytes": 1 << 30, "json_bytes": 32 << 20, "columns": 1 << 18, "layers": 1000, "epoch": (1 << 31) - 1,
}


class ZoetropeError(Exception):
    """Something could not be logged or read; the message says what, and what to do next."""


class Refused(ZoetropeError):
    """The server refused a request. `status` is HTTP's, `code` is the server's word for the reason, such as "run_ended"."""

    def __init__(self, message, status=0, code="", after=None):
        super().__init__(message)
        self.status, self.code, self.after = status, code, after
        self.layer = None  # the one that was refused, of an epoch
        self.at = {}  # the value that was refused: field, name, index and id, where the server says it

    @property
    def final(self):
        """Reports whether the same request would be refused whenever it is sent."""
        return self.status in (400, 409, 413, 415, 422) and self.code not in ("run_ended", "run_superseded", "run_active", "incomplete", "frames_missing")


class Unreachable(ZoetropeError):
    """No server answered."""


# ---------------------------------------------------------------------------------------------------------------------
# The training's side: what users call.


def init(experiment="default", name=None, params=None, resume="allow", *, url=None, token=None, dir=None, mode=None,
         tags=None, notes=None, change=None, strict=False, spool_limit=2 << 30, wait=5.0):
    """Starts a run, or goes on with one, and returns it as a `Run`.

    experiment, name: name the run; no name makes a new one from the time.
    params: the settings of the training: a dict, an argparse.Namespace or a dataclass. A resumed run must be given the
        same ones as before, or none; those that say how long to train (epochs, max_steps and the like) may be others.
    change: names of further params that may be others than before when the run is resumed, which then takes the new ones.
    resume: "allow" goes on with a run of this name if there is one, "must" insists that there is, "never" that there is not.
    url, token: of the server; by default $ZOETROPE_URL and $ZOETROPE_TOKEN, or the file that $ZOETROPE_TOKEN_FILE names.
    dir: the spool folder; by default $ZOETROPE_DIR, or a folder of this user's (~/.local/state/zoetrope/spool).
    mode: "online", "offline" or "disabled"; by default $ZOETROPE_MODE, or "online".
    strict: raise errors instead of noting them.
    spool_limit: how many bytes may wait on the disk. What is beyond is refused, with a warning.
    wait: for how many seconds init waits for the server's answer.

    A run that the server refuses (it has other params, its name is taken) raises `Refused`: nothing has been trained yet.
    A server that is away does not: the training goes on, and everything is sent when it is there.
    """
    mode = mode or os.environ.get("ZOETROPE_MODE") or "online"
    if mode not in ("online", "offline", "disabled"):
        raise ValueError(f'mode {mode!r}: want "online", "offline" or "disabled"')
    if resume not in ("allow", "must", "never"):
        raise ValueError(f'resume {resume!r}: want "allow", "must" or "never"')
    experiment, fresh = experiment or "default", not name
    if fresh and resume == "must":
        raise ValueError(f"resume is \"must\", but no name says which run of experiment {experiment!r}")
    name = name or time.strftime("%Y-%m-%d_%H-%M-%S-") + secrets.token_hex(2)
    _check_name("experiment", experiment)
    _check_name("name", name)
    if "/" in experiment:
        raise ValueError(f"experiment {experiment!r}: a slash separates experiment and name, so an experiment has none")
    body = {"experiment": experiment, "name": name, "resume": resume}
    for key, value in ("params", _params(params)), ("tags", tags), ("notes", notes), ("change", change):
        if value is not None:
            body[key] = _plain(value)
    run = Run(experiment, name, mode, strict, _Server(url, token) if mode == "online" else None, url)
    if mode == "disabled":
        return run
    run._open(dir, spool_limit, body, fresh or resume == "never")
    if mode == "online":
        run._await_start(wait)
        _say(f"run {run.title}: {run.page}")
    else:
        _say(f"run {run.title} is written to {run._spool.path}; `python -m zoetrope sync` sends it")
    return run


def _guarded(method):
    """Keeps errors out of the training loop: the method notes them and returns False, or raises them when strict.

    A method returns what it has refused of its arguments, if anything; it has logged the rest.
    """

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        if self.mode == "disabled":
            return True
        try:
            self._raise_unraised()
            self._check_usable()
            return self._say_refused(method(self, *args, **kwargs))
        except _NotSetUp:
            raise
        except OSError as e:
            return self._say_refused([self._not_written(e)])
        except Exception as e:
            return self._say_refused([e])

    return call


def _set_up(method):
    """Lets a mistake in the call raise: it belongs to the set-up of the training, which has not begun. A value that cannot be
    stored, and a disk that is full, are no mistakes."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        if self.mode == "disabled":
            return True
        try:
            self._raise_unraised()
            self._check_usable()
        except ZoetropeError as e:
            return self._say_refused([e])
        try:
            refused = method(self, *args, **kwargs)
        except OSError as e:
            refused = [self._not_written(e)]
        except _NoRoom as e:
            refused = [e]
        return self._say_refused(refused)

    return call


class _NotSetUp(ZoetropeError):
    """A run is logged to that cannot be: the program has to be changed."""


class _NoRoom(ZoetropeError):
    """The spool, or its disk, is full."""


class _Values(ValueError):
    """Values of a column that were refused; the others were logged."""

    def __init__(self, message, count):
        super().__init__(message)
        self.count = count


@contextlib.contextmanager
def _collected(problems):
    """Keeps what goes wrong with one value from taking the others."""
    try:
        yield
    except Exception as e:
        problems.append(e)


def _check_count(rows, what, n):
    """Checks a number of rows; where it is not known how many are wanted, they are as many from then on."""
    if rows[0] is None:
        rows[:] = n, f"{what} has {{}}"
    if n != rows[0]:
        raise ValueError(f"{what} has {n} rows, but {rows[1].format(rows[0])}: want one row per sample, or ids= for some of them")


class Run:
    """One training that is being logged. `init` makes it.

    It ends with `finish`, `stop` or `fail`; as a context manager (`with zoetrope.init(...) as run:`) by itself: finished,
    or failed with the exception. A program that ends without a word ends its runs in the same way, as what ended it: an
    exception or sys.exit with a code fails them, SIGTERM, SIGHUP and Ctrl-C stop them, and all else finishes them.

    `id` is the server's name for the run, None until it has answered. `last_epoch` and `last_step` are where a run was
    when it was resumed, None for a new one. `errors` are what went wrong so far; `pending` is how many messages have not
    been sent yet.
    """

    def __init__(self, experiment, name, mode, strict, server, url):
        self.experiment, self.name, self.mode, self.strict = experiment, name, mode, strict
        self.id = None
        self.last_epoch = self.last_step = None
        self.errors = []
        self._url = server.url if server else _address(url)
        self._server = server
        self._state = "running"
        self._known = None  # how many samples the run has, where that is certain
        self._ids = {}  # the samples of this session, in order, and whether they could be added
        self._has_samples = False  # or somebody has tried to add some
        self._limits = dict(_LIMITS)
        self._step = None  # the last one that was logged
        self._watched = []
        self._warned = set()
        self._unraised = None  # the first error of the background, for strict
        self._owner = self._process = os.getpid()
        self._spool = self._sender = None
        self._uncaught = getattr(sys, "last_value", None)
        self._stored = collections.Counter()  # epochs, samples and steps of metrics
        self._refused = self._turned_down = 0  # values or messages: by calls or the server, and by the server

    def _open(self, dir, limit, body, certain):
        """Makes the spool, with the start of the run as its first message, and starts to send."""
        info = {"url": self._url, "experiment": self.experiment, "name": self.name, "mode": self.mode}
        self._spool, problem = _Spool.create_somewhere(dir, info, limit)
        if problem:
            self._note(problem)
        if certain:
            self._known = 0
        if self._server:
            self._server.client = _client(self._spool.info)
        self._sender = _Sender(self)
        self._sender.put("start", body)
        _open_runs.add(self)
        _exits.begin()
        if self.mode == "online":
            self._sender.thread.start()

    def _await_start(self, wait):
        """Waits for the server's first answer. A refusal ends the run before it has begun."""
        refusal = self._sender.await_start(wait)
        if refusal is not None:
            self._state = "refused"
            self._sender.close()
            self._spool.close(delete=True, whatever=True)
            self._leave()
            raise refusal

    # What is logged.

    @_set_up
    def add_samples(self, ids=None, labels=None, images=None, metadata=None, *, max_side=256):
        """Adds the samples that are embedded at every epoch: once, in the order of the rows that `log` is given.

        ids: strings or numbers that stay the same from run to run; by default 0, 1, 2, …
        labels: their classes, as strings or numbers.
        images: pictures to show: n×height×width or n×height×width×channels (or channels first, as PyTorch has them),
            bytes or other numbers, which are taken as 0…1, as 0…255, or else scaled to that, all in the same way; a list may have
            images of different sizes, PIL's too, PNG files as bytes, and None. Pictures with a side longer than max_side are made
            smaller.
        metadata: a list of dicts, one per sample, or a dict of columns, or a pandas.DataFrame. Times become ISO 8601; None, NaN,
            NaT and pandas.NA are no value.

        What the run has already, as when it is resumed, may be added again. A mistake, such as columns of several lengths,
        raises at once. A value that a server cannot store, such as a label of more than 1 KiB, is left out with a warning, and
        so is a sample without an id that it can store; `log` leaves out its rows too.
        """
        self._has_samples = True
        n, refused = _count(ids=ids, labels=labels, images=images, metadata=metadata), []
        given = [str(i) for i in range(n)] if ids is None else _sound("ids", ids, self._limits["id_bytes"], refused, empty=False)
        twice = [i for i, k in collections.Counter(i for i in given if i).items() if k > 1]
        if twice:
            raise ValueError(f"sample {twice[0]!r} is given twice: each needs an id of its own")
        columns = {"id": given}
        if labels is not None:
            columns["label"] = _sound("labels", labels, self._limits["label_bytes"], refused, given)
        if images is not None:
            columns["thumbnail"] = _thumbnails(images, max_side, self._limits["thumbnail_bytes"], refused, given)
        if metadata is not None:
            columns["metadata"] = _sound_records(_records(metadata, n), self._limits["metadata_bytes"], refused, given)
        rows = [{k: v for k, v in zip(columns, row) if v not in (None, "", {}) or k == "id"} for row in zip(*columns.values())]
        for batch in _batches([row for row in rows if row["id"]], n):
            self._put("samples", {"samples": batch})
        with self._sender.cond:
            for k, i in enumerate(given):
                self._ids[i or ("refused", len(self._ids), k)] = bool(i)
        return refused

    @_guarded
    def log(self, epoch, layers=None, predictions=None, losses=None, confidences=None, metrics=None, step=None, ids=None):
        """Logs one epoch, whole. The same epoch again replaces it; epochs may come in any order; 0 is before training.

        layers: a dict from the name of a layer to its vectors, one row per sample (n×d; of more dimensions, all but the
            first are flattened).
        predictions, losses, confidences: what the network said of each sample: a class as text or number, and numbers.
        metrics: a dict of numbers, such as {"loss": 0.3, "accuracy": 0.9}. NaN and infinities are kept.
        step: the optimiser's step; by default the last one of `log_metrics`, or the epoch.
        ids: the samples that the rows are of, when they are not all samples in the order in which they were added.

        What cannot be logged, such as a layer that has NaN, is left out, and the rest is logged; it returns False then.
        """
        refused = []
        if ids is not None:
            ids = _sound("ids", ids, self._limits["id_bytes"], refused, empty=False)
            if not all(self._ids.values()):
                refused = []  # add_samples has said it
        frames = [(name, v, ids) for name, v in (layers or {}).items()]
        outputs = {"predictions": predictions, "losses": losses, "confidences": confidences}
        return self._log(epoch, frames, outputs, ids, metrics, step, refused)

    @_guarded
    def log_metrics(self, step, metrics):
        """Logs numbers at a step of the optimiser, in the middle of an epoch. The same name and step again replaces."""
        refused, step = [], _whole("step", step)
        values = _metrics(metrics, self._limits["metric_bytes"], refused)
        if values or not refused:
            self._sender.put_metrics(step, values)
            self._step = step
        return refused

    @_guarded
    def truncate_after(self, epoch):
        """Removes every later epoch, and the metrics logged since; -1 removes all. Call it when going back to a checkpoint."""
        self._put("truncate", {"after": epoch if epoch == -1 else _whole("epoch", epoch)})
        self._step = None

    @_set_up
    def watch(self, model, layer, probes, *, ids=None, targets=None, classes=None, batch_size=256, batch_dim=0, call=None):
        """Embeds probes at each `epoch_end`: logs what a named module of a PyTorch model gives for them.

        layer: a name of `model.named_modules()`, such as "fc1" or "encoder.layers.3"; a list of names; or a dict from names on
            the map to those of modules, as where two models have a module of one name.
        probes: the inputs, one per sample: a tensor or an array; a tuple of them, for a model of several inputs; a dict,
            for one that takes them by name.
        ids: the samples that the probes are of, when they are not all samples in their order. Watched again with other ids, a
            layer has the vectors of both.
        targets, classes: if either is given, the model's output is taken as the logits of classes: predictions and
            confidences are logged and, where targets has the right classes' numbers, losses (cross-entropy) and the metric
            accuracy. classes are the classes' names.
        batch_size: how many probes are embedded at a time.
        batch_dim: which dimension of the layer's output is that of the probes: 1 for a sequence-first layer, such as an nn.LSTM
            without batch_first. An output that has something else there is refused.
        call: which call of the module is meant, from 0, where a forward pass calls it several times; otherwise the last one is
            taken, with a warning.

        The model is in eval mode meanwhile and gets no gradients; its modes, buffers and attributes and the random generators
        are put back as they were, so that training goes on as if nothing had happened. There is no hook on the model outside
        of `epoch_end`. A DistributedDataParallel, DataParallel or compiled model is watched without what wraps it, so that one
        rank can embed by itself; a model sharded by FSDP cannot be watched.

        A mistake raises at once, as here nothing has been trained yet.
        """
        names = {layer: layer} if isinstance(layer, str) else dict(layer) if hasattr(layer, "keys") else {name: name for name in _listed(layer)}
        ids = None if ids is None else _texts(ids, "ids")
        w = _Watch(model, names, probes, ids, targets, classes, batch_size, batch_dim, call)
        self._check_probes(w)
        taken = [(other, name) for other in self._watched for name in w.modules if name in other.modules]
        for other, name in taken:
            if not w.repeats(other):
                other.check_apart(w, f"layer {name!r} is watched already")
        if w.judges:
            for other in self._watched:
                if other.judges and w.ids != other.ids:
                    other.check_apart(w, "another watch has targets or classes")
        for other, name in taken:
            if w.repeats(other):
                del other.modules[name]
        self._watched[:] = [other for other in self._watched if other.modules] + [w]

    @_set_up
    def unwatch(self):
        """Forgets all that is watched."""
        self._watched.clear()

    def _check_probes(self, w):
        """Checks the samples of probes, as far as the run's are known here."""
        if not self._ids or self._known is None:
            return
        n = self._known + len(self._ids)
        if w.ids is None and w.n != n:
            raise ValueError(f"there are {w.n} probes, and the run has {n} samples: want a probe for each, or ids= for some of them")
        unknown = [i for i in w.ids or () if i not in self._ids]
        if unknown and not self._known:
            raise ValueError(f"the run has no sample {unknown[0]!r}: add it with add_samples before it is watched")

    @_guarded
    def epoch_end(self, epoch, metrics=None, step=None, **more):
        """Embeds the probes that are watched and logs the epoch, with metrics: `run.epoch_end(3, loss=0.2)`.

        What cannot be logged, such as a layer that has NaN or a forward pass that fails, is left out, and the rest is logged.
        """
        epoch = _whole("epoch", epoch)
        metrics = {**(metrics or {}), **more}
        frames, outputs, problems = {}, [], []
        for w in self._watched:
            with _collected(problems):
                seen, said, some = w.embed()
                problems += some
                for name, vectors in seen.items():
                    frames.setdefault(name, []).append((vectors, w.ids))
                if said:
                    outputs.append((said, w.ids))
            for remark in w.remarks():
                self._note(remark)
        joined = []
        for name, parts in frames.items():
            with _collected(problems):
                joined.append((name, *_join_frames(name, parts)))
        said, ids = _join_outputs(outputs)
        right = said.pop("right", None)
        if right is not None and not np.isnan(right).all():
            metrics.setdefault("accuracy", float(np.nanmean(right)))
        return self._log(epoch, joined, said, ids, metrics, step, problems)

    def _log(self, epoch, frames, outputs, ids, metrics, step, refused=()):
        """Logs what can be logged of an epoch. It returns what was refused of it."""
        epoch, refused, limits = _whole("epoch", epoch, self._limits["epoch"]), list(refused), self._limits
        outputs = {key: value for key, value in outputs.items() if value is not None}
        if (frames or outputs) and self._known == 0 and not self._has_samples:
            raise _NotSetUp(f"run {self.title} has no samples: call add_samples once, before the training, with one for each row that is logged")
        body, kept, said, rows, memory = {"step": self._step_of(epoch, step)}, [], {}, self._rows(ids), limits["memory_bytes"]
        for name, value, own in frames:
            with _collected(refused):
                _check_name_of("layer", name, limits["layer_bytes"])
                if len(kept) >= limits["layers"]:
                    raise ValueError(f"layer {name!r} is one too many: an epoch has at most {limits['layers']}")
                vectors = _vectors(value, f"layer {name!r}", own or list(self._ids))
                _check_count(rows if own == ids else self._rows(own), f"layer {name!r}", len(vectors))
                if vectors.shape[1] > limits["columns"]:
                    raise ValueError(f"layer {name!r} has {vectors.shape[1]} columns, at most {limits['columns']} are allowed: choose some, or their means")
                memory -= 2 * vectors.nbytes  # the server has it twice, while it puts its parts together
                if memory < 0:
                    memory += 2 * vectors.nbytes
                    raise ValueError(f"layer {name!r} is of {_size(vectors.nbytes)}, and the layers of an epoch of at most {_size(limits['memory_bytes'] / 2)} are "
                                     "allowed, together: log fewer of them, or of their columns, or start the server with more memory")
                some, own = self._stored_rows(own, len(vectors))
                kept.append((name, vectors if some is None else vectors[some], own))
        for key, value in outputs.items():
            with _collected(refused):
                if key == "predictions":
                    column = _sound(key, value, limits["prediction_bytes"], refused, ids or list(self._ids))
                else:
                    column = _sound_numbers(key, value, refused, ids or list(self._ids))
                _check_count(rows, key, len(column))
                said[key] = column
        body["layers"] = [name for name, _, _ in kept]
        if said:
            with _collected(refused):
                some, own = self._stored_rows(ids, rows[0])
                said = {key: column if some is None else [column[k] for k in some] for key, column in said.items()}
                said = said if own is None else {**said, "ids": own}
                size = len(_json(said))
                if size > limits["json_bytes"] - (1 << 20):
                    raise ValueError(f"{', '.join(said)} are of {_size(size)} together, and requests of at most {_size(limits['json_bytes'])} are allowed: log fewer of them")
                body["outputs"] = said
        if metrics:
            with _collected(refused):
                values = _metrics(metrics, limits["metric_bytes"], refused)
                if values:
                    body["metrics"] = values
        if kept or body.keys() & {"outputs", "metrics"} or not refused:
            self._put("epoch", body, epoch, [part for f in kept for part in _parts(*f, limits["frame_bytes"])])
        return refused

    def _stored_rows(self, ids, n):
        """Returns which of n rows are of samples that could be added, and their ids; None for all, as they are given."""
        names = list(self._ids) if ids is None else ids
        some = [k for k, i in enumerate(names) if i and self._ids.get(i, True)]
        if len(some) == len(names) or len(names) != n:
            return None, ids
        if not some:
            raise ValueError("the run could not be given one of these samples")
        return some, [names[k] for k in some]

    def _rows(self, ids):
        """Returns how many rows are wanted and why; the number is None where that is not known yet."""
        if ids is not None:
            return [len(ids), "there are {} ids"]
        if self._known is not None and self._ids:
            return [self._known + len(self._ids), "the run has {} samples"]
        return [None, ""]

    def _step_of(self, epoch, step):
        if step is not None:
            self._step = _whole("step", step)
        return epoch if self._step is None else self._step

    def _put(self, kind, body, epoch=None, parts=()):
        self._sender.put(kind, body, epoch, parts)

    # How it ends.

    def flush(self, timeout=None):
        """Waits until everything is sent. It reports whether all that was logged is stored; with a timeout in seconds, it may not be."""
        if self.mode == "disabled" or self._owner != os.getpid():
            return True
        if self._sender.thread.is_alive():
            self._sender.drain(timeout, math.inf)
        return not self.pending and not self._turned_down

    def finish(self, timeout=60.0):
        """Ends the run, after sending what waits. What cannot be sent in time stays on the disk for `sync`.

        A server that is away is not waited for any longer than 5 seconds. It says in a line how much is stored, was refused
        and waits, and reports whether all is stored: nothing waits, and nothing was refused, by the server or by a call.
        """
        return self._end("finish", {}, timeout)

    def stop(self, timeout=60.0):
        """Ends the run as interrupted on purpose; otherwise as `finish`."""
        return self._end("stop", {}, timeout)

    def fail(self, cause, timeout=60.0):
        """Ends the run as failed, with the cause; otherwise as `finish`."""
        return self._end("fail", {"cause": str(cause)[:2000]}, timeout)

    def _leave(self):
        _open_runs.discard(self)
        if not _open_runs:
            _exits.end()

    def _end(self, how, body, timeout, patience=5.0):
        if self.mode == "disabled" or self._owner != os.getpid() or self._state != "running":
            return True
        try:
            self._spool.info["end"] = [how, body]
            with contextlib.suppress(OSError):
                self._spool.save()
            self._sender.put(how, body, whatever=True)
            self._state = how
            if self._sender.thread.is_alive():
                self._sender.drain(timeout, patience)
        except OSError as e:
            self._note(ZoetropeError(f"run {self.title} could not be ended: {e}"))
        finally:
            self._state = how
            self._close()
        if self.strict:
            self._raise_unraised()
        return not self.pending and not self._refused

    def _close(self):
        self._leave()
        self._sender.close()
        try:
            self._spool.settle()
        except OSError as e:
            self._note(ZoetropeError(f"that run {self.title} has ended could neither be sent nor written: {e}"))
        left, aside = len(self._spool.queue), len(self._spool.refused())
        stored = ", ".join(f"{self._stored[kind]} {what}{'' if self._stored[kind] == 1 else 's'}" for kind, what in
                           (("epoch", "epoch"), ("samples", "sample"), ("metrics", "metric step")) if self._stored[kind] or kind == "epoch")
        said = f"run {self.title}: {stored} stored; {self._refused} refused; {left} waiting"
        if aside:
            said += f". What the server refused is kept in {self._spool.path / 'refused'}, with the reasons; `python -m zoetrope sync --refused` sends it again"
        if left and self.mode == "online":
            said += (f". {left} messages of run {self.title} ({_size(self._spool.bytes)}) could not be sent yet. They are kept in "
                     f"{self._spool.path}; `python -m zoetrope sync` sends them")
        _say(said)
        self._spool.close(delete=not left and not aside)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._end(*_ending(error), 60.0)
        return False

    def _exit(self):
        """Ends the run when the interpreter ends."""
        error = getattr(sys, "last_value", None)
        if hasattr(sys, "ps1") or getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)() is not None:
            error = KeyboardInterrupt()
        elif error is self._uncaught:
            error = SystemExit(*_exits.left) if _exits.left else None
        with contextlib.suppress(KeyboardInterrupt):
            self._end(*_ending(error), 10.0, 2.0)

    # How it is looked at.

    @property
    def title(self):
        """The run as people call it: experiment/name."""
        return f"{self.experiment}/{self.name}"

    @property
    def page(self):
        """The address of the run's map."""
        return f"{self._url}/?run={urllib.parse.quote(self.id or self.title, safe='/')}"

    @property
    def pending(self):
        """How many messages wait on the disk."""
        return len(self._spool.queue) if self._spool else 0

    def show(self, height=600):
        """Prints the address of the run's map and returns what a notebook displays: a link, and the page in a frame, for which
        the server is started with `--allow-frame http://localhost:8888`, or whatever the notebook's origin is."""
        _say(f"run {self.title}: {self.page}")
        return _Page(self.page, self.title, height)

    def _repr_html_(self):
        return _Page(self.page, self.title, 600)._repr_html_()

    def __repr__(self):
        return f"<zoetrope run {self.title!r}, {self._state}, {self.page}>"

    def __reduce__(self):  # a copy, and what a worker that is spawned gets, is a run that cannot be logged to or ended
        return _elsewhere, (self.experiment, self.name, self.mode, self._url, self.id, self._process)

    # What goes wrong.

    def _not_written(self, e):
        return _NoRoom(f"{self._spool.path} cannot be written ({e.strerror or e}): this is NOT logged. Make room on that disk, or choose another with dir= or $ZOETROPE_DIR")

    def _say_refused(self, refused):
        """Counts and notes what a call has refused; when strict, raises the first of it. It reports whether there is nothing."""
        for k, e in enumerate(refused or ()):
            self._refused += getattr(e, "count", 1)
            if k or not self.strict:
                self._note(e)
        if refused and self.strict:
            raise refused[0]
        return not refused

    def _check_usable(self):
        if not self._owner:
            raise ZoetropeError(f"this is a copy of run {self.title}, which process {self._process} logs: log there, to what zoetrope.init has returned")
        if self._owner != os.getpid():
            raise ZoetropeError(f"run {self.title} belongs to process {self._owner}, and this is process {os.getpid()}: log there")
        if self._state != "running":
            raise ZoetropeError(f"run {self.title} has ended ({self._state}): call zoetrope.init again to go on with it")

    def _raise_unraised(self):
        if self.strict and self._unraised is not None:
            error, self._unraised = self._unraised, None
            raise error

    def _note(self, error, background=False):
        """Keeps an error, and says it if it is the first of its kind."""
        if not isinstance(error, Exception):
            error = ZoetropeError(str(error))
        if len(self.errors) < 1000:
            self.errors.append(error)
        if background and self._unraised is None:
            self._unraised = error
        kind = type(error).__name__ + re.sub(r"(?<![\w.])\d+", "#", str(error))  # fc1 and fc2 are two layers, epochs 1 and 2 one kind
        if kind not in self._warned and len(self._warned) < 100:
            self._warned.add(kind)
            what = str(error) if isinstance(error, (ZoetropeError, ValueError, OSError)) else f"{type(error).__name__}: {error}"
            _say(f"run {self.title}: {what}")


def _elsewhere(experiment, name, mode, url, id, process):
    run = Run(experiment, name, mode, False, None, url)
    run.id, run._process = id, process
    run._owner = 0  # no process: another machine, or a later process, may have the number of the one that logs
    return run


def _ending(error):
    """Returns how a run ends that an exception has ended, or none."""
    if isinstance(error, SystemExit):
        if not error.code:
            return "finish", {}
        signals = 128 + signal.SIGINT, 128 + signal.SIGTERM, 128 + getattr(signal, "SIGHUP", signal.SIGTERM)  # as shells count them
        if error.code in signals:
            return "stop", {}
        return "fail", {"cause": f"exit code {error.code}" if isinstance(error.code, int) else f"exit code 1: {error.code}"[:2000]}
    if error is None:
        return "finish", {}
    if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        return "stop", {}
    return "fail", {"cause": "".join(traceback.format_exception_only(type(error), error)).strip()[:2000]}


class _Exit(SystemExit):
    """What sys.exit raises while a run is open. Who catches it goes on, and then the program has not ended with its code:
    where nobody did, it is thrown away in no frame of Python's."""

    def __del__(self):
        if sys._getframe().f_back is not None:
            _exits.left = None


class _Exits:
    """Watches how the program ends, while runs are open: Python tells programs of exceptions, but not of sys.exit or signals."""

    def __init__(self):
        self.left = None  # the arguments of the sys.exit that ends the program
        self.wrapped = []  # (module, name, what was there, what is there now)
        self.handlers = {}

    def begin(self):
        if not self.wrapped:
            for module, name in (sys, "exit"), (builtins, "exit"), (builtins, "quit"):
                if hasattr(module, name):
                    before = getattr(module, name)
                    now = functools.partial(self._exit) if module is sys else _Quitter(self._exit, repr(before))
                    self.wrapped.append((module, name, before, now))
                    setattr(module, name, now)
        for name in "SIGTERM", "SIGHUP":
            with contextlib.suppress(AttributeError, ValueError):  # there is none, or this is not the main thread
                number = getattr(signal, name)
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self._signal)
                    self.handlers[number] = self._signal

    def end(self):
        """Puts back what is still as `begin` has left it."""
        for module, name, before, now in self.wrapped:
            if getattr(module, name, None) is now:
                setattr(module, name, before)
        self.wrapped = []
        for number, handler in list(self.handlers.items()):
            with contextlib.suppress(ValueError):
                if signal.getsignal(number) == handler:
                    signal.signal(number, signal.SIG_DFL)
                del self.handlers[number]

    def _exit(self, *code):
        if threading.current_thread() is not threading.main_thread():
            raise SystemExit(*code)  # it ends the thread
        self.left = code
        raise _Exit(*code)

    def _signal(self, number, frame):
        """Ends the runs as stopped, and then the program, as the signal would have without us."""
        for run in list(_open_runs):
            with contextlib.suppress(Exception):
                run._end("stop", {}, 5.0, 2.0)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


class _Quitter:
    """The exit and quit of interactive sessions."""

    def __init__(self, exit, text):
        self.exit, self.text = exit, text

    def __call__(self, code=None):
        self.exit(code)

    def __repr__(self):
        return self.text


_exits = _Exits()


class _Page:
    """A map in a notebook: a frame with the server's page, and a link to it.

    Browsers show the frame if the server was started with `zoetrope serve --allow-frame ORIGIN`, with the notebook's origin,
    such as http://localhost:8888. The link always works.
    """

    def __init__(self, address, title, height):
        self.address, self.title, self.height = address, title, _whole("height", height)

    def _repr_html_(self):
        address, title = html.escape(self.address, quote=True), html.escape(self.title, quote=True)
        return (f'<p><a href="{address}" target="_blank" rel="noopener noreferrer">{title}</a></p>'
                f'<iframe src="{address}" title="{title}" width="100%" height="{self.height}" style="border:0"></iframe>')

    def __repr__(self):
        return self.address


_open_runs = set()


@atexit.register
def _at_exit():
    for run in list(_open_runs):
        run._exit()


def _after_fork():
    """In a forked child: leaves the parent's runs to the parent."""
    for run in list(_open_runs):
        run._sender.cond = threading.Condition(threading.RLock())
        for spool in (run._spool, *run._sender.before, *run._sender.others):
            spool.leave()
    _open_runs.clear()
    _exits.end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# ---------------------------------------------------------------------------------------------------------------------
# PyTorch.


class _Watch:
    """A model's named layers, and the probes to embed. PyTorch is not imported: who has a model has it already."""

    def __init__(self, model, names, probes, ids, targets, classes, batch_size, batch_dim, call):
        if not hasattr(model, "named_modules"):
            raise ValueError(f"model is a {type(model).__name__}: want a torch.nn.Module")
        self.model = model
        while _inside(self.model) is not None:
            self.model = _inside(self.model)
        _refuse_sharded(self.model)
        self.modules = {name: _named_module(self.model, of) for name, of in names.items()}
        if not self.modules:
            raise ValueError("no layer is named: watch at least one")
        for name, module in self.modules.items():
            if any(c.__name__ == "ScriptModule" for c in type(module).__mro__):
                raise ValueError(f"layer {name!r} is compiled by TorchScript, which calls no hook: watch the model that was compiled, or another layer")
        self.args, self.named, self.n = _inputs(probes)
        self.ids = ids
        self.batch_dim = _whole("batch_dim", batch_dim)
        self.call = None if call is None else _whole("call", call)
        self.batches = list(_cut(self.n, max(1, _whole("batch_size", batch_size))))
        self.classes = None if classes is None else _texts(classes, "classes")
        self.targets = None if targets is None else _class_numbers(targets, self.classes, self.n)
        if ids is not None and len(ids) != self.n:
            raise ValueError(f"there are {self.n} probes, and {len(ids)} ids")
        try:
            inspect.signature(self.model.forward).bind(*self.args, **self.named)
        except TypeError as e:
            raise ValueError(f"the model cannot take these probes: {e}. A tuple of probes is several inputs of the model, a dict are "
                             "inputs by name; torch.stack(probes) makes one input of a list of samples") from None
        except ValueError:
            pass  # a forward without a signature

        self.calls = {}  # of modules that are called several times in a forward pass

    def repeats(self, other):
        """Reports whether it is another's model and probes again, as where a notebook's cell is run twice."""
        mine, others = [*self.args, *self.named.values()], [*other.args, *other.named.values()]
        return (self.model is other.model and self.ids == other.ids and list(self.named) == list(other.named)
                and len(mine) == len(others) and all(x is y for x, y in zip(mine, others)))

    def check_apart(self, other, what):
        """Checks that two watches are of different samples."""
        both = None if None in (self.ids, other.ids) else set(self.ids) & set(other.ids)
        if both is None:
            raise ValueError(f"{what}: give ids= to both if they are of different samples, give the layers other names with a dict if they "
                             "are of different models, or call unwatch")
        if both:
            raise ValueError(f"{what}, for sample {min(both)!r} too: a sample has one vector in a layer, so give the layers other names with a "
                             "dict, or call unwatch")

    def remarks(self):
        """Returns what is said once of the layers."""
        calls, self.calls = self.calls, dict.fromkeys(self.calls, 0)
        return [f"the model's forward pass calls its layer {name!r} {n} times, and the last call's output is taken: say which with call=0 "
                f"to call={n - 1}" for name, n in calls.items() if n]

    @property
    def judges(self):
        """Whether it says what the model says of the probes."""
        return self.targets is not None or self.classes is not None

    def embed(self):
        """Returns the layers' vectors, what the model says of the probes, and what could not be had, as exceptions."""
        torch = sys.modules["torch"]
        _refuse_sharded(self.model)
        seen, said = {name: [] for name in self.modules}, []
        with _undisturbed(torch, self.model), torch.no_grad():
            for rows, keep in self.batches:
                caught = {name: _Caught(self.call) for name in self.modules}
                with contextlib.ExitStack() as hooks:
                    for name, module in self.modules.items():
                        hooks.callback(module.register_forward_hook(caught[name].hook).remove)
                    out = self._forward(torch, rows)
                count = len(range(*rows.indices(self.n))) if isinstance(rows, slice) else len(rows)
                for name in self.modules:
                    seen[name].append((count, keep, caught[name]))
                if self.judges and keep:
                    said.append((count, _logits(out)))
        frames, outputs, problems = {}, {}, []
        for name, batches in seen.items():
            try:
                frames[name] = self._frame(name, batches)
            except ZoetropeError as e:
                problems.append(e)
        try:
            outputs = self._judge(said) if self.judges else {}
        except ZoetropeError as e:
            problems.append(e)
        return frames, outputs, problems

    def _forward(self, torch, rows):
        like = next(iter(self.model.parameters()), None)

        def batch(x):
            if not hasattr(x, "shape"):
                return x
            x = x[rows]
            x = x if hasattr(x, "detach") else torch.as_tensor(x)
            if like is not None:
                x = x.to(like.device, like.dtype) if x.is_floating_point() and like.is_floating_point() else x.to(like.device)
            return x

        return self.model(*map(batch, self.args), **{k: batch(v) for k, v in self.named.items()})

    def _frame(self, name, batches):
        """Returns a layer's outputs as n×d. Batches of two lengths tell which dimension is that of the probes."""
        calls = max(c.count for _, _, c in batches)
        if not calls:
            parent = name.rpartition(".")[0]
            raise ZoetropeError(f"the model's forward pass does not call its layer {name!r}: watch another one" + (f", such as {parent!r}" if parent else ""))
        if self.call is None and calls > 1:
            self.calls.setdefault(name, calls)
        if self.call is not None and self.call >= min(c.count for _, _, c in batches):
            raise ZoetropeError(f"the model's forward pass calls its layer {name!r} {calls} times, and call={self.call} asks for one more: the first is call=0")
        for _, _, c in batches:
            if isinstance(c.output, Exception):
                raise ZoetropeError(f"layer {name!r}: {c.output}") from c.output
        shapes = [(count, c.output.shape) for count, _, c in batches]
        k = self.batch_dim
        if not _leads(shapes, k):
            count, shape = shapes[0]
            others = [d for d in range(min(len(s) for _, s in shapes)) if _leads(shapes, d)]
            remedy = f"dimension {others[0]} is: watch it with batch_dim={others[0]}" if others else "none is: watch a layer whose output has a row for each probe"
            raise ZoetropeError(f"layer {name!r} gives a tensor of shape {tuple(shape)} for {count} probes, and its dimension {k} is not that of the probes; {remedy}")
        rows = [np.moveaxis(c.output, k, 0) for _, keep, c in batches if keep]
        for r in rows:
            if r.shape[1:] != rows[0].shape[1:]:
                raise ZoetropeError(f"layer {name!r} gives a tensor of shape {rows[0].shape[1:]} for a probe, and of {r.shape[1:]} for one in another batch: "
                                    "pad the probes to one length, or watch a layer after the pooling")
        return np.concatenate([r.reshape(len(r), -1) for r in rows])

    def _judge(self, batches):
        """Returns predictions, confidences and, where the classes are known, losses by the softmax, and which are right."""
        for count, z in batches:
            if not isinstance(z, np.ndarray):
                raise ZoetropeError(f"the model's output is {type(z).__name__}, no tensor: leave targets and classes out")
            if z.shape[:1] != (count,) or z.ndim > 2:
                raise ZoetropeError(f"the model's output is no n×classes matrix but {z.shape} for {count} probes: leave targets and classes out")
        z = np.concatenate([z.reshape(count, -1) for count, z in batches]).astype(np.float64)
        if z.shape[1] == 1:
            z = np.concatenate([np.zeros_like(z), z], axis=1)  # one logit is that of class 1 of 0 and 1
        whole = np.isfinite(z).all(axis=1)  # of a network that diverged, nothing is said
        z[~whole] = 0
        z -= z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        best = log_p.argmax(axis=1)
        rows = np.arange(len(z))
        named = self.classes or ()
        outputs = {
            "predictions": [(named[i] if i < len(named) else str(i)) if ok else "" for i, ok in zip(best.tolist(), whole)],
            "confidences": np.where(whole, np.exp(log_p[rows, best]), np.nan),
        }
        if self.targets is None:
            return outputs
        if self.targets.max(initial=0) >= z.shape[1]:
            raise ZoetropeError(f"a target is class {self.targets.max()}, and the model's output has {z.shape[1]} classes, from 0")
        known = self.targets >= 0
        of = np.where(known, self.targets, 0)
        outputs["losses"] = np.where(whole & known, -log_p[rows, of], np.nan)
        outputs["right"] = np.where(known, whole & (best == of), np.nan)
        return outputs


def _join_frames(name, parts):
    """Returns a layer's vectors, and their ids, of all watches of it."""
    if len(parts) == 1:
        return parts[0]
    if len({v.shape[1] for v, _ in parts}) > 1:
        raise ZoetropeError(f"layer {name!r} has {' and '.join(str(v.shape[1]) for v, _ in parts)} columns for the probes of its watches: want as many for all")
    return np.concatenate([v for v, _ in parts]), [i for _, ids in parts for i in ids]


def _join_outputs(parts):
    """Returns what models say of the probes of all watches, and their ids; of the same probes, what the last one says."""
    last = {ids and tuple(ids): said for said, ids in parts}
    if len(last) < 2:
        return (dict(parts[-1][0]), parts[-1][1]) if parts else ({}, None)
    columns = {}
    for key in {key: None for said in last.values() for key in said}:  # in their order
        nothing = "" if key == "predictions" else math.nan
        columns[key] = [x for ids, said in last.items() for x in said.get(key, [nothing] * len(ids))]
    return columns, [i for ids in last for i in ids]


def _leads(shapes, k):
    """Reports whether dimension k is as long as each batch."""
    return all(len(shape) > k and shape[k] == count for count, shape in shapes)


def _cut(n, most):
    """Yields the rows of each batch, and whether they are kept. Batches are of two lengths, so that no other dimension of an
    output can be mistaken for that of the probes; where every batch is of one row, there is nothing to mistake.
    """
    ends = [*range(most, n, most), n]
    last = n - (ends[-2] if len(ends) > 1 else 0)
    if len(ends) > 1 and last == 1 and most > 3:
        ends[-2] -= 1  # a batch of one row is what models squeeze away
    elif last == min(most, n) and last >= 5:
        ends.insert(-1, n - 2)
    elif last == most > 1 or len(ends) == 1 and n > 1:
        yield (slice(0, last - 1) if last > 2 else [0, 1, 0]), False
    start = 0
    for end in ends:
        yield slice(start, end), True
        start = end


class _Caught:
    """What a module gave in one forward pass of the model: at one call, or at the last."""

    def __init__(self, call):
        self.call, self.count, self.output = call, 0, None

    def hook(self, module, inputs, output):
        if self.call in (None, self.count):
            try:
                self.output = _copy(output)  # at once: what follows may write into it
            except Exception as e:  # which would end the forward pass, and so take the other layers
                self.output = e
        self.count += 1


def _copy(output):
    tensor = _tensor(output)
    if tensor is None:
        raise ZoetropeError(f"its output is {type(output).__name__}, without a tensor")
    if getattr(tensor, "is_nested", False):
        raise ZoetropeError("its output is a nested tensor, whose rows are of different lengths: watch a layer after the padding")
    return np.array(_array(tensor), dtype=np.float32, copy=True)


def _tensor(output):
    """Returns the first tensor of a tuple, dict, dataclass or the like which is more than a column of numbers, or else the first."""
    found = list(_tensors(output))
    return next((t for t in found if len(t.shape) > 1), found[0] if found else None)


def _tensors(output):
    if hasattr(output, "detach"):
        yield output
    else:
        if hasattr(output, "values") and hasattr(output, "keys"):
            output = output.values()
        elif dataclasses.is_dataclass(output):
            output = [getattr(output, f.name) for f in dataclasses.fields(output)]
        elif not isinstance(output, (tuple, list)):
            return
        for part in output:
            yield from _tensors(part)


def _logits(out):
    """Returns the logits of a model's output: what it names so, or its first tensor."""
    if hasattr(out, "keys") and "logits" in out.keys():
        out = out["logits"]
    out = _tensor(getattr(out, "logits", out))
    return None if out is None else np.array(_array(out), dtype=np.float32, copy=True)


def _inputs(probes):
    """Returns the inputs of a model, in order and by name, and for how many samples they are."""
    args, named = (), {}
    if hasattr(probes, "keys") and hasattr(probes, "__getitem__") and not hasattr(probes, "__array__"):
        named = {k: _input(probes[k]) for k in probes.keys()}
    elif isinstance(probes, tuple) or isinstance(probes, list) and any(hasattr(v, "__array__") for v in probes):
        args = tuple(map(_input, probes))
    else:
        args = (_input(probes),)
    counts = {len(x) for x in (*args, *named.values()) if hasattr(x, "shape")}
    if len(counts) != 1 or 0 in counts:
        what = f"of {sorted(counts)} rows" if counts else "none"
        raise ValueError(f"the probes are {what}: want as many for each input, one for each sample")
    return args, named, counts.pop()


def _input(x):
    if hasattr(x, "detach") or x is None or isinstance(x, (bool, int, float, str)):
        pass
    elif hasattr(x, "__array__") or isinstance(x, (list, tuple)):
        try:
            x = np.asarray(x)
        except ValueError:
            raise ValueError("the probes are lists of different lengths: want a tensor or an array, a row for each sample") from None
    else:
        raise ValueError(f"the probes are a {type(x).__name__}: want tensors, such as torch.stack([x for x, _ in dataset])")
    if hasattr(x, "dtype") and isinstance(x, np.ndarray) and x.dtype.kind not in "fiubc":
        raise ValueError(f"the probes are of type {x.dtype}: want numbers")
    if hasattr(x, "shape") and len(x.shape) == 0:
        raise ValueError("the probes are one number: want a tensor or an array, a row for each sample")
    return x


def _class_numbers(targets, classes, n):
    """Returns the numbers of the classes, less than 0 where there is none. Names of classes are looked up."""
    t = _array(targets)
    if t.dtype.kind in "UO" and classes:
        number = {c: i for i, c in enumerate(classes)}
        texts = _texts(targets, "targets")
        unknown = [x for x in texts if x and x not in number]
        if unknown:
            raise ValueError(f"target {unknown[0]!r} is none of the classes{_near(unknown[0], classes)}")
        t = np.array([number.get(x, -1) for x in texts])
    if t.ndim == 2 and t.shape[1] == 1:
        t = t[:, 0]
    if t.ndim and len(t) != n:
        raise ValueError(f"there are {n} probes, and {len(t)} targets")
    if t.ndim != 1 or t.dtype.kind not in "fiub" or t.dtype.kind == "f" and not (np.isfinite(t) & (t == np.trunc(t))).all():
        raise ValueError(f"targets have shape {t.shape} and type {t.dtype}: want the number of a class for each probe, from 0; leave them out for other tasks")
    return t.astype(np.int64)


def _listed(layer):
    if not isinstance(layer, (list, tuple, set, frozenset)) or not all(isinstance(name, str) for name in layer):
        raise ValueError(f"layer is {str(layer)[:80]}: want a name of model.named_modules(), or a list of names")
    return layer


def _near(name, known):
    """Returns, for a message, which of the known names were probably meant."""
    forms = {}
    for k in known:
        for form in {k.lower(), k.lower().rpartition(".")[2]}:
            forms.setdefault(form, []).append(k)
    near = list(dict.fromkeys(k for form in difflib.get_close_matches(name.lower(), forms, 3, 0.5) for k in forms[form]))[:3]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def _named_module(model, name):
    modules = dict(model.named_modules(remove_duplicate=False))
    if isinstance(name, str) and name:
        for parts in name, name.replace("_orig_mod.", ""), re.sub(r"(^|\.)(module|_orig_mod)\.", r"\1", name):  # as a wrapped model has them
            if parts in modules and parts:
                return modules[parts]
        ends = [m for m in modules if m.endswith("." + name)]
        if len(ends) == 1:
            return modules[ends[0]]
    else:
        name, ends = str(name), []
    known = [m for m in modules if m]
    if ends:
        raise ValueError(f"the model has several modules {name!r}: say which of {', '.join(ends)}")
    shown = ", ".join(known[:30]) + (f" and {len(known) - 30} more" if len(known) > 30 else "")
    raise ValueError(f"the model has no module {name!r}: its modules are {shown}{_near(name, known)}")


_WRAPPERS = {"DataParallel", "DistributedDataParallel", "ShardedDataParallel", "DeepSpeedEngine", "_FabricModule"}
_SHARDED = {"FullyShardedDataParallel", "FSDPModule"}


def _inside(module):
    """Returns the model in a compiled one, where hooks do not fire, or in one that waits for the other ranks when it is
    called; None for any other module."""
    parts = getattr(module, "_modules", ())  # which are no dict in TorchScript
    inner = parts["_orig_mod"] if "_orig_mod" in parts else None
    if inner is None and any(c.__name__ in _WRAPPERS for c in type(module).__mro__):
        inner = getattr(module, "module", None)
    return inner


def _refuse_sharded(model):
    """Refuses a model whose forward pass all ranks must call together, and one that is not whole yet."""
    for name, m in model.named_modules():
        if any(c.__name__ in _SHARDED for c in type(m).__mro__):
            raise ValueError(f"the model is sharded by FSDP ({name or type(m).__name__}), so no rank can embed the probes alone: embed them on "
                             "all ranks in your own loop, and call run.log with the vectors")
    for name, p in model.named_parameters():
        if type(p).__name__ == "DTensor":
            raise ValueError(f"the model's {name} is distributed over ranks (DTensor), so no rank can embed the probes alone: embed them on "
                             "all ranks in your own loop, and call run.log with the vectors")
        if type(p).__name__ == "UninitializedParameter":
            raise ZoetropeError(f"the model's {name} has no shape before its first forward pass: call the model once before")


# What sends nn.TransformerEncoderLayer on its fused path in eval mode, where none of its modules is called, and nn.TransformerEncoder
# on that of nested tensors, where what is padding in a whole batch is cut off. PyTorch 2 has a switch for both besides.
_FUSED = ("activation_relu_or_gelu", "enable_nested_tensor", "use_nested_tensor")


@contextlib.contextmanager
def _undisturbed(torch, model):
    """Puts a model in eval mode and out of what wraps its parts, and afterwards everything back as it was.

    Modes are set without calling eval() or train(), which some models override to change their weights.
    """
    modules = list(model.modules())
    modes = [(m, m.training) for m in modules]
    attributes = [(d, dict(d)) for m in modules for d in (vars(m), vars(m).get("_buffers")) if isinstance(d, dict)]
    buffers = [(b, b._version, b.detach().clone()) for b in model.buffers() if not getattr(b, "is_inference", bool)()]
    cache = torch.is_autocast_cache_enabled() if hasattr(torch, "is_autocast_cache_enabled") else None
    attention = getattr(torch.backends, "mha", None)
    fast = attention.get_fastpath_enabled() if attention is not None else None
    generators = [(random.setstate, random.getstate()), (np.random.set_state, np.random.get_state()), (torch.set_rng_state, torch.get_rng_state())]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        generators.append((torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    if hasattr(torch, "mps") and torch.backends.mps.is_available():
        generators.append((torch.mps.set_rng_state, torch.mps.get_rng_state()))
    try:
        if cache:
            torch.set_autocast_cache_enabled(False)  # it would keep weights that have no gradient for the training's next pass
        if fast:
            attention.set_fastpath_enabled(False)
        for m in modules:
            m.training = False
            own, inner = vars(m), _inside(m)
            if inner is not None:
                own["forward"] = inner.__call__
            if own.get("_compiled_call_impl") is not None:
                own["_compiled_call_impl"] = None
            for name in _FUSED:
                if name in own:
                    own[name] = False
        yield
    finally:
        for m, was in modes:
            m.training = was
        for now, before in attributes:
            for k in [k for k in now if k not in before]:
                del now[k]
            for k, v in before.items():
                if now.get(k, now) is not v:
                    now[k] = v
        for b, version, values in buffers:
            if b._version != version:
                b.detach().copy_(values)
        if cache:
            torch.set_autocast_cache_enabled(True)
        if fast:
            attention.set_fastpath_enabled(True)
        for restore, state in generators:
            restore(state)


# ---------------------------------------------------------------------------------------------------------------------
# What is given, as what is sent.


def _array(value):
    """Returns an array, list or tensor as a NumPy array, sharing its memory where that is possible."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # PyTorch
        value = value.detach()
        if getattr(value, "is_sparse", False):
            value = value.to_dense()
        if value.is_floating_point() and str(value.dtype) not in ("torch.float16", "torch.float32", "torch.float64"):
            value = value.float()  # NumPy has no bfloat16
        return value.cpu().numpy()
    if type(value).__module__.partition(".")[0] == "cupy":
        return value.get()
    if isinstance(value, (list, tuple)) and value and not isinstance(value[0], (str, bytes, numbers.Number)):
        return np.array([_array(v) for v in value])
    return np.asarray(value)


def _vectors(value, what, ids):
    """Returns n×d little-endian float32, all finite."""
    a = _array(value)
    if a.dtype.kind not in "fiub":
        raise ValueError(f"{what} is of type {a.dtype}: want numbers, n×d, with the same number in each row")
    if a.ndim < 2 or not a.size:
        raise ValueError(f"{what} has shape {a.shape}: want n×d, a row for each sample")
    with np.errstate(over="ignore"):
        m = np.ascontiguousarray(a.reshape(len(a), -1) if a.ndim > 2 else a, dtype="<f4")
    finite = np.isfinite(m)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        sample = f"sample {ids[row]!r} (row {row})" if row < len(ids) else f"row {row}"
        raise ValueError(f"{what} has {m[row, column]} at {sample}, column {column}: only finite float32 numbers can be "
                         "laid out, so this layer is left out of the epoch; the training has probably diverged")
    return m


_PART = 32 << 20  # bytes of vectors that are sent at a time


def _parts(layer, vectors, ids, limit=math.inf):
    """Yields a frame as the bodies of its requests, of at most so many bytes of vectors: magic, length of the header, header, rows."""
    rows, dim = vectors.shape
    most = min(100_000, max(1, min(_PART, limit) // (4 * dim)))
    for k, start in enumerate(range(0, rows, most)):
        block = vectors[start:start + most]
        head = _json({"rows": len(block), "dim": dim, "ids": None if ids is None else ids[start:start + most]})
        yield layer, k, [b"ZFR1", struct.pack("<I", len(head)), head, memoryview(block).cast("B")]


def _texts(values, what):
    """Returns labels, ids or the like as strings; None and NaN are empty."""
    return [_text(v, what) for v in _elements(values, what)]


def _elements(values, what):
    """Returns what there is for each sample, of its own type: a list would make a float32 another number."""
    if isinstance(values, (str, bytes)):
        raise ValueError(f"{what} is one text, want one for each sample")
    if hasattr(values, "detach"):
        values = _array(values)
    elif hasattr(values, "to_numpy"):  # pandas, polars
        values = values.to_numpy()
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ValueError(f"{what} has shape {values.shape}, want one for each sample")
        values = values.tolist() if values.dtype.kind in "biuU" else list(values)
    return values


def _text(v, what):
    """Returns the text of a value as a label, an id or a prediction. It is the same as from every other program and file:
    that of tracker.Text in Go, which says what it is."""
    if hasattr(v, "detach") or isinstance(v, np.ndarray) and v.ndim == 0 and v is not np.ma.masked:
        v = _array(v)
        v = v[()] if v.ndim == 0 else v
    if isinstance(v, str):
        text = str(v)
    elif _missing(v):
        return ""
    elif isinstance(v, (bytes, bytearray)):
        try:
            text = v.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{what}: {bytes(v[:40])!r} is not UTF-8: decode it, as with v.decode('latin-1')") from None
    elif isinstance(v, (bool, np.bool_)):
        text = "true" if v else "false"
    elif isinstance(v, numbers.Integral) and not isinstance(v, np.timedelta64):
        text = str(int(v))
    elif isinstance(v, (float, np.floating)):
        text = _float_text(v)
    elif isinstance(v, decimal.Decimal):
        text = _decimal_text(v)
    elif isinstance(v, (datetime.date, datetime.time, np.datetime64)):
        text = _time(v)
    elif isinstance(v, uuid.UUID):
        text = str(v)
    elif isinstance(v, os.PathLike):
        text = os.fspath(v)
    else:
        kind = "a list" if isinstance(v, (list, tuple, np.ndarray)) else "an object" if isinstance(v, dict) else f"a value of type {type(v).__name__}"
        raise ValueError(f"{what}: {kind} has no text: want text, a number, a truth value or a time, or give str() of it")
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(f"{what}: {text!r} has a character that cannot be stored")
    return text


def _float_text(v):
    """Returns a whole float as its digits, up to 2⁵³, and others as the shortest decimal that tells them apart in their type."""
    if math.isinf(v):
        return "+Inf" if v > 0 else "-Inf"
    if v == int(v) and abs(v) <= 1 << 53:
        return str(int(v))
    text = np.format_float_scientific(v, trim="-")
    if -4 <= int(text.partition("e")[2]) < 16:
        return np.format_float_positional(v, trim="-")
    return text


def _decimal_text(v):
    """Returns a decimal as what it is worth: 12.50 is 12.5."""
    if v.is_infinite():
        return "+Inf" if v > 0 else "-Inf"
    text = format(v, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _sound(what, values, most, refused, names=None, empty=True):
    """Returns a column of texts, in which those that a server would refuse are empty; refused is told.

    most: bytes of a text; names: the samples' ids; empty: whether a text may be.
    """
    good, bad = [], []
    for k, v in enumerate(_elements(values, what)):
        text = ""
        try:
            text = _text(v, what)
            if len(text) > most // 4 and len(text.encode()) > most:
                raise ValueError(f"{what}: {text[:40]!r}… has {len(text.encode())} bytes, at most {most} are allowed")
            if not text and not empty:
                raise ValueError(f"{what}: there is none")
        except ValueError as e:
            text = ""
            bad.append((k, e))
        good.append(text)
    _tell(what, bad, len(good), names, refused)
    return good


def _sound_numbers(what, values, refused, names):
    """Returns a column of numbers, in which what is none is missing; refused is told."""
    try:
        return _numbers(values, what)
    except (ValueError, TypeError) as e:
        whole = e
        if not isinstance(values, (list, tuple)):
            raise
    good, bad = [], []
    for k, v in enumerate(values):
        try:
            good.append(_number(_float(f"{what}: an element", v)))
        except ValueError as e:
            good.append("NaN")
            bad.append((k, e))
    if len(bad) == len(good):
        raise whole
    _tell(what, bad, len(good), names, refused)
    return good


def _sound_records(records, most, refused, names):
    """Returns metadata without those values that make a record too long, the longest first; refused is told."""
    bad = []
    for k, record in enumerate(records):
        if record is None or len(_json(record)) <= most:
            continue
        before, dropped, record = len(_json(record)), [], dict(record)
        for key in sorted(record, key=lambda key: len(_json(record[key])), reverse=True):
            del record[key]
            dropped.append(key[:40])
            if len(_json(record)) <= most:
                break
        records[k] = record
        bad.append((k, ValueError(f"metadata: it has {before} bytes as JSON, at most {most} are allowed, so it is without {', '.join(map(repr, dropped[:5]))}")))
    _tell("metadata", bad, len(records), names, refused)
    return records


def _thumbnails(images, max_side, most, refused, names):
    """Returns pictures as PNG files in base64, and None for those that cannot be shown; refused is told."""
    bad = []
    files = _pictures(images, max_side, bad)
    for k, file in enumerate(files):
        if file is not None and len(file) > most:
            files[k] = None
            bad.append((k, ValueError(f"images: it has {len(file)} bytes as PNG, at most {most} are allowed: make it smaller, or give its pixels and max_side=")))
    _tell("images", sorted(bad, key=lambda b: b[0]), len(files), names, refused)
    return [file and base64.b64encode(file).decode() for file in files]


def _tell(what, bad, n, names, refused):
    """Adds to refused that some of n values are left out; bad: the place and the reason of each."""
    if bad:
        k, e = bad[0]
        name = f"sample {names[k]!r} (row {k})" if names and k < len(names) and isinstance(names[k], str) and names[k] else f"row {k}"
        said = f"{e}, at {name}"
        refused.append(_Values(f"{len(bad)} of {n} {what} are left out: {said}" if len(bad) > 1 else f"left out: {said}", len(bad)))


def _check_name_of(what, name, most):
    """Checks the name of a layer or a metric."""
    if not isinstance(name, str) or not name or _text(name, what) != name:
        raise ValueError(f"{what} name {name!r}: want text")
    if len(name.encode()) > most:
        raise ValueError(f"{what} name {name[:40]!r}… has {len(name.encode())} bytes, at most {most} are allowed")


def _float(what, v):
    try:
        return float(v)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ValueError(f"{what} is {type(v).__name__}: want one number") from None


def _numbers(values, what):
    """Returns a column of numbers for JSON."""
    a = _array(values)
    if a.ndim == 2 and 1 in a.shape:
        a = a.ravel()
    if a.ndim != 1 or a.dtype.kind not in "fiub":
        raise ValueError(f"{what} has shape {a.shape} and type {a.dtype}: want one number for each sample")
    a = a.astype(np.float64)
    return a.tolist() if np.isfinite(a).all() else [_number(v) for v in a.tolist()]


def _number(v):
    """Returns a float as JSON can have it."""
    return v if math.isfinite(v) else "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"


def _metrics(metrics, most=_LIMITS["metric_bytes"], refused=None):
    """Returns named numbers for JSON, without those that a server would refuse, of which refused is told; it raises without."""
    if not isinstance(metrics, dict):
        raise ValueError(f"metrics are {type(metrics).__name__}: want a dict from names to numbers")
    values = {}
    for name, v in metrics.items():
        try:
            _check_name_of("metric", name, most)
            values[name] = _number(_float(f"metric {name!r}", v))
        except ValueError as e:
            if refused is None:
                raise
            refused.append(e)
    return values


def _whole(what, v, most=(1 << 53) - 1):
    try:
        v = operator.index(v.item() if hasattr(v, "item") else v)
    except TypeError:
        raise ValueError(f"{what} is {v!r}: want a whole number") from None
    if not 0 <= v <= most:
        raise ValueError(f"{what} is {v}: want 0 or more, and at most {most}")
    return v


def _count(**columns):
    """Returns how many samples the columns describe."""
    counts = {}
    for name, column in columns.items():
        if column is not None:
            counts[name] = len(column)
            if isinstance(column, dict):
                lengths = {len(v) for v in column.values()}
                if len(lengths) != 1:
                    raise ValueError(f"the columns of {name} have {sorted(lengths)} rows: want one for each sample")
                counts[name] = lengths.pop()
    if len(set(counts.values())) != 1:
        raise ValueError(f"want as many of each, at least of one, but there are {counts}")
    return next(iter(counts.values()))


def _records(metadata, n):
    """Returns metadata as a list of JSON objects."""
    if hasattr(metadata, "columns") and hasattr(metadata, "to_dict"):
        metadata = {k: metadata[k] for k in metadata.columns}
    if isinstance(metadata, dict):
        columns = {k: _array(v) if hasattr(v, "detach") else v for k, v in metadata.items()}
        metadata = [dict(zip(columns, row)) for row in zip(*columns.values())]
    for record in metadata:
        if record is not None and not isinstance(record, dict):
            raise ValueError(f"metadata has a {type(record).__name__}: want a dict for each sample, or a dict of columns")
    return [_plain(record, nan=None) if record else None for record in metadata]


def _batches(rows, n, most=4 << 20):
    """Yields the rows in messages of about 4 MiB; always the same for the same rows, so that they are known again."""
    batch, size = [], 0
    for row in rows:
        weight = sum(len(v if isinstance(v, str) else _json(v)) for v in row.values())
        if batch and (size + weight > most or len(batch) == 2000):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
    if batch:
        yield batch


def _params(params):
    if params is None or isinstance(params, dict):
        return params
    if dataclasses.is_dataclass(params) and not isinstance(params, type):
        return dataclasses.asdict(params)
    if isinstance(params, argparse.Namespace):
        return vars(params)
    raise ValueError(f"params are {type(params).__name__}: want a dict, an argparse.Namespace or a dataclass")


def _plain(v, nan="NaN"):
    """Returns a value as JSON can have it; what it cannot have becomes text, and NaN what is said."""
    if isinstance(v, (bool, str)):
        return v
    if _missing(v):
        return nan if isinstance(v, numbers.Real) else None
    if isinstance(v, dict):
        return {str(k): _plain(x, nan) for k, x in v.items()}
    if isinstance(v, (list, tuple, set, frozenset)):
        return [_plain(x, nan) for x in (sorted(v, key=str) if isinstance(v, (set, frozenset)) else v)]
    if isinstance(v, np.timedelta64):  # which NumPy counts among the whole numbers
        return str(v.astype("m8[us]").tolist())
    if isinstance(v, numbers.Integral):
        return int(v)
    if isinstance(v, numbers.Real):
        return _number(float(v))
    if isinstance(v, (datetime.date, datetime.time, np.datetime64)):
        return _time(v)
    if isinstance(v, decimal.Decimal) and len(v.as_tuple().digits) <= 15:  # which every float64 keeps
        return _number(float(v))
    if isinstance(v, np.ndarray) and v.ndim and v.dtype.kind in "mM":
        return [_plain(x, nan) for x in v]
    if hasattr(v, "tolist"):  # NumPy, PyTorch, pandas
        return _plain(v.tolist(), nan)
    text = _text(v, "a value") if isinstance(v, bytes) else str(v)
    return type(v).__name__ if " at 0x" in text else text  # an address would differ when the run is resumed


def _missing(v):
    """Reports whether v is None, NaN, NaT, pandas.NA or a masked element."""
    if v is None or v is np.ma.masked or type(v).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(v, (numbers.Real, decimal.Decimal, np.datetime64, np.timedelta64)) and v != v


def _time(v):
    """Returns a time or date as ISO 8601: in UTC, with a Z, where its zone is known."""
    if isinstance(v, np.datetime64):
        unit = np.datetime_data(v.dtype)[0]
        text = str(v.astype("M8[D]" if unit in ("Y", "M", "W", "D") else "M8[s]") if unit in ("Y", "M", "W", "D", "h", "m") else v)
    elif isinstance(v, datetime.datetime) and v.tzinfo is not None:
        return _time(v.astimezone(datetime.timezone.utc).replace(tzinfo=None)) + "Z"
    else:
        text = v.isoformat()
    return re.sub(r"\.?0+$", "", text) if "." in text else text


def _json(v):
    return json.dumps(v, separators=(",", ":"), allow_nan=False).encode()


def _check_name(what, name):
    if not isinstance(name, str) or any(ord(c) < 32 or 127 <= ord(c) < 160 or "\ud800" <= c <= "\udfff" for c in name):
        raise ValueError(f"{what} {name!r}: must be printable text")
    if name != name.strip():
        raise ValueError(f"{what} {name!r}: must not begin or end with a space")
    if len(name.encode()) > 200:
        raise ValueError(f"{what} {name[:40]!r}… has {len(name.encode())} bytes, at most 200 are allowed")


# Pictures.

_PNG = b"\x89PNG\r\n\x1a\n"


def _pictures(images, max_side, bad=None):
    """Returns images as PNG files. Numbers that are no bytes have one scale for all, so that a dark image is darker than others.

    One of a list that cannot be shown is None, and bad is given its place and the reason; without bad, it raises.
    """
    if hasattr(images, "detach") or isinstance(images, np.ndarray) and images.dtype != object:
        torch, images = hasattr(images, "detach"), _array(images)
        if images.ndim not in (3, 4):
            raise ValueError(f"images have shape {images.shape}: want n×height×width, or n×height×width×channels")
        found = [_pixels(a, torch) for a in images]
    else:
        found = []
        for i, image in enumerate(images):
            try:
                found.append(_picture(i, image, max_side))
            except (ValueError, TypeError) as e:
                if bad is None:
                    raise
                bad.append((i, e))
                found.append(None)
    ranges = _ranges(found)
    return [_png(_shrink(_bytes(f, *ranges.get(f.dtype.kind, ())), max_side)) if isinstance(f, np.ndarray) else f for f in found]


def _picture(i, image, max_side):
    """Returns one image of a list as a PNG file, or as pixels of a type that has no scale of its own."""
    if image is None:
        return None
    if isinstance(image, (bytes, bytearray)):
        if not image.startswith(_PNG):
            raise ValueError(f"image {i} is bytes, but no PNG file")
        return bytes(image)
    torch = hasattr(image, "detach")
    if hasattr(image, "mode") and hasattr(image, "convert"):
        image = _converted(image)
    a = _pixels(_array(image), torch)
    return _png(_shrink(a, max_side)) if a.dtype == np.uint8 else a


def _converted(image):
    """Returns an image of PIL as one whose array has grey, RGB or RGBA: not the indices of a palette, or inks."""
    mode = image.mode
    if mode in ("RGBA", "I", "F") or mode.startswith("I;16"):
        return image
    if mode == "La":
        image = image.convert("LA")
    if mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    return image if mode in ("L", "RGB") else image.convert("L" if mode == "1" else "RGB")


def _pixels(a, torch):
    """Returns an image as height×width×channels. What could have its channels first or last has them first in PyTorch."""
    if a.ndim not in (2, 3) or 0 in a.shape:
        raise ValueError(f"images have shape {a.shape}: want height×width or height×width×channels for each sample")
    if a.dtype.kind not in "fiub":
        raise ValueError(f"images are of type {a.dtype}: want bytes or floats")
    if a.ndim == 2:
        return a[..., np.newaxis]
    if a.shape[0] in (1, 3, 4) and (torch or a.shape[2] not in (1, 3, 4)):
        a = np.moveaxis(a, 0, 2)
    if a.shape[2] not in (1, 3, 4):
        raise ValueError(f"images have {a.shape[2]} channels: want 1, 3 or 4")
    return a


def _ranges(images):
    """Returns the least and the greatest finite number of the images of each kind of type but bytes, 0 where there is none."""
    ranges = {}
    for a in images:
        if isinstance(a, np.ndarray) and a.dtype != np.uint8:
            finite = a[np.isfinite(a)]
            low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
            least, greatest = ranges.get(a.dtype.kind, (low, high))
            ranges[a.dtype.kind] = min(low, least), max(high, greatest)
    return ranges


def _bytes(a, low=0.0, high=255.0):
    """Returns pixels as uint8: 0…1 becomes 0…255, 0…255 stays, and another range from low to high is scaled to that. NaN is black."""
    if a.dtype == np.uint8:
        return a
    bits = 8 * a.dtype.itemsize
    v = np.nan_to_num(a.astype(np.float64), nan=low, posinf=high, neginf=low)
    if high <= 1 and low >= 0:
        v *= 255
    elif low < 0 or high > 255:
        if high > low:
            v = (v - low) * (255 / (high - low))
        elif a.dtype.kind == "u" and bits > 8:
            v *= 255 / (2.0 ** bits - 1)  # all are one number, whose brightness only its type can tell
    return np.rint(np.clip(v, 0, 255)).astype(np.uint8)


def _shrink(a, max_side):
    """Returns the means of blocks, so that no side is longer than max_side. Blocks are square, but in a side that is shorter."""
    k = -(-max(a.shape[:2]) // max(1, max_side))
    if k <= 1:
        return a
    kh, kw = min(k, a.shape[0]), min(k, a.shape[1])
    h, w = a.shape[0] // kh, a.shape[1] // kw
    return a[:h * kh, :w * kw].reshape(h, kh, w, kw, -1).mean(axis=(1, 3)).round().astype(np.uint8)


def _png(a):
    """Encodes height×width×channels (PNG specification, 11.2); the rows are not filtered."""
    height, width, channels = a.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = a.reshape(height, -1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return _PNG + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b"")


# ---------------------------------------------------------------------------------------------------------------------
# The spool: a folder per run and process, with a file per message that was not sent yet.
#
# A message is a file NUMBER.KIND, which appears whole: a line with the length and the checksum of its header, the header
# (JSON), and after it the bodies of frames. Metrics are a file to which lines are appended, until it is sent: the journal.
# A line that could not be written whole is taken back, and one that cannot be read costs no other. Beside the folder lies
# its lock, which the kernel lets go when its process dies; who gets the lock then may send what is left.


class _Spool:
    def __init__(self, path, lock, info, limit=math.inf):
        self.path, self.lock, self.info, self.limit = path, lock, info, limit
        self.queue = collections.deque()  # (number, kind, bytes)
        self.bytes = 0
        self.numbers = itertools.count(1)  # of new messages; its step cannot be interrupted
        self.synced = 0
        self.journal = None  # [number, file, bytes, lines, when it was begun]
        self.resumed = False  # after its run had ended
        self.held = {}  # messages that the disk had no room for
        self.torn = False  # the journal's file may not end with a whole line
        self.appending = 0  # calls that append to it now: more than one where a signal handler logs

    @classmethod
    def create_somewhere(cls, dir, info, limit):
        """Makes a spool, in the folder for temporary files if nothing else can be written; then it says so."""
        root = _spool_root(dir)
        try:
            return cls.create(root, info, limit), None
        except OSError as e:
            other = Path(tempfile.gettempdir()) / f"zoetrope-{os.getuid() if hasattr(os, 'getuid') else 'spool'}"
            problem = f"{root} cannot be written ({e.strerror}), so {other} is used: `python -m zoetrope sync --dir {other}` would look there"
            return cls.create(other, info, limit), problem

    @classmethod
    def create(cls, root, info, limit):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        label = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{info['experiment']}-{info['name']}").strip("._-")[:60] or "run"
        path = root / f"{label}-{secrets.token_hex(6)}"
        lock = _lock(path)
        if lock is None:
            raise OSError(0, "the spool's lock is taken")
        spool = cls(path, lock, {**info, "version": 1, "uid": secrets.token_hex(8), "pid": os.getpid(), "host": socket.gethostname()}, limit)
        try:
            path.mkdir(mode=0o700)
            spool.save()
        except OSError:
            spool.close(delete=True, whatever=True)
            raise
        return spool

    @classmethod
    def adopt(cls, path):
        """Takes over the spool of a process that is gone. It returns None if there is none."""
        lock = _lock(path)
        if lock is None:
            return None
        try:
            spool = cls(path, lock, json.loads((path / "run.json").read_bytes()))
            for partial in path.glob(".message-*"):  # its process died before it was whole
                partial.unlink()
            files = spool.files()
        except (OSError, ValueError):
            _unlock(lock)
            return None
        for p in files:
            spool._append(int(p.name[:12]), p.suffix[1:], p.stat().st_size)
        return spool

    def files(self):
        """The files of messages, in order."""
        return sorted(p for p in self.path.iterdir() if re.fullmatch(r"\d{12}\.[a-z]+", p.name))

    def save(self):
        """Writes what a later process must know of the run."""
        _write_whole(self.path / ".run.json", self.path / "run.json", [_json(self.info)])

    def file(self, number, kind):
        return self.path / f"{number:012d}.{kind}"

    def key(self, number):
        """The idempotency key of a message: sent twice, it is stored once."""
        return f"{self.info['uid']}-{number}"

    def _append(self, number, kind, size):
        at = len(self.queue)
        while at > 0 and self.queue[at - 1][0] > number:
            at -= 1
        self.queue.insert(at, (number, kind, size))
        self.bytes += size

    def _room(self, size):
        if self.bytes + size > self.limit:
            raise _NoRoom(f"{_size(self.bytes)} wait to be sent, and more than {_size(self.limit)} would: this is NOT logged. "
                                f"Start the server at {self.info['url']}, or allow more with spool_limit=")

    def add(self, kind, header, frames=(), whatever=False):
        """Writes a message, after all others. One that must be sent, whatever there is, is kept in memory if the disk is full."""
        pieces, header = [], dict(header)
        for layer, part, body in frames:
            crc = 0
            for piece in body:
                crc = zlib.crc32(piece, crc)
            header.setdefault("frames", []).append({"layer": layer, "part": part, "size": sum(map(len, body)), "crc": crc})
            pieces += body
        pieces = _message(header, pieces)
        size = sum(map(len, pieces))
        self.roll()
        if not whatever:
            self._room(size)
        number = next(self.numbers)
        try:
            _write_whole(self.path / f".message-{number}", self.file(number, kind), pieces)  # a signal handler may log in the middle of this
        except OSError:
            if not whatever:
                raise
            self.held[number], size = b"".join(pieces), 0
        self._append(number, kind, size)

    def add_metrics(self, step, values):
        """Appends a line to the journal. It reports whether that began one."""
        line = _json({"step": step, "values": values}) + b"\n"
        self._room(len(line))
        self.appending += 1  # a signal handler may log in the middle of this, but not end the journal
        began = False
        try:
            if self.journal is None:
                number = next(self.numbers)
                handle = os.open(self.file(number, "metrics"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
                if self.journal is None:
                    self.journal, began = [number, handle, 0, 0, time.monotonic()], True
                else:
                    os.close(handle)
                    self.done(number, "metrics")
            self._append_line(line)
            self.journal[2] += len(line)
            self.journal[3] += 1
            self.bytes += len(line)
        finally:
            self.appending -= 1
            journal = self.journal
            if journal is not None and (journal[2] > 1 << 20 or journal[3] >= 5000 or not journal[3]):
                self.roll()
        return began

    def _append_line(self, line):
        """Appends a line to the journal's file, whole or not at all."""
        handle = self.journal[1]
        for _ in range(3):  # what could be written only in part is taken back, and a second attempt says why
            before = os.fstat(handle).st_size
            if self.torn:
                line = b"\n" + line
            self.torn, written = True, 0
            try:
                written = os.write(handle, line)
            finally:
                if written == len(line):
                    self.torn = False
                else:  # where it cannot be taken back, or a signal handler has appended more, the next line begins anew
                    with contextlib.suppress(OSError):
                        if os.fstat(handle).st_size == before + written:
                            os.ftruncate(handle, before)
                            self.torn = False
            if written == len(line):
                return
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def roll(self):
        """Ends the journal: it is a message now."""
        if self.appending:
            return
        journal, self.journal = self.journal, None
        if journal is None:
            return
        number, handle, size, lines, _ = journal
        self.torn = False
        try:
            os.close(handle)
        finally:
            if lines:
                self._append(number, "metrics", size)
                self.bytes -= size  # they are counted already
            else:
                self.done(number, "metrics")

    def read(self, number, kind):
        """Returns a message's header, and the open file where its frames begin. ValueError is a damaged one."""
        f = io.BytesIO(self.held[number]) if number in self.held else open(self.file(number, kind), "rb")
        try:
            if kind == "metrics":
                good, bad = _lines(f.read())
                return {"body": {"metrics": good}, "damaged": bad}, f
            magic = f.readline(100).split()
            if len(magic) != 4 or magic[:2] != [b"zoetrope-spool", b"1"]:
                raise ValueError("it is no message")
            head = f.read(int(magic[2]))
            if zlib.crc32(head) != int(magic[3]):
                raise ValueError("its checksum does not match")
            return json.loads(head), f
        except BaseException:
            f.close()
            raise

    def sync(self, messages):
        """Makes messages outlast the loss of power."""
        for number, kind, _ in messages:
            if number > self.synced:
                with contextlib.suppress(OSError):
                    handle = os.open(self.file(number, kind), os.O_RDWR)
                    try:
                        os.fsync(handle)
                    finally:
                        os.close(handle)
                self.synced = number

    def done(self, number, kind):
        """Removes a message that was sent."""
        self.held.pop(number, None)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.file(number, kind))
        self._forget(number)

    def set_aside(self, number, kind, why, rows=None):
        """Keeps what can never be sent, beside the messages, with the reason: a message, or only some of its rows, where the
        others were sent."""
        aside = self.path / "refused"
        with contextlib.suppress(OSError):
            aside.mkdir(exist_ok=True)
            file = aside / f"{number:012d}.{kind}"
            if rows is None:
                os.replace(self.file(number, kind), file)
            elif kind == "metrics":
                _write_whole(aside / f".{number}", file, [(r if isinstance(r, bytes) else _json(r)) + b"\n" for r in rows])
            else:
                _write_whole(aside / f".{number}", file, _message({"body": {kind: rows}}))
            file.with_suffix(".txt").write_text(why + "\n", "utf-8")
        self.done(number, kind)

    def settle(self):
        """Writes what is kept in memory, where there is room for it now."""
        for number, kind, _ in list(self.queue):
            if number in self.held:
                _write_whole(self.path / f".message-{number}", self.file(number, kind), [self.held[number]])
                del self.held[number]

    def take_back(self):
        """Makes messages of what was set aside, after all others."""
        kept = [p for p in sorted((self.path / "refused").glob("*.*")) if re.fullmatch(r"\d{12}\.[a-z]+", p.name) and p.suffix != ".txt"]
        last = self.info.get("again", _AGAIN)  # a number, and the key that is made of it, is never used twice
        for p in kept:
            last += 1
            self.info["again"] = last
            self.save()
            os.replace(p, self.file(last, p.suffix[1:]))
            with contextlib.suppress(FileNotFoundError):
                p.with_suffix(".txt").unlink()
            self._append(last, p.suffix[1:], self.file(last, p.suffix[1:]).stat().st_size)

    def _forget(self, number):
        for message in list(self.queue):  # a signal handler may log in the middle of this
            if message[0] == number:
                self.bytes -= message[2]
                self.queue.remove(message)
                return

    def refused(self):
        """The reasons of what was set aside, a file for each message."""
        return sorted((self.path / "refused").glob("*.txt"))

    def close(self, delete, whatever=False):
        """Lets the spool go and, if asked to, removes it when there is no message in it, or whatever there is."""
        with contextlib.suppress(OSError):
            self.roll()
            self.settle()
        if self.lock is not None:
            with contextlib.suppress(OSError):
                delete = delete and (whatever or not self.files())  # an interrupt may have left a message that is in no queue
            if delete:
                shutil.rmtree(self.path, ignore_errors=True)
            _unlock(self.lock, remove=delete)
            self.lock = None

    def leave(self):
        """In a forked child: closes what is shared with the parent, which goes on with it."""
        if self.lock is not None:
            os.close(self.lock[0])
        if self.journal is not None:
            os.close(self.journal[1])
        self.lock = self.journal = None


def _message(header, bodies=()):
    head = _json(header)
    return [b"zoetrope-spool 1 %d %d\n" % (len(head), zlib.crc32(head)), head, *bodies]


def _write_whole(temporary, path, pieces):
    """Writes a file, which appears whole; where it cannot, as on a full disk, nothing is left."""
    try:
        with open(temporary, "wb", buffering=0) as f:
            for piece in pieces:
                view = memoryview(piece)
                while len(view):
                    view = view[f.write(view):]
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _lines(journal):
    """Returns a journal's lines, decoded, and those that cannot be read. What comes after the last line's end was never
    acknowledged, and so is neither."""
    good, bad = [], []
    for line in journal.split(b"\n")[:-1]:
        try:
            step = json.loads(line)
            good.append({"step": step["step"], "values": dict(step["values"])})
        except (ValueError, KeyError, TypeError):
            if line:
                bad.append(line)
    return good, bad


def _spool_root(dir):
    if dir or os.environ.get("ZOETROPE_DIR"):
        return Path(dir or os.environ["ZOETROPE_DIR"]).expanduser().absolute()
    base = os.environ.get("XDG_STATE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    with contextlib.suppress(RuntimeError):  # a user without a home
        base = base or Path.home() / ".local" / "state"
    return Path(base or tempfile.gettempdir()) / "zoetrope" / "spool"


def _lock(path):
    """Locks a spool, which need not exist yet. It returns None if another process has it."""
    name = f"{path}.lock"
    handle = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle, name


def _unlock(lock, remove=False):
    if remove and os.name != "nt":
        with contextlib.suppress(OSError):
            os.unlink(lock[1])
    os.close(lock[0])
    if remove and os.name == "nt":
        with contextlib.suppress(OSError):
            os.unlink(lock[1])


def _orphans(root):
    """Yields the spools of processes that are gone, if they are this user's."""
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        spool = None
        with contextlib.suppress(OSError):
            if (path / "run.json").exists():
                spool = _Spool.adopt(path)
        if spool is not None:
            yield spool


# ---------------------------------------------------------------------------------------------------------------------
# Sending.


_OUTPUTS, _METRICS = ("outputs",), ("metrics",)  # parts of an epoch, beside its layers, which are texts
_AGAIN = 10**9  # the numbers of messages that were set aside once, and are sent again, are greater
_MOST_REFUSED = 1000  # rows of a message that are tried one by one


def _halves(rows):
    """Returns rows, or the values of a step's metrics, in two halves; None for what is only one."""
    if len(rows) > 1:
        return rows[:len(rows) // 2], rows[len(rows) // 2:]
    values = list(rows[0].get("values", {}).items())
    if len(values) < 2:
        return None
    return tuple([{**rows[0], "values": dict(half)}] for half in (values[:len(values) // 2], values[len(values) // 2:]))


def _pieces(frame, most):
    """Yields a part of a frame as parts of at most so many bytes, or of one row."""
    if len(frame) <= most:
        yield frame
        return
    head, vectors = _frame_head(frame)
    wide = 4 * head["dim"]
    ids = head["ids"]
    longest = max(len(_json(i)) + 1 for i in ids) if ids else 0
    rows = max(1, (most - 200) // (wide + longest))
    for k in range(0, head["rows"], rows):
        block = vectors[k * wide:(k + rows) * wide]
        yield _frame({"rows": len(block) // wide, "dim": head["dim"], "ids": ids and ids[k:k + rows]}, block)


def _divisible(frame):
    return _frame_head(frame)[0]["rows"] > 1


def _frame_head(frame):
    """Returns the header of a part of a frame, and its vectors."""
    size, = struct.unpack("<I", frame[4:8])
    return json.loads(frame[8:8 + size]), memoryview(frame)[8 + size:]


def _frame(head, vectors):
    head = _json(head)
    return b"".join([b"ZFR1", struct.pack("<I", len(head)), head, vectors])


def _without_rows(frame, ids):
    """Returns a part of a frame without the rows of these samples; whole, if nothing would be left."""
    head, vectors = _frame_head(frame)
    some = [k for k, i in enumerate(head["ids"] or ()) if i not in ids]
    if not some:
        return frame
    rows = np.frombuffer(vectors, np.uint8).reshape(head["rows"], -1)[some]
    return _frame({"rows": len(some), "dim": head["dim"], "ids": [head["ids"][k] for k in some]}, rows.tobytes())


def _without_value(body, gone, at):
    """Takes a value that a server has refused out of an epoch's body, or notes that a layer's row is to be left out. It reports
    whether there is less to send now."""
    field, name, k, sample, outputs = at.get("field"), at.get("name"), at.get("index"), at.get("id"), body.get("outputs", {})
    column = {"prediction": "predictions", "loss": "losses", "confidence": "confidences"}.get(field)
    if field == "metric" and name in body.get("metrics", {}):
        del body["metrics"][name]
        return True
    if column in outputs and isinstance(k, int) and k < len(outputs[column]):
        none = "" if column == "predictions" else "NaN"
        before, outputs[column][k] = outputs[column][k], none
        return before != none
    if field == "id" and name in body.get("layers", ()) and sample and sample not in gone[name]:
        gone[name].add(sample)
        return True
    if field == "id" and not name and sample in outputs.get("ids", ()) and len(outputs["ids"]) > 1:
        some = [k for k, i in enumerate(outputs["ids"]) if i != sample]
        for key in list(outputs):
            outputs[key] = [outputs[key][k] for k in some]
        return bool(some)
    return False


class _Courier:
    """Brings messages to a server."""

    def __init__(self, server):
        self.server = server
        self.most = math.inf  # bytes of a part of a frame, once one was too large

    def deliver(self, spool, number, kind, live):
        """Sends one message; live: its run may be resumed for it, where it was ended elsewhere.

        It returns the server's answer; what of the message the server refused while it took the rest: pairs of a row, or None
        for the whole, and the reason; and how many rows the message has.
        """
        header, f = spool.read(number, kind)
        with f:
            key, begin = spool.key(number), f.tell()
            header["again"] = number > _AGAIN
            if kind == "start":
                return self._start(spool, header["body"], key), [], 0
            try:
                return self._send(spool, kind, header, f, key)
            except Refused as e:
                if e.code == "run_ended" and kind in _ENDS:
                    return {}, [], 0
                if e.code not in ("run_ended", "run_superseded") or not live:
                    raise
            _say(f"run {_title(spool)} was ended or taken over elsewhere: it is resumed, and goes on")
            self._resume(spool)
            spool.resumed = True
            f.seek(begin)
            return self._send(spool, kind, header, f, key)

    def _resume(self, spool):
        return self._start(spool, {"experiment": spool.info["experiment"], "name": spool.info["name"], "resume": "must"}, secrets.token_hex(12))

    def _start(self, spool, body, key):
        answer = self.server.call("POST", "/api/v1/runs", body, key=key)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise Refused(f"what answers at {self.server.url} is not zoetrope, or an old one: is this the address that `zoetrope serve` printed?", 405)
        spool.info["id"] = answer["id"]
        with contextlib.suppress(OSError):  # on a disk that is full, who adopts the spool asks for the run by its name
            spool.save()
        return answer

    def end(self, spool, how, body):
        """Ends a run again, as it was ended."""
        self.server.call("POST", f"/api/v1/runs/{urllib.parse.quote(spool.info['id'], safe='')}/{how}", body)

    def beat(self, spool):
        """Tells the server that the training lives, and has nothing to say."""
        self.server.call("POST", f"/api/v1/runs/{urllib.parse.quote(spool.info['id'], safe='')}/heartbeat")

    def _send(self, spool, kind, header, f, key):
        if "id" not in spool.info:
            self._resume(spool)
        run, body = "/api/v1/runs/" + urllib.parse.quote(spool.info["id"], safe=""), header["body"]
        if kind == "epoch":
            return *self._epoch(f"{run}/epochs/{header['epoch']}", header.get("frames", []), f, body, key, header["again"]), 1
        if kind in ("samples", "metrics"):
            refused = [(line, "a line of the journal is damaged") for line in header.get("damaged", ())]
            return self._rows(f"{run}/{kind}", kind, body[kind], key, refused), refused, len(body[kind])
        return self.server.call("POST", f"{run}/{kind}", body, key=key), [], 0

    def _rows(self, path, kind, rows, key, refused):
        """Sends rows, of which a server takes all or none: where it takes none, one half after the other, down to a value."""
        if not rows:
            return {}
        try:
            return self.server.call("POST", path, {kind: rows}, key=key)
        except Refused as e:
            if not e.final:
                raise
            if len(refused) >= _MOST_REFUSED:
                refused += [(row, str(e)) for row in rows]
                return {}
            halves = _halves(rows)
            if halves is None:
                return self._without(path, kind, rows[0], key, refused, e)
        for name, half in zip("ab", halves):
            answer = self._rows(path, kind, half, key + name, refused)
        return answer

    def _without(self, path, kind, row, key, refused, e):
        """Sends a sample that was refused without what it was refused for."""
        more = [name for name in ("thumbnail", "metadata", "label") if name in row]
        for drop in [(name,) for name in more] + ([tuple(more)] if len(more) > 1 else []):
            try:
                answer = self.server.call("POST", path, {kind: [{k: v for k, v in row.items() if k not in drop}]}, key=f"{key}-{'-'.join(drop)}")
            except Refused as again:
                if not again.final:
                    raise
                continue
            refused.append((row, f"sample {row['id']!r} is stored without its {' and '.join(drop)}: {e}"))
            return answer
        what = f"sample {row['id']!r}" if kind == "samples" else f"metric {', '.join(map(repr, row['values']))} at step {row['step']}"
        refused.append((row, f"{what}: {e}"))
        return {}

    def _epoch(self, path, frames, f, body, key, again):
        """Sends an epoch. What the server refuses of it, it sends without: a value that the server names, or else the layer, the
        outputs or the metrics that are refused also alone. Where some of it was stored before, none of that is tried alone, as
        each attempt replaces the epoch."""
        begin, refused, gone = f.tell(), [], collections.defaultdict(set)
        parts = [*body.get("layers", ()), *(p for p in (_OUTPUTS, _METRICS) if p[0] in body)]

        def attempt(parts, key):
            some = {k: v for k, v in body.items() if k == "step" or (k,) in parts}
            some["layers"] = [p for p in parts if isinstance(p, str)]
            return self._commit(path, [(frame, frame["layer"] in parts, gone[frame["layer"]]) for frame in frames], f, begin, some, key)

        while True:
            try:
                return attempt(parts, key), refused
            except Refused as e:
                if not e.final:
                    raise
                key = secrets.token_hex(12)
                if len(refused) < _MOST_REFUSED and _without_value(body, gone, e.at):
                    refused.append((None, str(e)))
                    continue
                bad = {e.layer: e} if e.layer in parts else {}
                for p in parts if not bad and len(parts) > 1 and not again else ():
                    try:
                        attempt([p], secrets.token_hex(12))
                    except Refused as alone:
                        if not alone.final:
                            raise
                        bad[p] = alone
                parts = [p for p in parts if p not in bad]
                if not bad or not parts:
                    raise
                refused += [(None, f"{f'layer {p!r}' if isinstance(p, str) else p[0]}: {why}") for p, why in bad.items()]

    def _commit(self, path, frames, f, begin, body, key):
        """Sends those of the frames that are wanted, which the server keeps out of sight, and then commits them as an epoch."""
        for _ in range(4):
            self._frames(path, frames, f, begin)
            try:
                return self.server.call("POST", path, body, key=key)
            except Refused as e:
                if e.code != "frames_missing":
                    raise
        raise Refused(f"the server at {self.server.url} keeps forgetting the frames that it is sent", 503)

    def _frames(self, path, frames, f, begin):
        """Sends frames, in smaller parts where the server, or a proxy before it, says that they are too large."""
        while True:
            f.seek(begin)
            parts = collections.Counter()
            try:
                for frame, wanted, gone in frames:
                    data, layer = f.read(frame["size"]), frame["layer"]
                    if zlib.crc32(data) != frame["crc"]:
                        raise ValueError("its checksum does not match")
                    data = _without_rows(data, gone) if gone else data
                    for piece in _pieces(data, self.most) if wanted else ():
                        # Sending a frame again replaces it, and must do so where the server has forgotten it: so a new key.
                        self.server.call("PUT", f"{path}/frames/{urllib.parse.quote(layer, safe='')}?part={parts[layer]}", piece,
                                         key=secrets.token_hex(12), kind="application/x-zoetrope-frame")
                        parts[layer] += 1
                return
            except Refused as e:
                e.layer = layer
                if e.status != 413 or not _divisible(piece):
                    raise
                self.most = len(piece) // 2


_ENDS = ("finish", "stop", "fail")
_BEAT = 60.0  # seconds without a message after which the server is told that the training lives


class _Sender:
    """Sends a run's messages in the background, in order, again and again until they are there."""

    def __init__(self, run):
        self.run, self.spool = run, run._spool
        self.thread = threading.Thread(target=self._loop, name="zoetrope", daemon=True)
        self.courier = _Courier(run._server) if run._server else None
        self.cond = threading.Condition(threading.RLock())  # reentrant: a signal handler may log
        self.gone = set()  # the uids of processes that are gone
        self.before, self.others = [], []  # spools of processes that are gone: of this run, and of others
        self.answered = self.closing = self.hurry = False
        self.refusal = None
        self.failures = 0  # in a row
        self.not_before = 0.0
        self.spoke = time.monotonic()  # when the server last heard of the run
        self.out = False  # the server did not answer the last time

    # The training's side.

    def put(self, kind, body, epoch=None, frames=(), whatever=False):
        header = {"body": body} if epoch is None else {"body": body, "epoch": epoch}
        with self.cond:
            self.spool.add(kind, header, frames, whatever)
            self.cond.notify_all()

    def put_metrics(self, step, values):
        with self.cond:
            if self.spool.add_metrics(step, values):
                self.cond.notify_all()

    def await_start(self, wait):
        """Waits until the server has answered or is found to be away. It returns a refusal, or None."""
        deadline = time.monotonic() + wait
        with self.cond:
            while not (self.answered or self.refusal or self.failures) and time.monotonic() < deadline:
                self.cond.wait(min(0.1, wait))
            refusal, self.answered = self.refusal, True
            return refusal

    def drain(self, timeout, patience):
        """Waits until everything is sent: until a timeout, and while nothing goes through, for no longer than patience."""
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        stuck = None
        with self.cond:
            self.spool.roll()
            self.hurry, self.not_before = True, 0.0
            self.cond.notify_all()
            try:
                while (self.before or self.spool.queue) and self.thread.is_alive():
                    now = time.monotonic()
                    stuck = (stuck or now) if self.failures else None
                    if now >= deadline or stuck is not None and now - stuck >= patience:
                        break
                    self.cond.wait(0.1)
            finally:
                self.hurry = False

    def close(self):
        with self.cond:
            self.closing = True
            self.cond.notify_all()
        if self.thread.is_alive():
            self.thread.join(1.0)

    # The thread's side.

    def _loop(self):
        try:
            self._adopt()
            while True:
                with self.cond:
                    item = self._next()
                    while item is None and not self.closing and not self._silent():
                        self.cond.wait(min(3600.0, self._pause()))
                        item = self._next()
                    if self.closing:
                        break
                if item is None:
                    self._beat()
                else:
                    self._attempt(*item)
        except Exception as e:  # a full disk, a folder that was removed
            self.run._note(ZoetropeError(f"sending has stopped ({type(e).__name__}: {e}); what is logged stays in {self.spool.path}"), True)
            with self.cond:
                self.failures = 1
        finally:
            for spool in self.before + self.others:
                spool.close(delete=not spool.queue and not spool.refused())
            if self.courier:
                self.courier.server.close()

    def _adopt(self):
        mine = (self.spool.info["url"], self.spool.info["experiment"], self.spool.info["name"])
        for spool in _orphans(self.spool.path.parent):
            self.gone.add(spool.info.get("uid"))
            of = (spool.info.get("url"), spool.info.get("experiment"), spool.info.get("name"))
            if not spool.queue:
                spool.close(delete=not spool.refused())
            elif of == mine:
                self.before.append(spool)
            elif of[0] == mine[0] and spool.info.get("mode") != "offline":
                self.others.append(spool)
            else:
                spool.close(delete=False)

    def _next(self):
        """Returns the message to send now, or None."""
        if time.monotonic() < self.not_before:
            return None
        journal = self.spool.journal
        if journal is not None and (self.hurry or time.monotonic() - journal[4] >= 0.5):
            self.spool.roll()
        for spool in (*self.before, self.spool, *self.others):
            if spool.queue:
                return spool, *spool.queue[0][:2]
        return None

    def _pause(self):
        """How long there is nothing to do, unless somebody logs."""
        now = time.monotonic()
        if now < self.not_before:
            return self.not_before - now
        if self.spool.journal is not None:
            return max(0.01, self.spool.journal[4] + 0.5 - now)
        return max(0.01, self.spoke + _BEAT - now)

    def _silent(self):
        return time.monotonic() >= max(self.spoke + _BEAT, self.not_before)

    def _beat(self):
        with contextlib.suppress(ZoetropeError, KeyError):  # what matters is tried again, and said, when there is something to send
            self.courier.beat(self.spool)
        self.spoke = time.monotonic()

    def _attempt(self, spool, number, kind):
        live = spool is self.spool
        try:
            answer, refused, rows = self.courier.deliver(spool, number, kind, live)
        except Unreachable as e:
            with self.cond:
                if not self.out:
                    self.out = True
                    self.run._note(Unreachable(f"{e}. What is logged is kept in {self.spool.path}, and sent when it answers"))
                waiting = list(spool.queue)
            self._wait(5.0)
            spool.sync(waiting)
        except Refused as e:
            self._refused(spool, number, kind, live, e)
        except (ValueError, KeyError, TypeError, EOFError) as e:
            self._aside(spool, number, kind, f"message {spool.file(number, kind)} is damaged: {e}")
        except FileNotFoundError:
            self._aside(spool, number, kind, f"message {spool.file(number, kind)} is gone: did somebody remove it?")
        except OSError as e:
            self._trouble(ZoetropeError(f"message {spool.file(number, kind)} cannot be read: {e}"), 30.0)
        else:
            if live and kind == "start":
                self._begun(answer)
            with self.cond:
                if self.out:
                    _say(f"{self.courier.server.url} answers: {sum(len(s.queue) for s in (*self.before, self.spool))} messages are being sent")
                self.out, self.failures, self.not_before = False, 0, 0.0
                self.spoke = time.monotonic()
                self.run._stored[kind] += rows if live else 0
                if refused:
                    _keep(spool, number, kind, refused)
                    for _, why in refused:
                        self.run._note(Refused(f"the server refuses a value of {_named(spool, number, kind)}, which is kept in {spool.path / 'refused'}: {why}", 400), True)
                    self.run._refused += len(refused)
                    self.run._turned_down += len(refused)
                spool.done(number, kind)
                self._leave_if_done(spool)
                self.cond.notify_all()

    def _begun(self, answer):
        run = self.run
        with self.cond:
            run.id = answer["id"]
            if answer.get("epochs"):
                run.last_epoch, run.last_step = answer.get("last_epoch"), answer.get("last_step")
            if answer.get("samples") == 0:
                run._known = 0
            elif answer.get("samples"):
                run._known = None
            announced = answer.get("limits")
            run._limits = {k: announced[k] if isinstance(announced, dict) and isinstance(announced.get(k), int) else v for k, v in _LIMITS.items()}
            self._warn_of(answer.get("also"))
            self.answered = True

    def _warn_of(self, also):
        """Says that another client logs to the run, unless it is known to be gone."""
        if not isinstance(also, dict) or str(also.get("client")).partition(" ")[0] in self.gone:
            return
        _, _, where = str(also["client"]).partition(" ")
        who = "this process, by an earlier init that was not finished," if where == _client(self.spool.info).partition(" ")[2] else f"another process ({where})"
        self.run._note(ZoetropeError(f"{who} logs to this run too, and was heard of {float(also.get('seconds', 0)):.0f} s ago: an epoch that both log "
                                     "is the later one's. Give one of them a name of its own, or end the other"))

    def _refused(self, spool, number, kind, live, e):
        start = kind == "start"
        if spool in self.others:  # not our business: `sync` will say it
            with self.cond:
                self.others.remove(spool)
                spool.close(delete=False)
        elif e.status in (408, 425, 429) or e.status >= 500 or e.code in ("run_active", "incomplete"):
            self._trouble(e, min(30.0, e.after or 30.0))
        elif e.status in (401, 403, 405, 407) or e.status == 404 and not (start and e.code):
            self._trouble(Refused(f"{e}. What is logged is kept in {self.spool.path}, and sent when this has changed", e.status, e.code), 30.0)
        elif start and live:
            with self.cond:
                if not self.answered:
                    self.refusal = e
                    self.not_before = math.inf  # init ends this run
                    self.cond.notify_all()
                    return
            self._trouble(Refused(f"the server refuses the run, so nothing is stored, but kept in {self.spool.path}: {e}", e.status, e.code), 60.0)
        elif not live and (start or e.code in ("run_ended", "run_superseded")):
            with self.cond:
                self.run._note(Refused(f"{len(spool.queue)} messages of an earlier process are not sent, and kept in {spool.path}; `python -m zoetrope sync --refused` sends them nevertheless: {e}", e.status, e.code), True)
                self.before.remove(spool)
                spool.close(delete=False)
                self.cond.notify_all()
        else:
            what = _named(spool, number, kind)
            self._aside(spool, number, kind, f"the server refuses {what}, which is kept in {spool.path / 'refused'}: {e}", e)

    def _trouble(self, e, most):
        with self.cond:
            self.run._note(e, True)
        self._wait(most)

    def _wait(self, most):
        """Puts off the next attempt, each time for longer."""
        with self.cond:
            self.failures += 1
            pause = min(most, 0.1 * 2 ** min(self.failures, 12)) * random.SystemRandom().uniform(0.8, 1.0)
            self.not_before = time.monotonic() + (min(pause, 0.5) if self.hurry else pause)
            self.cond.notify_all()

    def _aside(self, spool, number, kind, why, e=None):
        with self.cond:
            spool.set_aside(number, kind, why)
            self.run._refused += 1
            self.run._turned_down += 1
            self.run._note(Refused(why, e.status, e.code) if e else ZoetropeError(why), True)
            self._leave_if_done(spool)
            self.cond.notify_all()

    def _leave_if_done(self, spool):
        for group in self.before, self.others:
            if spool in group and not spool.queue:
                group.remove(spool)
                spool.close(delete=not spool.refused())


def _client(info):
    """Returns what the process of a spool calls itself to the server."""
    return f"{info['uid']} process {info['pid']} on {info['host']}".encode("ascii", "replace").decode()[:300]


def _title(spool):
    return f"{spool.info['experiment']}/{spool.info['name']}"


def _named(spool, number, kind):
    """Returns what people call a message."""
    if kind != "epoch":
        return f"message {number} ({kind})"
    try:
        header, f = spool.read(number, "epoch")
        f.close()
        return f"epoch {header['epoch']}"
    except (OSError, ValueError, KeyError):
        return "epoch ?"


def _keep(spool, number, kind, refused):
    """Sets aside what the server refused of a message: those rows, or an epoch whole, as it can only be replaced whole."""
    whole = any(row is None for row, _ in refused)
    spool.set_aside(number, kind, "\n".join(why for _, why in refused), None if whole else [row for row, _ in refused])


# ---------------------------------------------------------------------------------------------------------------------
# HTTP.


def _address(url):
    """Returns the server's address, without a slash at its end."""
    url = url or os.environ.get("ZOETROPE_URL") or DEFAULT_URL
    parts = urllib.parse.urlsplit(url if "://" in url else "http://" + url)
    try:
        ok = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True) and not parts.username
    except ValueError:
        ok = False
    if not ok or any(ord(c) <= 32 or ord(c) > 126 for c in url):
        raise ValueError(f"url {url!r}: want an address such as {DEFAULT_URL}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _origin(url):
    """Returns what of an address says whose server it is: scheme, name and port."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def _token(token, permission, url):
    """Returns the token for the server at url: as given, of the environment, or the first in its file that permits.

    That of the environment is for the server of $ZOETROPE_URL, where that is set, and goes to no other.
    """
    meant = os.environ.get("ZOETROPE_URL")
    if not token and meant and _origin(_address(meant)) != _origin(url):
        return ""
    token = token or os.environ.get("ZOETROPE_TOKEN")
    file = os.environ.get("ZOETROPE_TOKEN_FILE")
    if not token and file:
        for line in Path(file).expanduser().read_text("utf-8").splitlines():
            words = line.partition("#")[0].split()
            if len(words) == 1 or len(words) == 2 and permission in words[0].split(","):
                token = words[-1]
                break
        else:
            raise ValueError(f"{file} has no token that permits to {permission}")
    token = (token or "").strip()
    if any(ord(c) <= 32 or ord(c) > 126 for c in token):
        raise ValueError("the token has characters that no token has")
    return token


class _Server:
    """A connection to a server, kept open. One thread at a time may use it."""

    def __init__(self, url=None, token=None, permission="log"):
        self.url = _address(url)
        self.token = _token(token, permission, self.url)
        self.parts = urllib.parse.urlsplit(self.url)
        self.client = None  # what it calls itself
        self.connection = None

    def call(self, method, path, body=None, *, key=None, kind="application/json", timeout=60.0):
        """Sends a request and returns its answer, decoded if it is JSON."""
        data = body if body is None or isinstance(body, (bytes, memoryview)) else _json(body)
        headers = {"Accept": "*/*", "User-Agent": f"zoetrope-python/{__version__}"}
        if data is not None:
            headers["Content-Type"] = kind
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if key:
            headers["Idempotency-Key"] = key
        if self.client:
            headers["Zoetrope-Client"] = self.client
        response, content = self._exchange(method, self.parts.path + path, data, headers, timeout)
        decoded = content
        if "json" in response.headers.get("Content-Type", ""):
            try:
                decoded = json.loads(content)
            except ValueError:
                raise Unreachable(f"{self.url} answered {method} {path} with broken JSON") from None
        if 200 <= response.status < 300:
            return decoded
        raise self._refusal(response, decoded)

    def _exchange(self, method, path, data, headers, timeout):
        try:
            reused = self.connection is not None
            try:
                return self._once(method, path, data, headers, timeout)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if not reused:
                    raise
                return self._once(method, path, data, headers, timeout)  # the server had closed a connection that was idle
        except (OSError, http.client.HTTPException) as e:
            self.close()
            raise Unreachable(f"no answer from {self.url} ({getattr(e, 'strerror', None) or e or type(e).__name__})") from e
        except BaseException:
            self.close()
            raise

    def _once(self, method, path, data, headers, timeout):
        if self.connection is None:
            port = self.parts.port
            if self.parts.scheme == "https":
                connection = http.client.HTTPSConnection(self.parts.hostname, port, timeout=5.0, context=ssl.create_default_context())
            else:
                connection = http.client.HTTPConnection(self.parts.hostname, port, timeout=5.0)
            connection.connect()
            self.connection = connection
        self.connection.sock.settimeout(timeout)
        broken = None
        try:
            self.connection.request(method, path, body=data, headers=headers)
        except (BrokenPipeError, ConnectionResetError) as e:
            broken = e  # a server that refuses a body may answer before it has read it
        try:
            response = self.connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError):
            if broken is not None:
                raise broken from None
            raise
        if response.will_close or broken is not None:
            self.close()
        return response, content

    def _refusal(self, response, answer):
        status, code = response.status, ""
        if isinstance(answer, dict) and isinstance(answer.get("error"), str):
            message, code = answer["error"], str(answer.get("code", ""))
        else:
            message = f"{self.url} answers {status} {response.reason}: is this the address that `zoetrope serve` printed?"
        if status == 401 and not self.token:
            message += " (give a token with token= or $ZOETROPE_TOKEN; that of the environment goes to the server of $ZOETROPE_URL only, where that is set)"
        after = response.headers.get("Retry-After", "")
        refused = Refused(message, status, code, float(after) if after.isdigit() else None)
        if isinstance(answer, dict) and isinstance(answer.get("at"), dict):
            refused.at = answer["at"]
        return refused

    def close(self):
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


# ---------------------------------------------------------------------------------------------------------------------
# Reading.


def runs(url=None, token=None):
    """Returns the server's runs, the newest first: a structured array of id, experiment, name, state, epochs, last_epoch,
    samples. Without an epoch, last_epoch is -1."""
    rows = _get("runs", url=url, token=token)["runs"]
    return _table(rows, id="U", experiment="U", name="U", state="U", epochs="i8", last_epoch="i8", samples="i8")


def samples(run, url=None, token=None):
    """Returns a run's samples, in the order of the rows of `vectors`: a structured array of id and label."""
    got = _get(f"runs/{_quote(run)}/samples", url=url, token=token)
    rows = [{"id": i, "label": got["classes"][k] if k >= 0 else ""} for i, k in zip(got["ids"], got["label"])]
    return _table(rows, id="U", label="U")


def metrics(run, url=None, token=None):
    """Returns a run's metrics: a dict from names to structured arrays of step, epoch and value."""
    series = _get(f"runs/{_quote(run)}/metrics", url=url, token=token)["series"]
    return {s["name"]: _table([dict(zip(("step", "epoch", "value"), row)) for row in zip(s["step"], s["epoch"], s["value"])],
                              step="i8", epoch="i8", value="f8") for s in series}


def vectors(run, layer=None, epoch=None, url=None, token=None):
    """Returns what a layer gave for the samples at an epoch: n×d float32, rows in the order of `samples`, NaN for samples
    that the epoch does not have. By default, the run's only layer and its last epoch."""
    if layer is None or epoch is None:
        info = _get(f"runs/{_quote(run)}", url=url, token=token)
        if info["last_epoch"] is None:
            raise ZoetropeError(f"run {run} has no epoch yet")
        if layer is None and len(info["layers"]) != 1:
            raise ZoetropeError(f"run {run} has the layers {', '.join(info['layers']) or 'none'}: say which, with layer=")
        layer, epoch = layer or info["layers"][0], info["last_epoch"] if epoch is None else epoch
    content = _get(f"runs/{_quote(run)}/vectors", {"layer": layer, "epoch": epoch, "format": "npy"}, url=url, token=token)
    return np.load(io.BytesIO(content), allow_pickle=False)


def points(projection=None, epoch=None, run=None, samples=None, url=None, token=None):
    """Returns points of a map: a structured array of run, epoch, sample, label, prediction, x, y and, in space, z.

    By default of the newest map (of the run, where one is named), at all epochs, for all samples.
    """
    if projection is None:
        maps = _get("projections", {"run": _named_run(run)}, url=url, token=token)["projections"]
        if not maps:
            raise ZoetropeError("there is no map yet: `zoetrope project` lays one out")
        projection = maps[0]["projection"]
    dims = _get(f"projections/{_quote(projection)}", url=url, token=token)["dims"]
    query = {"run": _named_run(run), "epoch": epoch, "sample": None if samples is None else _texts(samples, "samples")}
    rows = _get(f"projections/{_quote(projection)}/points", query, url=url, token=token)["points"]
    return _table(rows, run="U", epoch="i8", sample="U", label="U", prediction="U", **dict.fromkeys("xyz"[:dims], "f4"))


def _get(path, query=None, *, url, token):
    """Asks a server for JSON or bytes."""
    server = _Server(url, token, "read")
    given = {k: v for k, v in (query or {}).items() if v is not None}
    try:
        return server.call("GET", f"/api/v1/{path}" + ("?" + urllib.parse.urlencode(given, doseq=True) if given else ""))
    finally:
        server.close()


def _quote(name):
    if not name:
        raise ValueError("the run or projection has no name")
    return urllib.parse.quote(_named_run(name), safe="")


def _named_run(run):
    """Returns how the server finds a run, which may be given as a Run, a row of `runs`, or a name; None stays None."""
    if isinstance(run, Run):
        return run.id or run.title
    if isinstance(run, np.void) and run.dtype.names and "id" in run.dtype.names:
        run = run["id"]
    return run if run is None else str(run)


def _table(rows, **columns):
    """Returns rows as a structured array; text is as wide as it has to be."""
    missing = {"U": "", "i8": -1, "f4": math.nan, "f8": math.nan}
    types, values = [], []
    for name, kind in columns.items():
        column = [missing[kind] if row.get(name) is None else row[name] for row in rows]
        if kind == "U":
            kind = f"U{max([1] + [len(v) for v in column])}"
        types.append((name, kind))
        values.append([float(v) for v in column] if kind[0] == "f" else column)
    table = np.empty(len(rows), types)
    for (name, _), column in zip(types, values):
        table[name] = column
    return table


# ---------------------------------------------------------------------------------------------------------------------
# python -m zoetrope


def sync(dir=None, url=None, token=None, refused=False):
    """Sends what processes that are gone have left in the spool folder. It returns how many messages could not be sent.

    refused: sends again also what a server refused and what was set aside, such as after its limits were raised, and resumes
    runs that have ended for it; they are ended again as they were.
    url: of the server to send to; by default that which each run was logged to. The token goes to the server that url or
    $ZOETROPE_URL names; where neither is given, only if all runs were logged to one server.
    """
    left, servers = 0, {}
    spools = list(_orphans(_spool_root(dir)))
    # A token is for one server. Which one a spool names is not for the spool to say where there are several.
    named = url or os.environ.get("ZOETROPE_URL")
    meant = {_origin(_address(named))} if named else {_origin(_address(spool.info.get("url"))) for spool in spools}
    for spool in spools:
        title, total, kept = _title(spool), 0, 0
        address = url or spool.info.get("url")
        try:
            if refused:
                spool.take_back()
            total = len(spool.queue)
            if address not in servers:
                server = _Server(address, token)
                if meant != {_origin(server.url)}:
                    server.token = ""
                servers[address] = _Courier(server)
            while spool.queue:
                kept += _sync_one(servers[address], spool, *spool.queue[0][:2], live=refused)
            if spool.resumed:
                servers[address].end(spool, *spool.info.get("end", ("finish", {})))
        except (ZoetropeError, OSError, ValueError) as e:
            _say(f"{title}: {e}")
            if getattr(e, "code", "") in ("run_ended", "run_superseded"):
                _say(f"{title}: `python -m zoetrope sync --refused` resumes the run and sends it nevertheless")
        waiting, aside = len(spool.queue), len(spool.refused())
        total = max(total, waiting)
        if total:
            _say(f"{title}: {total - waiting - kept} of {total} messages are sent" + (f"; {waiting} are kept in {spool.path}" if waiting else ""))
        if aside:
            _say(f"{title}: {aside} messages that the server refused are kept in {spool.path / 'refused'}, with the reasons; "
                 "`python -m zoetrope sync --refused` sends them again")
        left += waiting
        spool.close(delete=not waiting and not aside)
    for courier in servers.values():
        courier.server.close()
    return left


def _sync_one(courier, spool, number, kind, live):
    """Sends a message. It reports whether the message, or some of it, was set aside."""
    try:
        _, refused, _ = courier.deliver(spool, number, kind, live)
    except Refused as e:
        if kind == "start" or not e.final:
            raise
        spool.set_aside(number, kind, str(e))
        return True
    except (ValueError, KeyError, TypeError) as e:
        spool.set_aside(number, kind, f"damaged: {e}")
        return True
    if refused:
        _keep(spool, number, kind, refused)
        for _, why in refused[:10]:
            _say(f"{_title(spool)}: {why}")
    spool.done(number, kind)
    return bool(refused)


def _status(dir):
    root = _spool_root(dir)
    for path in sorted(root.glob("*/run.json")) if root.is_dir() else ():
        info = json.loads(path.read_bytes())
        files = [p for p in path.parent.iterdir() if p.name[:1].isdigit()]
        lock = _lock(path.parent)
        if lock is not None:
            _unlock(lock)
        aside = len(list((path.parent / "refused").glob("*.txt")))
        print(f"{info['experiment']}/{info['name']}: {len(files)} messages ({_size(sum(p.stat().st_size for p in files))}) for {info['url']}, "
              f"{f'{aside} that were refused, ' if aside else ''}{'of a process that is gone' if lock else 'being logged'}, in {path.parent}")


def main(args=None):
    """The command line: `python -m zoetrope sync`, `python -m zoetrope status`."""
    parser = argparse.ArgumentParser(prog="python -m zoetrope", description="Send what could not be sent to a Zoetrope server while it was logged.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in ("sync", "send what processes that are gone have left"), ("status", "list what waits to be sent"):
        command = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        command.add_argument("--dir", help="the spool folder (default: $ZOETROPE_DIR, or this user's)")
        if name == "sync":
            command.add_argument("--url", help="the server (default: the one that each run was logged to)")
            command.add_argument("--refused", action="store_true", help="send again also what the server refused, and resume runs that have ended for it")
            command.add_argument("--token-file", help="a file with the token (default: $ZOETROPE_TOKEN, $ZOETROPE_TOKEN_FILE)")
    o = parser.parse_args(args)
    if o.command == "status":
        _status(o.dir)
        return 0
    if o.token_file:
        os.environ["ZOETROPE_TOKEN_FILE"] = o.token_file
    return 1 if sync(o.dir, o.url, refused=o.refused) else 0


def _say(text):
    with contextlib.suppress(Exception):
        print("zoetrope: " + "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text), file=sys.stderr, flush=True)


def _size(n):
    for unit in "bytes", "KiB", "MiB":
        if n < 1024:
            return f"{n:.0f} {unit}"
        n /= 1024
    return f"{n:.1f} GiB"


if __name__ == "__main__":
    sys.exit(main())
