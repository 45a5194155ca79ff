"""The plain PyTorch loop: the same network, optimiser and batch size, tensors in memory.

python plain_torch.py MNIST.npz FOLDER SEED EPOCHS
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

archive, folder, seed, epochs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.manual_seed(seed)

with np.load(archive) as data:
    x_train, x_test = (
        torch.tensor(data[n] / 255.0, dtype=torch.float32) for n in ("x_train", "x_test")
    )
    y_train, y_test = (torch.tensor(data[n].astype(np.int64)) for n in ("y_train", "y_test"))

model = nn.Sequential(
    nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10)
)
optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
loss_of = nn.CrossEntropyLoss()

seconds = []
for _ in range(epochs):
    begun = time.perf_counter()
    for rows in torch.randperm(len(x_train)).split(32):
        optimiser.zero_grad()
        loss_of(model(x_train[rows]), y_train[rows]).backward()
        optimiser.step()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
    seconds.append(time.perf_counter() - begun)

result = {"epoch_seconds": seconds, "accuracy": accuracy}
(folder / "result.json").write_text(json.dumps(result))
