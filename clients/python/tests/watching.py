"""Models and a test case for layers that are watched."""

import contextlib

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
    """A module that applies a function to its input; of() makes it the layer "part" of a model."""

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
