"""Keras's simple MNIST convnet example, with its published settings, until it passes an accuracy.

Run by benchmarks/time_to_99.py in a process of its own:

    python example_keras.py MNIST.npz RESULT.json SEED TARGET [EPOCHS]

Settings of keras.io/examples/vision/mnist_convnet: two convolutions, Adam, batches of 128, a tenth
of the training images for validation, at most 15 epochs. Kinder than the example: it compiles
before the clock starts, and the test set is answered while the clock stands still.
"""

import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

archive, result, seed, target = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
epochs = int(sys.argv[5]) if len(sys.argv) > 5 else 15
keras.utils.set_random_seed(seed)

with np.load(archive) as data:
    x_train, x_test = (
        data[name][..., None].astype(np.float32) / 255 for name in ("x_train", "x_test")
    )
    y_train, y_test = (keras.utils.to_categorical(data[name], 10) for name in ("y_train", "y_test"))

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])


class Clock(keras.callbacks.Callback):
    """Adds up the epochs; answers the test set between them."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds, self.points = 0.0, []

    def on_epoch_begin(self, *_: object) -> None:
        """Start the clock."""
        self.begun = time.perf_counter()

    def on_epoch_end(self, *_: object) -> None:
        """Stop the clock, and the training once it is accurate enough."""
        self.seconds += time.perf_counter() - self.begun
        answers = self.model.predict(x_test, batch_size=1000, verbose=0).argmax(1)
        self.points.append((self.seconds, float((answers == y_test.argmax(1)).mean())))
        self.model.stop_training = self.points[-1][1] >= target


def compile_ahead() -> float:
    """Fit two batches, a whole and a smaller one, and put back what that changed."""
    begun = time.perf_counter()
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    kept = [np.array(variable) for variable in variables]
    few = x_train[:240], y_train[:240]
    model.fit(*few, batch_size=128, validation_data=few, verbose=0)
    for variable, value in zip(variables, kept, strict=True):
        variable.assign(value)
    return time.perf_counter() - begun


compiled, clock = compile_ahead(), Clock()
model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=epochs,
    validation_split=0.1,
    callbacks=[clock],
    verbose=0,
)
version = f"keras {keras.__version__} on {keras.config.backend()}"
Path(result).write_text(
    json.dumps({"points": clock.points, "compile": compiled, "version": version})
)
