#!/usr/bin/python3
"""PyTorch's time for a training step of the example's network: batch 128, 2 threads, noise. Usage: torch_step.py [--steps N]"""
import sys, time
import torch, torch.nn as nn

torch.set_num_threads(2)
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 60


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.f1, self.f2, self.pool = nn.Linear(3136, 128), nn.Linear(128, 10), nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(torch.relu(self.c1(x)))
        x = self.pool(torch.relu(self.c2(x)))
        return self.f2(torch.relu(self.f1(x.flatten(1))))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-6)
loss = nn.CrossEntropyLoss()
x, y = torch.randn(128, 1, 28, 28), torch.randint(0, 10, (128,))
wall, cpu = [], []
for i in range(steps + 5):  # the first 5 warm up
    t, c = time.time(), time.process_time()
    opt.zero_grad()
    loss(net(x), y).backward()
    opt.step()
    wall.append((time.time() - t) * 1e3)
    cpu.append((time.process_time() - c) * 1e3)
wall, cpu = sorted(wall[5:]), sorted(cpu[5:])
print(f"torch {torch.__version__}: min {wall[0]:.1f} ms, median {wall[len(wall)//2]:.1f} ms wall; min {cpu[0]:.1f} ms CPU per step")
