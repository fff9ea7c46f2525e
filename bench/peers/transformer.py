#!/usr/bin/python3
"""Trains a small vision transformer on MNIST and writes what its last block makes of test images after each epoch.

Usage: transformer.py MNIST OUT.npy LABELS.npy [--epochs 20] [--samples 2000] [--images 15360] [--rate 1e-4] [--seed 42]

MNIST is the folder with the four .gz files. OUT is epochs×samples×64 float32, the mean over tokens; LABELS are the digits.
The network: 16 patches of 7×7, 2 blocks of width 64 with 4 heads, pre-norm; Adam, batches of 128.
"""
import argparse, gzip, os
import numpy as np
import torch
from torch import nn

p = argparse.ArgumentParser()
p.add_argument("mnist"), p.add_argument("out"), p.add_argument("labels")
for name, kind, value in (("epochs", int, 20), ("samples", int, 2000), ("images", int, 15360), ("rate", float, 1e-4), ("seed", int, 42)):
    p.add_argument("--" + name, type=kind, default=value)
a = p.parse_args()
torch.manual_seed(a.seed)
torch.set_num_threads(1)


def read(name, skip):
    with gzip.open(os.path.join(a.mnist, name)) as f:
        return np.frombuffer(f.read(), np.uint8, offset=skip)


def patches(x):
    """n×28×28 to n×16×49."""
    x = torch.tensor(x.reshape(-1, 4, 7, 4, 7), dtype=torch.float32) / 255
    return x.permute(0, 1, 3, 2, 4).reshape(-1, 16, 49)


class Transformer(nn.Module):
    def __init__(self, width=64, heads=4, blocks=2):
        super().__init__()
        self.embed = nn.Linear(49, width)
        self.place = nn.Parameter(torch.randn(1, 16, width) * 0.02)
        block = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, blocks, enable_nested_tensor=False)
        self.head = nn.Linear(width, 10)

    def layer(self, x):
        return self.blocks(self.embed(x) + self.place).mean(1)

    def forward(self, x):
        return self.head(self.layer(x))


x, y = patches(read("train-images-idx3-ubyte.gz", 16)[: a.images * 784]), torch.tensor(read("train-labels-idx1-ubyte.gz", 8)[: a.images].astype(np.int64))
probes, labels = patches(read("t10k-images-idx3-ubyte.gz", 16)[: a.samples * 784]), read("t10k-labels-idx1-ubyte.gz", 8)[: a.samples]
model = Transformer()
optimizer, loss = torch.optim.Adam(model.parameters(), lr=a.rate), nn.CrossEntropyLoss()
seen = []
for epoch in range(a.epochs):
    for batch in torch.randperm(len(x)).split(128):
        optimizer.zero_grad()
        loss(model(x[batch]), y[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        seen.append(model.layer(probes).numpy())
        print("epoch %d: accuracy %.3f" % (epoch + 1, (model(probes).argmax(1).numpy() == labels).mean()), flush=True)
np.save(a.out, np.stack(seen).astype("<f4"))
np.save(a.labels, labels)
