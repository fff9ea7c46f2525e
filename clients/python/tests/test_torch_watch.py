"""Which output of a watched layer is stored, and that a capture leaves no trace in the model."""

import collections
import contextlib
import dataclasses
import io
import random
import unittest

import numpy as np
import torch
from torch import nn

from server import ServerTest, zoetrope


class WatchTest(ServerTest):
    def setUp(self):
        super().setUp()
        torch.manual_seed(1)

    def watched(self, model, layer, probes, n, strict=True, **more):
        """Watches a layer for one epoch, and returns what is stored; None if nothing is."""
        self.run_ = self.init("e", None, strict=strict)
        self.run_.add_samples(ids=range(n))
        self.run_.watch(model, layer, probes, **more)
        stored = self.run_.epoch_end(1)
        self.run_.flush()
        return self.stored(self.run_, layer, 1) if stored or not strict else None

    def refused(self, model, layer, probes, n, message, **more):
        """Watches a layer whose output cannot be stored: no epoch is, and the message says why."""
        with self.assertRaisesRegex(zoetrope.ZoetropeError, message):
            self.watched(model, layer, probes, n, **more)
        self.run_.flush()
        self.assertEqual(self.epochs(self.run_.id), [])


@contextlib.contextmanager
def plain(model):
    """A model in eval mode, with gradients: without the fused paths of nn.TransformerEncoder."""
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    yield
    for m, was in modes:
        m.training = was


class Encoder(nn.Module):
    """Tokens, of which 0 is padding, through an encoder."""

    def __init__(self, batch_first=True, mask=False):
        super().__init__()
        self.embed = nn.Embedding(50, 16, padding_idx=0)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=batch_first), 2)
        self.head = nn.Linear(16, 3)
        self.batch_first, self.mask = batch_first, mask

    def encoded(self, tokens):
        x = self.embed(tokens)
        mask = tokens == 0 if self.mask else None
        return self.encoder(x if self.batch_first else x.transpose(0, 1), src_key_padding_mask=mask)

    def forward(self, tokens):
        h = self.encoded(tokens)
        return self.head(h.mean(1 if self.batch_first else 0))


class Part(nn.Module):
    """A module that gives what a function of its input says; it is the layer "part" of a model."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs, **named):
        return self.function(*inputs, **named)


def of(part, then=lambda out: None):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = part

        def forward(self, *inputs):
            return then(self.part(*inputs))

    return Model()


class Dimensions(WatchTest):
    def test_sequence_first(self):
        """What is sequence-first is refused, also where batch and length are equal, and stored right with batch_dim=1."""
        for n, length, size in [(32, 32, 256), (40, 12, 16), (40, 16, 16), (12, 4, 4), (7, 7, 7), (4, 4, 4), (3, 3, 256), (2, 2, 256), (9, 4, 5), (6, 3, 3), (4, 2, 2)]:
            for name, part in ("LSTM", nn.LSTM(8, 6)), ("GRU", nn.GRU(8, 6)), ("RNN", nn.RNN(8, 6)), ("encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 6), 1)):
                with self.subTest(f"{name}, {n} of {length}, {size} at a time"):
                    model, probes = of(part), torch.randn(n, length, 8)
                    model.part.forward, forward = lambda x, f=part.forward: f(x.transpose(0, 1)), part.forward
                    self.refused(model, "part", probes, n, "dimension 0 is not that of the probes; dimension 1 is: watch it with batch_dim=1", batch_size=size)
                    got = self.watched(model, "part", probes, n, batch_size=size, batch_dim=1)
                    with plain(model):
                        want = zoetrope._tensor(forward(probes.transpose(0, 1))).transpose(0, 1)
                    np.testing.assert_allclose(got, want.flatten(1).detach().numpy(), atol=1e-5)

    def test_batch_first(self):
        for n, length in (32, 32), (7, 4):
            for name, part in ("LSTM", nn.LSTM(8, 6, batch_first=True)), ("GRU", nn.GRU(8, 6, batch_first=True)):
                with self.subTest(f"{name}, {n} of {length}"):
                    probes = torch.randn(n, length, 8)
                    got = self.watched(of(part), "part", probes, n, batch_size=16)
                    np.testing.assert_allclose(got, part(probes)[0].flatten(1).detach().numpy(), atol=1e-6)

    def test_attention(self):
        """nn.MultiheadAttention gives a tuple of outputs and weights."""
        for batch_first, weights in [(True, True), (True, False), (False, True)]:
            with self.subTest(f"batch_first={batch_first}, need_weights={weights}"):
                attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)
                model = of(Part(lambda x: None))
                model.part.attention = attention
                model.part.function = lambda x: attention(*[x if batch_first else x.transpose(0, 1)] * 3, need_weights=weights)
                probes = torch.randn(8, 8, 8)
                if not batch_first:
                    self.refused(model, "part.attention", probes, 8, "batch_dim=1")
                got = self.watched(model, "part.attention", probes, 8, batch_dim=0 if batch_first else 1)
                want = attention(*[probes if batch_first else probes.transpose(0, 1)] * 3)[0]
                want = want if batch_first else want.transpose(0, 1)
                np.testing.assert_allclose(got, want.flatten(1).detach().numpy(), atol=1e-5)

    def test_kinds_of_output(self):
        @dataclasses.dataclass
        class Output:
            loss: object = None
            last_hidden_state: object = None

        Named = collections.namedtuple("Named", "hidden others")
        probes = torch.randn(10, 5)
        for name, output in {
            "tuple": lambda x: (x, x.sum()),
            "named tuple": lambda x: Named(x, [x * 2]),
            "nested": lambda x: ((x, x * 2), [x * 3]),
            "dict": lambda x: {"last_hidden_state": x, "attentions": (x, x)},
            "ordered dict, of which the first is no tensor": lambda x: collections.OrderedDict(cache=None, hidden=x),
            "dict, of which the first is the loss": lambda x: {"loss": x.mean(), "logits": x},
            "dataclass": lambda x: Output(None, x),
            "user dict": lambda x: collections.UserDict(hidden=x),
            "bfloat16": lambda x: x.bfloat16().float().bfloat16(),
            "with gradient": lambda x: x * torch.ones(1, requires_grad=True),
        }.items():
            with self.subTest(name):
                got = self.watched(of(Part(output)), "part", probes, 10, batch_size=4)
                np.testing.assert_allclose(got, probes.numpy(), rtol=1e-2 if name == "bfloat16" else 0)
        np.testing.assert_array_equal(self.watched(of(Part(lambda x: x.sum(1))), "part", torch.ones(10, 5), 10), np.full((10, 1), 5))

    def test_refused(self):
        """What has no row for each probe is refused, and the message says what to do."""
        probes = torch.randn(12, 4, 6)
        pack = lambda x: nn.utils.rnn.pack_padded_sequence(x, [4] * len(x), batch_first=True)
        for name, output, message in [
            ("rows of all probes together", lambda x: x.flatten(0, 1), "dimension 0 is not that of the probes; none is"),
            ("mean over the batch", lambda x: x.mean(0), "none is"),
            ("one number", lambda x: x.mean(), "none is"),
            ("a packed sequence", pack, "none is"),
            ("nothing", lambda x: None, "NoneType, without a tensor"),
            ("all against all", lambda x: x.flatten(1) @ x.flatten(1).T, "in another batch: pad the probes"),
            ("of the longest in the batch", lambda x: x[:, :len(x) - 1], "in another batch: pad the probes"),
        ]:
            with self.subTest(name):
                self.refused(of(Part(output)), "part", probes, 12, message, batch_size=5)
        with self.assertRaisesRegex(ValueError, "batch_dim is -1"):
            self.run_.watch(of(Part(id)), "part", probes, batch_dim=-1)

    def test_cut(self):
        """Every probe is embedded once, in order, and batches are of two lengths unless they are of one row."""
        for n in range(1, 40):
            for most in range(1, 45):
                cut = list(zoetrope._cut(n, most))
                rows = [list(range(n)[r]) if isinstance(r, slice) else r for r, _ in cut]
                self.assertEqual([i for r, (_, keep) in zip(rows, cut) if keep for i in r], list(range(n)), f"n={n} most={most}")
                lengths = {len(r) for r in rows}
                self.assertTrue(len(lengths) > 1 or lengths == {1}, f"n={n} most={most}: {lengths}")
                self.assertLessEqual(max(lengths), max(most, 3))
                if n > 1 and most > 3:
                    self.assertNotIn(1, lengths, f"n={n} most={most}")


class FastPath(WatchTest):
    """In eval mode nn.TransformerEncoder calls none of its modules, and cuts off what is padded in all of a batch."""

    def test_modules(self):
        model, tokens = Encoder(), torch.randint(1, 50, (40, 12))
        for layer in "encoder", "encoder.layers.0", "encoder.layers.1", "encoder.layers.0.self_attn", "encoder.layers.0.linear2", "encoder.layers.1.norm2":
            with self.subTest(layer):
                want = []
                with plain(model):
                    hook = model.get_submodule(layer).register_forward_hook(lambda m, i, out: want.append(zoetrope._copy(out)))
                    model(tokens)
                    hook.remove()
                got = self.watched(model, layer, tokens, 40, batch_size=16)
                np.testing.assert_allclose(got, want[0].reshape(40, -1), atol=1e-5)
        self.refused(model, "encoder.layers.0.self_attn.out_proj", tokens, 40, "does not call its layer .*: watch another one, such as 'encoder.layers.0.self_attn'")

    def test_padding(self):
        tokens = torch.randint(1, 50, (40, 12))
        for i in range(40):
            tokens[i, 3 + i % 10:] = 0
        tokens = tokens[tokens.ne(0).sum(1).argsort()]  # so that the batches' longest differ
        model = Encoder(mask=True)
        with plain(model):
            want = model.encoded(tokens).detach().numpy()
        for layer in "encoder", "encoder.layers.1":
            with self.subTest(layer):
                got = self.watched(model, layer, tokens, 40, batch_size=16)
                np.testing.assert_allclose(got, want.reshape(40, -1), atol=1e-5)
        got = self.watched(model, "head", tokens, 40, batch_size=16)
        with plain(model):
            np.testing.assert_allclose(got, model(tokens).detach().numpy(), atol=1e-5)


    def test_mask_among_the_inputs(self):
        """A mask is an input as others are, by its place or its name, and may be None."""
        encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)
        x, mask = torch.randn(10, 6, 16), torch.arange(6) >= torch.arange(10)[:, None] % 4 + 2
        with plain(encoder):
            masked, whole = encoder(x, src_key_padding_mask=mask).detach().numpy(), encoder(x).detach().numpy()
        for probes, want in [({"src": x, "src_key_padding_mask": mask}, masked), ((x, None, mask), masked), ((x, None, mask.numpy()), masked),
                             ({"src": x, "mask": None}, whole), ({"src": x.numpy(), "src_key_padding_mask": None}, whole)]:
            got = self.watched(encoder, "layers.1", probes, 10, batch_size=4)
            np.testing.assert_allclose(got, want.reshape(10, -1), atol=1e-5)


class Calls(WatchTest):
    def test_called_twice(self):
        model = nn.Module()
        model.tower = nn.Linear(5, 4)
        model.forward = lambda a, b: (model.tower(a) - model.tower(b)).norm(dim=1, keepdim=True)
        a, b = torch.randn(10, 5), torch.randn(10, 5)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            got = self.watched(model, "tower", (a, b), 10)
            self.run_.epoch_end(2)
        np.testing.assert_allclose(got, model.tower(b).detach().numpy(), atol=1e-6)
        self.assertEqual(said.getvalue().count("calls its layer 'tower' 2 times, and the last call's output is taken: say which with call=0 to call=1"), 1)
        for call, x in enumerate((a, b)):
            got = self.watched(model, "tower", (a, b), 10, call=call)
            np.testing.assert_allclose(got, model.tower(x).detach().numpy(), atol=1e-6)
            self.assertEqual(self.run_.errors, [])
        self.refused(model, "tower", (a, b), 10, "calls its layer 'tower' 2 times, and call=2", call=2)


class Several(WatchTest):
    """One layer that is watched for several sets of samples, and several models."""

    def setUp(self):
        super().setUp()
        self.model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
        self.x = torch.randn(10, 5)
        self.want = self.model[0](self.x).detach().numpy()
        self.run_ = self.init(strict=True)
        self.run_.add_samples(ids=range(10))

    def test_one_layer(self):
        self.run_.watch(self.model, ["0", "2"], self.x[:6], ids=range(6), targets=[0, 1, 2, 0, -1, 1], classes=list("abc"))
        self.run_.watch(self.model, "0", self.x[6:], ids=range(6, 10), targets=[2, 2, 2, 2], classes=list("abc"))
        self.run_.epoch_end(1)
        self.run_.flush()
        np.testing.assert_allclose(self.stored(self.run_, "0", 1), self.want, atol=1e-6)
        self.assertTrue(np.isnan(self.stored(self.run_, "2", 1)[6:]).all())
        logits = self.model(self.x)
        targets = torch.tensor([0, 1, 2, 0, -1, 1, 2, 2, 2, 2])
        got = zoetrope._get("runs/r/epochs/1/outputs", url=self.server.url, token=None)
        self.assertEqual([got["classes"][k] for k in got["prediction"]], ["abc"[k] for k in logits.argmax(1)])
        want = nn.functional.cross_entropy(logits, targets, reduction="none", ignore_index=-1).detach().numpy()
        for loss, t, w in zip(got["loss"], targets, want):
            self.assertIsNone(loss) if t < 0 else self.assertAlmostEqual(loss, w, places=5)
        right = [int(p) == int(t) for p, t in zip(logits.argmax(1), targets) if t >= 0]
        self.assertAlmostEqual(zoetrope.metrics("r", self.server.url)["accuracy"]["value"][0], sum(right) / 9)

    def test_some_are_judged(self):
        """Where one of the watches has no targets, its samples have no losses."""
        self.run_.watch(self.model, "0", self.x[:6], ids=range(6), targets=[0] * 6)
        self.run_.watch(self.model, "0", self.x[6:], ids=range(6, 10), classes=list("012"))
        self.run_.epoch_end(1)
        self.run_.flush()
        got = zoetrope._get("runs/r/epochs/1/outputs", url=self.server.url, token=None)
        self.assertEqual([x is None for x in got["loss"]], [False] * 6 + [True] * 4)
        self.assertEqual([x is None for x in got["confidence"]], [False] * 10)

    def test_again(self):
        """A notebook's cell that is run again changes nothing; what is watched for the same samples otherwise is a mistake."""
        for _ in range(2):
            self.run_.watch(self.model, ["0", "2"], self.x)
        self.run_.watch(self.model, "2", self.x)
        self.run_.epoch_end(1)
        self.run_.flush()
        np.testing.assert_allclose(self.stored(self.run_, "0", 1), self.want, atol=1e-6)
        other = nn.Sequential(nn.Linear(5, 4))
        for model, probes, ids, message in [(other, self.x, None, "layer '0' is watched already: give"),
                                            (self.model, self.x + 1, None, "layer '0' is watched already: give"),
                                            (self.model, self.x[:2], [3, 4], "give ids= to both")]:
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                self.run_.watch(model, "0", probes, ids=ids)
        self.run_.watch(other, {"other.0": "0"}, self.x)
        self.run_.epoch_end(2)
        self.run_.flush()
        np.testing.assert_allclose(self.stored(self.run_, "0", 2), self.want, atol=1e-6)
        np.testing.assert_allclose(self.stored(self.run_, "other.0", 2), other[0](self.x).detach().numpy(), atol=1e-6)
        self.run_.unwatch()
        self.run_.watch(other, "0", self.x[:2], ids=[3, 4])
        with self.assertRaisesRegex(ValueError, "for sample '4' too"):
            self.run_.watch(other, "0", self.x[:2], ids=[4, 5])


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
        """Of a model that gives NaN for one probe, what it says of the others is kept."""
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
        """A forward pass that fails, as for want of memory, costs its own layers."""
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
        """A model whose output is that of no classifier keeps its layers; one logit is that of two classes."""
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
    """A mistake in watch raises at once, also where other errors are only noted."""

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


class Touchy(nn.Module):
    """A model in which much changes when it is called: what its mode, its buffers, its attributes and its own train() decide."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 4)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.frozen = nn.BatchNorm1d(4).eval()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("cache", None)
        self.hidden = None
        self.merged = False

    def train(self, mode=True):
        """As in LoRA, eval mode has other weights."""
        if mode == self.merged:
            self.fc.weight.data += 1e-3 if self.merged is False else -1e-3
            self.merged = not mode
        return super().train(mode)

    def forward(self, x):
        self.calls += 1
        self.cache = x.detach()
        self.hidden = x.sum()
        self.seen = True
        return self.drop(self.frozen(self.norm(self.fc(x)))) * torch.rand(()) * random.random() * np.random.rand()


class Undisturbed(WatchTest):
    def state(self, model):
        tensors = {name: t.clone() for name, t in model.state_dict().items()}
        tensors.update({f"{name}.grad": p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
        tensors.update({"random": torch.get_rng_state(), "numpy": torch.from_numpy(np.random.get_state()[1].astype("i8"))})
        flags = {name: m.training for name, m in model.named_modules()}
        others = (flags, random.getstate(), np.random.get_state()[2:], torch.is_grad_enabled(), torch.is_autocast_enabled(),
                  torch.is_autocast_cache_enabled(), [p.requires_grad for p in model.parameters()], model.hidden, model.merged, hasattr(model, "seen"),
                  sorted(vars(model)), [sum(map(len, (m._forward_hooks, m._forward_pre_hooks, m._backward_hooks))) for m in model.modules()])
        return tensors, others

    def same(self, before, after):
        self.assertEqual(list(before[0]), list(after[0]))
        for name, t in before[0].items():
            self.assertTrue(torch.equal(t, after[0][name]), name)
        self.assertEqual(before[1], after[1])

    def test_state(self):
        """Modes, buffers, attributes, gradients and generators are as before a capture, also after one that fails."""
        model = Touchy()
        model.fc(torch.randn(3, 5)).sum().backward()
        model.train()
        model.frozen.eval()
        run, wrong = self.init(), torch.randn(10, 7)
        run.add_samples(ids=range(10))
        run.watch(model, ["fc", "norm"], torch.randn(10, 5), targets=[0] * 10)
        before = self.state(model)
        self.assertTrue(run.epoch_end(1))
        self.same(before, self.state(model))
        run.unwatch()
        run.watch(model, "fc", wrong)
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertFalse(run.epoch_end(2))
        self.same(before, self.state(model))

    def test_trainings(self):
        """Trainings of modules that keep something between their calls end with the same weights, watched or not."""
        linear = lambda: nn.Linear(6, 6)
        for name, make, layer in [
            ("spectral_norm", lambda: nn.Sequential(nn.utils.spectral_norm(linear()), linear()), "0"),
            ("spectral_norm, as a parametrization", lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(linear()), linear()), "0"),
            ("weight_norm", lambda: nn.Sequential(nn.utils.weight_norm(linear()), linear()), "0"),
            ("LSTM", lambda: nn.Sequential(nn.LSTM(6, 6, batch_first=True, dropout=0.5, num_layers=2), Part(lambda out: out[0])), "0"),
            ("encoder", lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), 2), "layers.0"),
            ("batch norm without running statistics", lambda: nn.Sequential(Part(lambda x: x.flatten(1)), nn.BatchNorm1d(24, track_running_stats=False), nn.RReLU()), "1"),
        ]:
            with self.subTest(name):
                ends = []
                for watch in False, True:
                    torch.manual_seed(3)
                    model, probes = make(), torch.randn(7, 4, 6)
                    run = self.init("e", None, strict=True, mode="online" if watch else "disabled")
                    run.add_samples(ids=range(7))
                    run.watch(model, layer, probes)
                    opt = torch.optim.SGD(list(model.parameters()) or [torch.zeros(1)], 0.1)
                    for epoch in range(3):
                        loss = (model(torch.randn(5, 4, 6)) - 1).square().mean()
                        if watch and epoch == 1:
                            run.epoch_end(epoch)  # between a forward pass and its backward pass
                        opt.zero_grad()
                        loss.backward()
                        opt.step()
                        if watch and epoch != 1:
                            run.epoch_end(epoch)
                    run.finish()
                    ends.append(model.state_dict())
                self.assertEqual(list(ends[0]), list(ends[1]))
                self.assertTrue(all(torch.equal(a, b) for a, b in zip(ends[0].values(), ends[1].values())))

    def test_scripted(self):
        """What TorchScript compiles calls no hook, and is refused; as another part of the model it is as before."""
        scripted = torch.jit.script(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4)).train())
        model, x = nn.Sequential(scripted, nn.Linear(4, 3)), torch.randn(10, 5)
        for layer in "0", "0.1":
            with self.assertRaisesRegex(ValueError, f"layer '{layer}' is compiled by TorchScript"):
                self.watched(model, layer, x, 10)
        before = {name: t.clone() for name, t in model.state_dict().items()}
        got = self.watched(model, "1", x, 10)
        with plain(model):
            np.testing.assert_allclose(got, model(x).detach().numpy(), atol=1e-6)
        self.assertTrue(scripted.training and getattr(scripted, "1").training)
        self.assertTrue(all(torch.equal(t, model.state_dict()[name]) for name, t in before.items()))

    def test_encoder(self):
        """What keeps nn.TransformerEncoder from its fused path is put back."""
        model, tokens = Encoder(mask=True), torch.randint(0, 50, (10, 6))
        settings = lambda: [(name, key, value) for name, m in model.named_modules() for key, value in vars(m).items() if key in zoetrope._FUSED]
        before = settings()
        self.watched(model, "encoder", tokens, 10)
        self.assertEqual(len(before), 3)
        self.assertEqual(settings(), before)

    def test_autocast(self):
        """A capture in the middle of autocast leaves weights that have a gradient."""
        model, x = nn.Sequential(nn.Linear(5, 4)), torch.randn(10, 5)
        run = self.init(strict=True)
        run.add_samples(ids=range(10))
        run.watch(model, "0", x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            run.epoch_end(1)
            self.assertTrue(torch.is_autocast_cpu_enabled() and torch.is_autocast_cache_enabled())
            loss = model(x).float().square().mean()
        loss.backward()
        self.assertIsNotNone(model[0].weight.grad)
        run.flush()
        np.testing.assert_allclose(self.stored(run, "0", 1), model(x).detach().numpy(), atol=0.1)


if __name__ == "__main__":
    unittest.main()
