"""How Keras starts, on TensorFlow or JAX: quietly, quickly, and with nobody else's settings."""

import contextlib
import importlib
import importlib.util
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from digit_classifier.errors import MissingExtraError, OptionError

BACKENDS = ("tensorflow", "jax")

# Lines that TensorFlow's C++ prints at every start, whatever the log level.
_CHATTER = re.compile(
    rb"^(I0000 |WARNING: All log messages before absl::InitializeLog|\d{4}-\d\d-\d\d \S+ I )"
)

# What Keras imports where it finds it, for adapters and wrappers that training here never uses.
_ADAPTERS = ("jax", "matplotlib", "matplotlib.pyplot", "pandas", "scipy", "sklearn")


def check_installed(backend: str) -> None:
    """Look for Keras and what it is to run on, without the seconds that importing them takes.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for name, extra in (("keras", "train"), (backend, "jax" if backend == "jax" else "train")):
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError(name, extra)


def start(backend: str, *, lean: bool = False) -> None:
    """Import Keras on `backend`; must run before anything else imports Keras.

    Args:
        backend: one of `BACKENDS`.
        lean: let Keras not find matplotlib, pandas, SciPy and scikit-learn, whose import takes more
            than a third of TensorFlow's time. For a process that does nothing but train: Keras's
            adapters to them stay switched off until it ends.
    Raises:
        OptionError: no such backend, or Keras already runs on another one; or what TensorFlow was
            told in this process stands in the way.
        MissingExtraError: Keras or the backend is not installed.
    """
    if backend not in BACKENDS:
        raise OptionError(f"no backend {backend!r}. Choose one of: {', '.join(BACKENDS)}.")
    if "keras" in sys.modules:
        running = sys.modules["keras"].config.backend()
        if running != backend:
            raise OptionError(
                f"Keras already runs on {running} in this process, {backend} was asked for. "
                "Start a new process to change the backend."
            )
    if backend == "tensorflow" and "tensorflow" in sys.modules:
        _check_tensorflow(sys.modules["tensorflow"])
    if "keras" in sys.modules:
        return
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    try:
        with without_chatter(), _homeless(), _hidden(_ADAPTERS if lean else (), backend):
            importlib.import_module("keras")
    except ImportError as error:
        raise MissingExtraError(
            error.name or backend, "jax" if backend == "jax" else "train"
        ) from error


def _check_tensorflow(tf: Any) -> None:
    """Refuse what a caller may have switched on that whole compiled epochs cannot run under."""
    if not tf.compat.v1.executing_eagerly_outside_functions():
        raise OptionError(
            "TensorFlow's eager execution was disabled in this process. Train in a new process."
        )
    if tf.distribute.has_strategy():
        raise OptionError(
            "train() was called within the scope of a tf.distribute strategy; it trains on one "
            "device. Call it outside of the scope."
        )


@contextlib.contextmanager
def _homeless() -> Iterator[None]:
    """Have Keras neither read nor write settings in ~/.keras, unless KERAS_HOME says where.

    Another project's float type or order of channels there would break these networks.
    """
    if "KERAS_HOME" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KERAS_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["KERAS_HOME"]


@contextlib.contextmanager
def _hidden(names: tuple[str, ...], backend: str) -> Iterator[None]:
    """Make `import name` fail inside the block, unless it was imported or is what Keras runs on."""
    hidden = [name for name in names if name not in sys.modules and name != backend]
    # JAX stands on SciPy.
    hidden = [name for name in hidden if not (name == "scipy" and backend == "jax")]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Keras inside the block, and let it have the channels of an image last.

    After it Python's and numpy's random numbers, and a caller's own layout, are as before.
    """
    import keras

    layout = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with without_chatter():  # on JAX, Keras loads TensorFlow here, to seed it as well
        # numpy's old generator takes 32 bits; of a longer seed, all bits decide those.
        short = seed if seed < 2**32 else np.random.SeedSequence(seed).generate_state(1)[0]
        keras.utils.set_random_seed(int(short))
    try:
        yield
    finally:
        keras.config.set_image_data_format(layout)
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002


@contextlib.contextmanager
def without_chatter(*, all_of_it: bool = False) -> Iterator[None]:
    """Hold back the standard error of the process, then let through what is not chatter.

    Args:
        all_of_it: what comes is chatter, unless the block fails.
    """
    _flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            _flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if failed or not (all_of_it or _CHATTER.match(line)):
                    os.write(2, line)


def _flush() -> None:
    if sys.stderr is not None:  # None without a console, as under pythonw
        sys.stderr.flush()
