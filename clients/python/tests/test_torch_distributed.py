"""Models that several processes train: one of them watches, and the others are never waited for."""

import collections
import unittest

import numpy as np
import torch
from torch import nn

from server import HERE, ServerTest, zoetrope

TRAINING = f"""
import datetime, faulthandler, torch
faulthandler.dump_traceback_later(100, exit=True)  # where a rank waits for the other
sys.path.insert(0, {str(HERE)!r})
from test_torch_distributed import KINDS, train
rank, folder = int(os.environ["RANK"]), os.environ["FOLDER"]
torch.distributed.init_process_group("gloo", f"file://{{folder}}/meet", rank=rank, world_size=2, timeout=datetime.timedelta(seconds=90))
torch.save({{(kind, watch): train(kind, watch, rank, os.environ["URL"], f"{{folder}}/spool") for kind in KINDS for watch in (False, True)}}, f"{{folder}}/{{rank}}.pt")
torch.distributed.barrier()
"""


def net():
    return nn.Sequential(collections.OrderedDict(fc=nn.Linear(8, 16), norm=nn.BatchNorm1d(16), relu=nn.ReLU(), out=nn.Linear(16, 2)))


def ddp(model):
    return nn.parallel.DistributedDataParallel(model)


# Models whose forward pass, as a whole or in a part, waits for the other rank, and the layer to watch.
KINDS = {
    "whole": lambda: (ddp(net()), "fc"),
    "named by the wrapper": lambda: (ddp(net()), "module.fc"),
    "a part": lambda: (nn.Sequential(collections.OrderedDict(body=ddp(net()), head=ddp(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))))), "body.module.fc"),
    "a part, whole": lambda: (nn.Sequential(ddp(net())), "0"),
}


def train(kind, watch, rank, url, spool):
    """Trains a model on this rank of two, the first of which may watch it, and returns its weights."""
    torch.manual_seed(0)
    (model, layer), probes = KINDS[kind](), torch.randn(50, 8)
    run = zoetrope.init("ddp", kind, mode="online" if watch and rank == 0 else "disabled", strict=True, url=url, dir=spool)
    run.add_samples(ids=range(50))
    run.watch(model, layer, probes, batch_size=10)
    opt, generator = torch.optim.SGD(model.parameters(), 0.1), torch.Generator().manual_seed(rank)
    model.train()
    for epoch in 1, 2, 3:
        for _ in range(3):
            opt.zero_grad()
            model(torch.randn(16, 8, generator=generator)).square().mean().backward()
            opt.step()
        run.epoch_end(epoch)
    run.finish()
    return model.state_dict()


class TwoRanks(ServerTest):
    def test_one_watches(self):
        """No rank waits for the one that embeds, and each ends with the weights that it would have without."""
        ranks = [self.program(TRAINING, RANK=str(rank), FOLDER=str(self.folder), OMP_NUM_THREADS="1", URL=self.server.url) for rank in range(2)]
        for rank in ranks:
            said = rank.communicate(timeout=120)
            self.assertEqual(rank.returncode, 0, said)
        for rank in range(2):
            ended = torch.load(self.folder / f"{rank}.pt")
            for kind in KINDS:
                with self.subTest(f"{kind}, rank {rank}"):
                    without, watched = ended[kind, False], ended[kind, True]
                    self.assertEqual(list(without), list(watched))
                    self.assertTrue(all(torch.equal(without[name], watched[name]) for name in without))
                    self.assertEqual((self.epochs(f"ddp/{kind}"), self.state(f"ddp/{kind}")), ([1, 2, 3], "finished"))


class Wrapped(ServerTest):
    """What is watched of a model that something wraps."""

    def setUp(self):
        super().setUp()
        torch.manual_seed(1)
        self.x = torch.randn(10, 8)
        self.run_ = self.init(strict=True)
        self.run_.add_samples(ids=range(10))

    def check(self, model, layer, inner):
        self.run_.unwatch()
        self.run_.watch(model, layer, self.x)
        self.run_.epoch_end(1)
        self.run_.flush()
        np.testing.assert_allclose(self.stored(self.run_, layer, 1), inner.fc(self.x).detach().numpy(), atol=1e-6)

    def test_wrappers(self):
        class Compiled(nn.Module):  # as torch.compile makes, which calls no hook
            def __init__(self, model):
                super().__init__()
                self._orig_mod = model

            def forward(self, x):
                raise AssertionError("the compiled model was called")

        class Broadcasting(nn.DataParallel):
            def forward(self, x):
                raise AssertionError("the replicas were called")

        inner = net()
        for name, model in {
            "DataParallel": Broadcasting(inner),
            "compiled": Compiled(inner),
            "compiled DataParallel": Compiled(Broadcasting(inner)),
            "DataParallel of a compiled model": Broadcasting(Compiled(inner)),
            "parts": nn.Sequential(Broadcasting(Compiled(inner)), Compiled(nn.Linear(2, 2))),
        }.items():
            for layer in "fc", "module.fc", "_orig_mod.fc":
                if name != "parts" or layer == "fc":
                    with self.subTest(f"{name}, {layer}"):
                        self.check(model, layer, inner)
                        self.assertNotIn("forward", vars(model))

    def test_sharded(self):
        """A model that is sharded is refused in a sentence, also where it is sharded after watch. Classes of PyTorch's names stand
        in for its own, which Debian's version cannot import."""
        class FullyShardedDataParallel(nn.Module):
            def __init__(self, module):
                super().__init__()
                self._fsdp_wrapped_module = module

        class FSDPModule:
            pass

        class FSDPLinear(FSDPModule, nn.Linear):
            pass

        for model in FullyShardedDataParallel(net()), nn.Sequential(FullyShardedDataParallel(net())), nn.DataParallel(FullyShardedDataParallel(net())):
            with self.subTest(type(model).__name__), self.assertRaisesRegex(ValueError, "sharded by FSDP.*call run.log with the vectors"):
                self.run_.watch(model, "fc", self.x)
        class DTensor(torch.Tensor):
            pass

        model = net()
        model.fc.weight = nn.Parameter(model.fc.weight.detach().as_subclass(DTensor))
        with self.assertRaisesRegex(ValueError, "fc.weight is distributed over ranks.*call run.log with the vectors"):
            self.run_.watch(model, "fc", self.x)
        model = net()
        self.run_.watch(model, "fc", self.x)
        model.out.__class__ = FSDPLinear  # as fully_shard does
        with self.assertRaisesRegex(ValueError, "sharded by FSDP"):
            self.run_.epoch_end(1)


if __name__ == "__main__":
    unittest.main()
