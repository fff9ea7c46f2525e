#!/usr/bin/env python3
"""Measure what logging costs a training: epochs of the example, in turn with and without, beside a server of their own.

    python3 examples/pytorch/overhead.py [--rounds 5] [--images 60000]

Without: train, and look how many of the samples the network has right. With: the same, and everything that mnist.py logs:
the samples' vectors, predictions, losses and confidences, and the metrics. Both embed the samples once an epoch. The
epochs of a round are neighbours in time, and every other round begins with the other one; medians are over the rounds.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import mnist
from mnist import zoetrope


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="epochs with, and as many without")
    parser.add_argument("--images", type=int, default=60000, help="per epoch")
    parser.add_argument("--data", type=Path, help="folder with MNIST's four .gz files")
    o = parser.parse_args()
    folder = o.data or mnist.find_mnist()
    images, labels = mnist.read(folder, "train")
    probes, answers = (x[:2000] for x in mnist.read(folder, "t10k"))
    torch.manual_seed(42)
    model = mnist.Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-6)
    inputs = mnist.normalise(probes)

    with tempfile.TemporaryDirectory() as place, serve(place) as server:
        os.environ["ZOETROPE_URL"], os.environ["ZOETROPE_DIR"] = server.url, os.path.join(place, "spool")
        run = zoetrope.init("overhead", "mnist", strict=True)
        run.add_samples(labels=answers, images=probes)
        run.watch(model, "fc1", inputs, targets=answers)
        run.flush()
        step = 0

        def without(epoch):
            mnist.train(model, optimizer, images, labels, torch.randperm(len(images))[:o.images], 128, lambda losses: None)
            with torch.no_grad():
                model.eval()
                return np.mean([(model(x).argmax(1) == y).float().mean().item() for x, y in zip(inputs.split(256), answers.split(256))])

        def report(losses):
            nonlocal step
            step += 1
            if len(losses) % 200 == 0:
                run.log_metrics(step, {"running_loss": float(np.mean(losses[-200:]))})

        def logged(epoch):
            loss = mnist.train(model, optimizer, images, labels, torch.randperm(len(images))[:o.images], 128, report)
            run.epoch_end(epoch, loss=loss, step=step)

        without(0)  # warms up
        costs = {without: [], logged: []}
        for k in range(1, o.rounds + 1):
            for how in (without, logged) if k % 2 else (logged, without):
                wall, cpu, served = time.perf_counter(), time.process_time(), server.cpu()
                how(k)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                if how is logged:  # what is sent after the epoch is part of it; the training does not wait for it
                    late = time.process_time()
                    run.flush()
                    cpu += time.process_time() - late
                costs[how].append((wall, cpu, server.cpu() - served))
            a, b = costs[without][-1], costs[logged][-1]
            print(f"round {k}: without {a[0]:.2f} s, {a[1]:.2f} s CPU; with {b[0]:.2f} s, {b[1]:.2f} s CPU, and the server {b[2]:.2f} s CPU", flush=True)
        calls, log = 20, run._log  # what epoch_end calls when the samples are embedded
        embedded = run._watched[0].embed()
        frames = [("fc1", embedded[0]["fc1"], None)]
        run.flush()
        caller, both, served = time.thread_time(), time.process_time(), server.cpu()
        for k in range(calls):
            log(10**6 + k, frames, embedded[1], None, {"loss": 1.0}, step)
        caller = time.thread_time() - caller
        run.flush()
        both, served = time.process_time() - both, server.cpu() - served
        run.finish()

    def slower(i, server=0):
        ratios = [(b[i] + server * b[2]) / a[i] for a, b in zip(costs[without], costs[logged])]
        least = min(b[i] + server * b[2] for b in costs[logged]) / min(a[i] for a in costs[without])
        return f"median {statistics.median(ratios) - 1:+.2%}, of the least {least - 1:+.2%}"

    print(f"{o.rounds} epochs of {o.images} images each way; with logging an epoch takes")
    print(f"  wall time            {slower(0)}")
    print(f"  CPU, this process    {slower(1)}")
    print(f"  CPU, and the server  {slower(1, 1)}")
    epoch = min(a[1] for a in costs[without]) * 60000 / o.images
    print(f"logging one epoch takes {caller / calls * 1e3:.1f} ms CPU of the training's thread, {(both - caller) / calls * 1e3:.1f} ms of the one that sends,")
    print(f"and {served / calls * 1e3:.1f} ms of the server: {caller / calls / epoch:.3%} and {(both + served) / calls / epoch:.3%} of an epoch of 60,000 images")


class serve:
    """A server of its own, and the CPU time that it has taken."""

    def __init__(self, place):
        command = shutil.which("zoetrope")
        if command is None:
            command = os.path.join(place, "zoetrope")
            subprocess.run(["go", "build", "-o", command, "./cmd/zoetrope"], cwd=mnist.ROOT, check=True)
        self.process = subprocess.Popen([command, "serve", "--create", "--db", os.path.join(place, "runs.db"), "--addr", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()

    def cpu(self):
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0  # no Linux
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()


if __name__ == "__main__":
    sys.exit(main())
