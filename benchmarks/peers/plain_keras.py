"""The plain Keras script that everyone writes first: arrays into `fit`, two plots.

Run by benchmarks/train_speed.py in a process of its own:

    python plain_keras.py MNIST.npz FOLDER SEED EPOCHS

KERAS_BACKEND chooses what Keras runs on. The seed is not used: scripts of this kind set none, and
on TensorFlow `fit` would then replay the same permutation of the images in every epoch, which
costs it accuracy.
"""

import json
import sys
import time
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

archive, folder, epochs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[4])

with np.load(archive) as data:
    x_train, y_train = data["x_train"] / 255.0, data["y_train"]
    x_test, y_test = data["x_test"] / 255.0, data["y_test"]

model = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])


marks = []
clock = keras.callbacks.LambdaCallback(
    on_epoch_begin=lambda *_: marks.append(time.perf_counter()),
    on_epoch_end=lambda *_: marks.append(time.perf_counter()),
)
history = model.fit(
    x_train,
    y_train,
    epochs=epochs,
    validation_data=(x_test, y_test),
    callbacks=[clock],
    verbose=0,
).history

for name in ("loss", "accuracy"):
    plt.figure()
    plt.plot(history[name], label="training")
    plt.plot(history[f"val_{name}"], label="validation")
    plt.xlabel("epoch")
    plt.ylabel(name)
    plt.legend()
    plt.savefig(folder / f"{name}.png")

result = {
    "epoch_seconds": [end - begin for begin, end in zip(marks[::2], marks[1::2], strict=True)],
    "accuracy": history["val_accuracy"][-1],
}
(folder / "result.json").write_text(json.dumps(result))
