"""Which output of a watched layer is stored."""

import collections
import contextlib
import dataclasses
import io
import unittest

import numpy as np
import torch
from torch import nn

from server import zoetrope
from watching import Encoder, Part, WatchTest, of, plain


class Dimensions(WatchTest):
    def test_sequence_first(self):
        """Sequence-first output is refused, also where batch and length are equal, and stored correctly with batch_dim=1."""
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
        """Output without a row for each probe is refused, and the message says what to do."""
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
    """In eval mode nn.TransformerEncoder calls none of its modules, and cuts off positions that are padding in all rows of a batch."""

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
        """A mask is an input like the others, by position or by name, and may be None."""
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


if __name__ == "__main__":
    unittest.main()
