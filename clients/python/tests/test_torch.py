"""What is asked of PyTorch: its tensors, and models that are watched."""

import contextlib
import io
import random
import unittest

import numpy as np
import torch
from torch import nn

from server import ServerTest, zoetrope


class Net(nn.Module):
    """A small network with what a training's mode and random state decide: dropout, and batch normalisation."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.fc1 = nn.Linear(4 * 6 * 6, 16)
        self.relu = nn.ReLU(inplace=True)  # which writes into what fc1 has returned
        self.fc2 = nn.Linear(16, 3)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        x = self.drop(self.norm(self.conv(x)).flatten(1))
        return self.fc2(self.relu(self.fc1(x)))

    def layers(self, x):
        """The outputs of conv and fc1, in eval mode."""
        was = self.training
        self.eval()
        with torch.no_grad():
            conv = self.conv(x)
            fc1 = self.fc1(self.norm(conv).flatten(1))
        self.train(was)
        return conv, fc1


class Tensors(unittest.TestCase):
    def test_taken(self):
        want = np.array([[1, 2.5], [-3, 4]], "<f4")
        t = torch.tensor(want)
        for name, given in {
            "float": t,
            "double": t.double(),
            "half": t.half(),
            "bfloat16": t.bfloat16(),
            "with gradient": t.clone().requires_grad_(),
            "of a graph": t.clone().requires_grad_() * 1,
            "transposed": t.t().contiguous().t(),
            "sparse": t.to_sparse(),
            "a list": list(t),
        }.items():
            with self.subTest(name):
                np.testing.assert_array_equal(zoetrope._vectors(given, "a", []), want)
        np.testing.assert_array_equal(zoetrope._vectors(torch.ones(2, 3, 4, 5), "a", []), np.ones((2, 60)))

    def test_columns(self):
        self.assertEqual(zoetrope._texts(torch.tensor([3, 1]), "labels"), ["3", "1"])
        self.assertEqual(zoetrope._texts([torch.tensor(3), "x"], "labels"), ["3", "x"])
        self.assertEqual(zoetrope._numbers(torch.tensor([0.5, 1]).bfloat16(), "losses"), [0.5, 1])
        self.assertEqual(zoetrope._metrics({"loss": torch.tensor(0.5, requires_grad=True)}), {"loss": 0.5})
        self.assertEqual(zoetrope._whole("step", torch.tensor(7)), 7)
        self.assertEqual(zoetrope._plain({"lr": torch.tensor(0.5), "dtype": torch.float32}), {"lr": 0.5, "dtype": "torch.float32"})
        self.assertEqual(len(zoetrope._pictures(torch.rand(2, 3, 8, 8), 256)), 2)


class Watch(ServerTest):
    def setUp(self):
        super().setUp()
        torch.manual_seed(1)
        self.model, self.probes = Net(), torch.randn(10, 1, 8, 8)
        self.run_ = self.init(strict=True)
        self.run_.add_samples(ids=range(10))

    def test_layers(self):
        for probes in self.probes, self.probes.numpy(), self.probes.double():
            self.run_._watched.clear()
            self.run_.watch(self.model, ["fc1", "conv"], probes, batch_size=4)
            self.run_.epoch_end(1, loss=torch.tensor(0.5), step=7)
            self.run_.flush()
            conv, fc1 = self.model.layers(self.probes)
            np.testing.assert_allclose(self.stored(self.run_, "fc1", 1), fc1.numpy(), atol=1e-6)
            np.testing.assert_allclose(self.stored(self.run_, "conv", 1), conv.flatten(1).numpy(), atol=1e-6)
        self.assertEqual(zoetrope.metrics("r", self.server.url)["loss"].tolist(), [(7, 1, 0.5)])

    def test_outputs(self):
        targets = torch.arange(10) % 3
        self.run_.watch(self.model, "fc1", self.probes, targets=targets, classes=["a", "b", "c"], batch_size=3)
        self.run_.epoch_end(1)
        self.run_.flush()
        self.model.eval()
        with torch.no_grad():
            logits = self.model(self.probes)
        want = nn.functional.cross_entropy(logits, targets, reduction="none").numpy()
        got = zoetrope._get("runs/r/epochs/1/outputs", url=self.server.url, token=None)
        np.testing.assert_allclose(got["loss"], want, rtol=1e-5)
        np.testing.assert_allclose(got["confidence"], logits.softmax(1).max(1).values.numpy(), rtol=1e-5)
        self.assertEqual([got["classes"][k] for k in got["prediction"]], ["abc"[k] for k in logits.argmax(1)])
        accuracy = (logits.argmax(1) == targets).float().mean().item()
        self.assertAlmostEqual(zoetrope.metrics("r", self.server.url)["accuracy"]["value"][0], accuracy, places=6)

    def train(self, run, epochs=3):
        """A short training that depends on every random generator there is. It returns the weights it ends with."""
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)
        model = Net()
        model.unused.eval()  # as frozen parts are
        opt = torch.optim.Adam(model.parameters(), 1e-2)
        if run is not None:
            run.watch(model, "fc1", self.probes, targets=np.zeros(10, int))
        for epoch in range(epochs):
            model.train()
            model.unused.eval()
            for _ in range(5):
                x = torch.randn(6, 1, 8, 8) + random.random() + np.random.rand()
                opt.zero_grad()
                model(x).square().mean().backward()
                opt.step()
            if run is not None:
                run.epoch_end(epoch)
                self.assertTrue(model.training and model.fc1.training and not model.unused.training)
                self.assertFalse(any(m._forward_hooks for m in model.modules()))
                self.assertTrue(torch.is_grad_enabled())
        return torch.cat([p.flatten() for p in model.state_dict().values()])

    def test_undisturbed(self):
        """A training that is watched ends with the same weights, bit for bit."""
        self.assertTrue(torch.equal(self.train(None), self.train(self.run_)))
        self.run_.flush()
        self.assertEqual(self.epochs(), [0, 1, 2])

    def test_data_loader(self):
        """The processes of a data loader, forked while the run is open and sends, leave it alone."""
        data = torch.utils.data.TensorDataset(torch.randn(64, 1, 8, 8))
        loader = torch.utils.data.DataLoader(data, batch_size=8, num_workers=2)
        self.run_.watch(self.model, "fc1", self.probes)
        for epoch in 1, 2, 3:
            self.assertEqual(sum(len(x) for x, in loader), 64)
            self.run_.epoch_end(epoch)
        self.assertTrue(self.run_.finish())
        self.assertEqual((self.epochs(), self.state(), self.left()), ([1, 2, 3], "finished", []))

    def test_several_inputs(self):
        class Two(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed, self.fc = nn.Embedding(5, 3), nn.Linear(3, 4)

            def forward(self, tokens, scale):
                return {"logits": self.fc(self.embed(tokens).mean(1) * scale)}

        model, tokens, scale = Two(), torch.arange(20).reshape(10, 2) % 5, torch.rand(10, 1)
        want = model.fc(model.embed(tokens).mean(1) * scale).detach().numpy()
        for epoch, probes in enumerate([(tokens, scale), {"scale": scale, "tokens": tokens}]):
            self.run_._watched.clear()
            self.run_.watch(model, "fc", probes, batch_size=4, classes=list("abcd"))
            self.run_.epoch_end(epoch)
            self.run_.flush()
            np.testing.assert_allclose(self.stored(self.run_, "fc", epoch), want, atol=1e-6)

    def test_wrapped(self):
        self.run_.watch(nn.Sequential(self.model), "fc1", self.probes)  # named 0.fc1 there
        self.run_.epoch_end(1)
        self.run_.flush()
        np.testing.assert_allclose(self.stored(self.run_, "fc1", 1), self.model.layers(self.probes)[1].numpy(), atol=1e-6)

    def test_mistakes(self):
        for layer, probes, more, message in [
            ("fc3", self.probes, {}, "no module 'fc3': its modules are conv, norm, drop, fc1"),
            ("fc1", self.probes, {"ids": [1]}, "10 probes, and 1 ids"),
            ("fc1", self.probes, {"targets": [1]}, "10 probes, and 1 targets"),
            ("fc1", self.probes, {"batch_size": -1}, "want 0 or more"),
        ]:
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                self.run_.watch(self.model, layer, probes, **more)
        self.run_.watch(self.model, "unused", self.probes)
        with self.assertRaisesRegex(zoetrope.ZoetropeError, "does not call its layer 'unused'"):
            self.run_.epoch_end(1)

    def test_training_goes_on(self):
        """A forward pass that fails, and a network that diverged, are noted; the model is put back all the same."""
        with contextlib.redirect_stderr(io.StringIO()) as said:
            run = self.init("e", "s")
            run.add_samples(ids=range(10))
            run.watch(self.model, "fc1", torch.randn(10, 1, 9, 9))
            self.assertFalse(run.epoch_end(1))
            run._watched.clear()
            run.watch(self.model, "fc1", self.probes)
            nn.init.constant_(self.model.fc1.bias, float("nan"))
            self.assertFalse(run.epoch_end(2))
        self.assertRegex(said.getvalue(), "RuntimeError.*\n(.*\n)*.*has nan at sample '0'")
        self.assertTrue(self.model.training)
        self.assertFalse(any(m._forward_hooks for m in self.model.modules()))


if __name__ == "__main__":
    unittest.main()
