"""PyTorch's basic MNIST example, with its published settings, until it passes an accuracy.

Run by benchmarks/time_to_99.py in a process of its own:

    python example_torch.py MNIST.npz RESULT.json SEED TARGET [EPOCHS]

Settings of github.com/pytorch/examples/mnist: two convolutions, Adadelta at 1.0 times 0.7 an epoch,
batches of 64, at most 14 epochs. Kinder than the example: its images are in memory and normalised
before the clock starts, and the test set is answered while the clock stands still.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

archive, result, seed, target = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
epochs = int(sys.argv[5]) if len(sys.argv) > 5 else 14
torch.manual_seed(seed)

with np.load(archive) as data:
    x_train, x_test = (
        torch.tensor((data[name][:, None] / 255.0 - 0.1307) / 0.3081, dtype=torch.float32)
        for name in ("x_train", "x_test")
    )
    y_train, y_test = (torch.tensor(data[name].astype(np.int64)) for name in ("y_train", "y_test"))

model = nn.Sequential(
    nn.Conv2d(1, 32, 3),
    nn.ReLU(),
    nn.Conv2d(32, 64, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Dropout(0.25),
    nn.Flatten(),
    nn.Linear(9216, 128),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(128, 10),
)
optimiser = torch.optim.Adadelta(model.parameters(), lr=1.0)
schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=1, gamma=0.7)
loss_of = nn.CrossEntropyLoss()

seconds, points = 0.0, []
for _ in range(epochs):
    begun = time.perf_counter()
    model.train()
    for rows in torch.randperm(len(x_train)).split(64):
        optimiser.zero_grad()
        loss_of(model(x_train[rows]), y_train[rows]).backward()
        optimiser.step()
    schedule.step()
    seconds += time.perf_counter() - begun
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(part).argmax(1) for part in x_test.split(1000)])
    points.append((seconds, (answers == y_test).float().mean().item()))
    if points[-1][1] >= target:
        break

version = f"torch {torch.__version__}"
Path(result).write_text(json.dumps({"points": points, "compile": 0.0, "version": version}))
