"""A capture leaves no trace in the model."""

import contextlib
import io
import random
import unittest

import numpy as np
import torch
from torch import nn

from server import zoetrope
from watching import Encoder, Part, WatchTest, plain


class Touchy(nn.Module):
    """A model that changes when it is called: its mode, its buffers, its attributes and, by its own train(), its weights."""

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
        """Modules that keep state between calls end a training with the same weights, watched or not."""
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
        """A module compiled by TorchScript calls no hook and is refused; as an unwatched part of the model it stays unchanged."""
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
        """The settings that keep nn.TransformerEncoder from its fused path are restored."""
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
