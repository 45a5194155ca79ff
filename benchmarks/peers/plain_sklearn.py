"""scikit-learn's MLPClassifier with the same layers, optimiser settings and batch size.

python plain_sklearn.py MNIST.npz FOLDER SEED EPOCHS
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

archive, folder, seed, epochs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

with np.load(archive) as data:
    x_train = (data["x_train"] / 255.0).reshape(-1, 784).astype(np.float32)
    x_test = (data["x_test"] / 255.0).reshape(-1, 784).astype(np.float32)
    y_train, y_test = data["y_train"], data["y_test"]

model = MLPClassifier((32, 32), batch_size=32, alpha=0.0, random_state=seed)
seconds = []
for _ in range(epochs):
    begun = time.perf_counter()
    # One epoch a call, so that epochs can be timed; it shuffles by itself.
    model.partial_fit(x_train, y_train, classes=np.arange(10))
    accuracy = model.score(x_test, y_test)
    seconds.append(time.perf_counter() - begun)

result = {"epoch_seconds": seconds, "accuracy": accuracy}
(folder / "result.json").write_text(json.dumps(result))
