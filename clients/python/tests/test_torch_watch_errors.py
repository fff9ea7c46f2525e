"""Watched models that diverge or fail, and mistakes in watch."""

import collections
import contextlib
import io
import unittest

import numpy as np
import torch
from torch import nn

from server import zoetrope
from watching import Part, WatchTest


class Diverged(WatchTest):
    """The epochs where a training diverges are the interesting ones: they keep whatever is finite."""

    def test_watched(self):
        model = nn.Sequential(collections.OrderedDict(fc0=nn.Linear(5, 4), fc1=nn.Linear(4, 3), fc2=nn.Linear(3, 2)))
        run = self.init()
        run.add_samples(ids=range(10))
        run.watch(model, ["fc0", "fc1", "fc2"], torch.randn(10, 5), targets=[0, 1] * 5)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertTrue(run.epoch_end(1, loss=0.5))
            with torch.no_grad():
                model.fc1.bias[0] = float("nan")
            self.assertFalse(run.epoch_end(2, loss=float("nan")))
            self.assertFalse(run.epoch_end(3, loss=3.0))
            run.flush()
        for layer in "fc1", "fc2":
            self.assertEqual(said.getvalue().count(f"layer '{layer}' has nan at sample '0' (row 0), column 0"), 1)
        self.assertEqual(self.epochs(), [1, 2, 3])
        self.assertEqual([self.stored(run, layer, 2).shape for layer in ("fc0", "fc1", "fc2")], [(10, 4), (10, 0), (10, 0)])
        self.assertEqual(zoetrope.metrics("r", self.server.url)["loss"]["value"].tolist()[::2], [0.5, 3.0])
        self.assertEqual(zoetrope.metrics("r", self.server.url)["accuracy"]["value"].tolist()[1:], [0.0, 0.0])
        got = zoetrope._get("runs/r/epochs/2/outputs", url=self.server.url, token=None)
        self.assertEqual((got["loss"], got["confidence"]), (None, None))

    def test_one_probe(self):
        """When a model gives NaN for one probe, the outputs for the others are kept."""
        x = torch.randn(10, 5)
        x[3] = float("nan")
        run = self.init()
        run.add_samples(ids=range(10))
        run.watch(nn.Sequential(nn.Linear(5, 4)), "0", x, targets=[0] * 10)
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertFalse(run.epoch_end(1))
        run.flush()
        got = zoetrope._get("runs/r/epochs/1/outputs", url=self.server.url, token=None)
        self.assertEqual([i for i, v in enumerate(got["loss"]) if v is None], [3])
        self.assertEqual(got["prediction"][3], -1)

    def test_forward_fails(self):
        """A forward pass that fails, as when memory runs out, loses only its own layers."""
        good, bad = nn.Sequential(nn.Linear(5, 4)), nn.Sequential(collections.OrderedDict(bad=nn.Linear(6, 4)))
        run, x = self.init(), torch.randn(10, 5)
        run.add_samples(ids=range(10))
        run.watch(bad, "bad", x)
        run.watch(good, "0", x)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertFalse(run.epoch_end(1, loss=0.5))
        run.flush()
        self.assertRegex(said.getvalue(), "RuntimeError: mat1 and mat2")
        np.testing.assert_allclose(self.stored(run, "0", 1), good(x).detach().numpy(), atol=1e-6)
        self.assertEqual(zoetrope.metrics("r", self.server.url)["loss"]["value"].tolist(), [0.5])

    def test_outputs(self):
        """A model that is not a classifier keeps its layers; a single logit stands for two classes."""
        x = torch.randn(10, 1, 4, 4)
        run = self.init()
        run.add_samples(ids=range(10))
        for name, model, targets, message in [
            ("segmentation", nn.Conv2d(1, 3, 1), [0] * 10, r"no n×classes matrix but \(8, 3, 4, 4\) for 8 probes"),
            ("a class too many", nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), [3] * 10, "a target is class 3, and the model's output has 3 classes"),
            ("no tensor", Part(lambda x: None), [0] * 10, "is NoneType, no tensor"),
        ]:
            with self.subTest(name), contextlib.redirect_stderr(io.StringIO()) as said:
                run.unwatch()
                run.watch(nn.Sequential(nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1), model), "0", x, targets=targets)
                self.assertFalse(run.epoch_end(1))
                run.flush()
                self.assertRegex(said.getvalue(), message)
                self.assertEqual(self.stored(run, "0", 1).shape, (10, 32))
        run.unwatch()
        binary = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
        run.watch(binary, "1", x, targets=["yes", "no"] * 5, classes=["no", "yes"])
        self.assertTrue(run.epoch_end(2))
        run.flush()
        got = zoetrope._get("runs/r/epochs/2/outputs", url=self.server.url, token=None)
        p = torch.sigmoid(binary(x)).flatten().detach().numpy()
        self.assertEqual([got["classes"][k] for k in got["prediction"]], ["yes" if v > 0.5 else "no" for v in p])
        np.testing.assert_allclose(got["confidence"], np.maximum(p, 1 - p), rtol=1e-5)


class Mistakes(WatchTest):
    """A mistake in watch raises at once, also where other errors are only recorded."""

    def test_raised(self):
        model, x = nn.Sequential(collections.OrderedDict(encoder=nn.Linear(5, 4), head=nn.Linear(4, 2))), torch.randn(10, 5)
        run = self.init()
        run.add_samples(ids=range(10))
        for layer, probes, more, message in [
            ("encodr", x, {}, "no module 'encodr': its modules are encoder, head; did you mean 'encoder'"),
            (["head", "haed"], x, {}, "did you mean 'head'"),
            ("Head", x, {}, "did you mean 'head'"),
            ([], x, {}, "no layer is named"),
            (None, x, {}, "layer is None: want a name"),
            (model.head, x, {}, r"layer is Linear\(.*\): want a name"),
            ("head", x[:9], {}, "there are 9 probes, and the run has 10 samples"),
            ("head", x[:2], {"ids": [3, 33]}, "no sample '33'"),
            ("head", x[:2], {"ids": [3]}, "2 probes, and 1 ids"),
            ("head", (x, x), {}, "cannot take these probes: too many positional arguments"),
            ("head", {"y": x}, {}, "cannot take these probes"),
            ("head", list(x), {}, "torch.stack"),
            ("head", {"input": x, "y": x[:3]}, {}, r"of \[3, 10\] rows"),
            ("head", torch.utils.data.TensorDataset(x), {}, "TensorDataset: want tensors"),
            ("head", ["a", "b"], {}, "want numbers"),
            ("head", x, {"targets": [0.5] * 10}, "want the number of a class"),
            ("head", x, {"targets": torch.eye(2).repeat(5, 1)}, r"shape \(10, 2\)"),
            ("head", x, {"targets": ["cat", "dgo"] * 5, "classes": ["cat", "dog"]}, "'dgo' is none of the classes; did you mean 'dog'"),
            ("head", x, {"call": -1}, "call is -1"),
        ]:
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                run.watch(model, layer, probes, **more)
        with self.assertRaisesRegex(ValueError, "model is a dict: want a torch.nn.Module"):
            run.watch({}, "head", x)
        deep = nn.Sequential(*[nn.Sequential(collections.OrderedDict(linear=nn.Linear(5, 5))) for _ in range(20)])
        with self.assertRaisesRegex(ValueError, "and 10 more; did you mean '0.linear' or '1.linear' or '2.linear'"):
            run.watch(deep, "linaer", x)
        self.assertEqual((run._watched, run.errors), ([], []))

    def test_two_names(self):
        """A module that a model has by two names is found by either."""
        model = nn.Module()
        model.a = model.b = nn.Linear(5, 4)
        model.forward = lambda x: model.a(x)
        x = torch.randn(10, 5)
        for name in "ab":
            np.testing.assert_allclose(self.watched(model, name, x, 10), model.a(x).detach().numpy(), atol=1e-6)

    def test_lazy(self):
        run = self.init()
        run.add_samples(ids=range(10))
        with self.assertRaisesRegex(zoetrope.ZoetropeError, "call the model once before"):
            run.watch(nn.Sequential(nn.LazyLinear(4)), "0", torch.randn(10, 5))


if __name__ == "__main__":
    unittest.main()
