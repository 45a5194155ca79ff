"""What differs between Keras's backends: how it starts, and how many steps become one call.

Everything else in this package is plain Keras 3. TensorFlow compiles a loop over the variables
themselves, JAX a scan over their values; both run whole chunks of an epoch without coming back to
Python, which is where a small network loses most of its time.
"""

import contextlib
import importlib
import importlib.util
import os
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from digit_classifier.errors import MissingExtraError, OptionError

BACKENDS = ("tensorflow", "jax")

# (call the network, images, labels, seed) -> (mean loss, number of right answers), in keras.ops
Objective = Callable[[Callable[[Any], Any], Any, Any, Any], tuple[Any, Any]]
# (order [steps, batch], key, first step) -> (sum of losses, number of right answers)
Steps = Callable[[np.ndarray, int, int], tuple[float, float]]
# (images, labels, key), each [batches, ...]: puts their statistics into a network's batch norms
Statistics = Callable[[np.ndarray, np.ndarray, int], None]

# Lines that TensorFlow's C++ prints at every start, whatever the log level.
_CHATTER = re.compile(
    rb"^(I0000 |WARNING: All log messages before absl::InitializeLog|\d{4}-\d\d-\d\d \S+ I )"
)


# What Keras imports where it finds it, for adapters and wrappers that training here never uses.
_ADAPTERS = ("jax", "pandas", "scipy", "sklearn")


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
        lean: let Keras not find pandas, SciPy and scikit-learn, whose import takes as long as a
            third of TensorFlow's. For a process that does nothing but train: Keras's adapters to
            them stay switched off until it ends.
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
def without_chatter() -> Iterator[None]:
    """Hold back the standard error of the process, then let through what is not chatter."""
    _flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)


def _flush() -> None:
    if sys.stderr is not None:  # None without a console, as under pythonw
        sys.stderr.flush()


def compile_steps(
    model: Any,
    optimiser: Any,
    objective: Objective,
    images: np.ndarray,
    labels: np.ndarray,
    xla: bool,
) -> Steps:
    """Compile training steps over images that stay in memory.

    Args:
        model: a Keras model; the steps change its variables.
        optimiser: a built Keras optimiser; the steps change its variables.
        objective: loss and right answers of one batch, in `keras.ops`.
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,).
        xla: compile with XLA on TensorFlow. Ten times faster for dense layers on a CPU, slower
            for convolutions. JAX always uses it.
    """
    import keras

    if keras.config.backend() == "jax":
        return _jax_steps(model, optimiser, objective, images, labels)
    return _tensorflow_steps(model, optimiser, objective, images, labels, xla)


def compile_alone(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of tensors with XLA even where the step around it is not.

    Pixel work on a batch is a chain of small operations, which XLA on a CPU fuses into one three
    times faster, whatever it makes of the convolutions that follow.
    """
    import keras

    if keras.config.backend() == "jax":
        return function  # all of a step is compiled there
    import tensorflow as tf

    compiled: Callable[..., Any] = tf.function(function, jit_compile=True)
    return compiled


def compile_forward(model: Any, xla: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Compile the network as it answers: uint8 (n, 28, 28) in, float32 (n, 10) out."""
    import keras

    if keras.config.backend() == "jax":
        import jax

        values = jax.jit(lambda t, n, x: model.stateless_call(t, n, x, training=False)[0])

        def forward(images: np.ndarray) -> np.ndarray:
            trained = [variable.value for variable in model.trainable_variables]
            rest = [variable.value for variable in model.non_trainable_variables]
            return np.asarray(values(trained, rest, images))

        return forward

    import tensorflow as tf

    answer = tf.function(lambda x: model(x, training=False), jit_compile=xla)
    return lambda images: answer(tf.constant(images)).numpy()


def compile_statistics(model: Any, objective: Objective) -> Statistics | None:
    """Compile what measures anew the means and variances that batch norms answer with.

    Those of a training are running ones: after a few steps they are still mostly what they began
    as, and they belong to the weights as trained, not to an average of those.

    Args:
        model: a Keras model; only the statistics of its batch norms are changed, to the mean of
            those of each batch.
        objective: shows the images as training does.
    Returns:
        None where the model has no batch norm.

    Source: Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3.
    """
    import keras

    norms = [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]
    if not norms:
        return None
    forward = _compile_batch_statistics(model, norms, objective)
    variables = [variable for norm in norms for variable in norm.non_trainable_variables]

    def measure(images: np.ndarray, labels: np.ndarray, key: int) -> None:
        batches = range(len(labels))
        sums = [np.zeros(variable.shape, np.float64) for variable in variables]
        for i in batches:
            forward(images[i], labels[i], np.array([key, i], np.int32))
            for total, variable in zip(sums, variables, strict=True):
                total += np.asarray(variable)
        for total, variable in zip(sums, variables, strict=True):
            variable.assign((total / len(batches)).astype(np.float32))

    return measure


def _compile_batch_statistics(model: Any, norms: list[Any], objective: Objective) -> Any:
    """One batch through the network as in training, after which each norm has that batch's."""
    import keras

    @contextlib.contextmanager
    def forgetful() -> Iterator[None]:
        kept = [norm.momentum for norm in norms]
        try:
            for norm in norms:
                norm.momentum = 0.0
            yield
        finally:
            for norm, momentum in zip(norms, kept, strict=True):
                norm.momentum = momentum

    if keras.config.backend() == "jax":
        import jax

        def after(trained: Any, rest: Any, images: Any, labels: Any, seed: Any) -> Any:
            def call(batch: Any) -> Any:
                nonlocal rest
                answer, rest = model.stateless_call(trained, rest, batch, training=True)
                return answer

            with forgetful():
                objective(call, images, labels, seed)
            return rest

        compiled = jax.jit(after)

        def forward(images: np.ndarray, labels: np.ndarray, seed: np.ndarray) -> None:
            trained = [variable.value for variable in model.trainable_variables]
            rest = [variable.value for variable in model.non_trainable_variables]
            values = compiled(trained, rest, images, labels, seed)
            for variable, value in zip(model.non_trainable_variables, values, strict=True):
                variable.assign(value)

        return forward

    import tensorflow as tf

    def forward_tensors(images: Any, labels: Any, seed: Any) -> None:
        with forgetful():
            objective(lambda x: model(x, training=True), images, labels, seed)

    compiled = tf.function(forward_tensors, autograph=False)
    return lambda images, labels, seed: compiled(
        tf.constant(images), tf.constant(labels), tf.constant(seed)
    )


def _tensorflow_steps(
    model: Any, optimiser: Any, objective: Objective, images: Any, labels: Any, xla: bool
) -> Steps:
    import tensorflow as tf

    images, labels = tf.constant(images), tf.constant(labels)
    variables = model.trainable_variables

    def steps(images: Any, labels: Any, order: Any, key: Any, first: Any) -> Any:
        def step(i: Any, loss: Any, hits: Any) -> Any:
            rows = order[i]
            seed = tf.stack([key, first + i])
            with tf.GradientTape() as tape:
                value, right = objective(
                    lambda x: model(x, training=True),
                    tf.gather(images, rows),
                    tf.gather(labels, rows),
                    seed,
                )
            optimiser.apply(tape.gradient(value, variables), variables)
            return i + 1, loss + value, hits + right

        count = tf.shape(order)[0]
        start = (tf.constant(0), tf.zeros(()), tf.zeros(()))
        return tf.while_loop(lambda i, *_: i < count, step, start, parallel_iterations=1)[1:]

    compiled = tf.function(steps, jit_compile=xla, autograph=False)

    def run(order: np.ndarray, key: int, first: int) -> tuple[float, float]:
        loss, hits = compiled(
            images,
            labels,
            tf.constant(order, tf.int32),
            tf.constant(key, tf.int32),
            tf.constant(first, tf.int32),
        )
        return float(loss), float(hits)

    return run


def _jax_steps(model: Any, optimiser: Any, objective: Objective, images: Any, labels: Any) -> Steps:
    import jax
    import jax.numpy as jnp

    images, labels = jnp.asarray(images), jnp.asarray(labels)
    variables = (model.trainable_variables, model.non_trainable_variables, optimiser.variables)

    def loss_of(trained: Any, rest: Any, x: Any, y: Any, seed: Any) -> Any:
        after = rest

        def call(batch: Any) -> Any:
            nonlocal after
            answer, after = model.stateless_call(trained, rest, batch, training=True)
            return answer

        value, right = objective(call, x, y, seed)
        return value, (right, after)

    def steps(state: Any, images: Any, labels: Any, order: Any, key: Any, first: Any) -> Any:
        def step(carry: Any, entry: Any) -> Any:
            (trained, rest, slots), loss, hits = carry
            rows, number = entry
            seed = jnp.stack([key, first + number])
            gradient = jax.value_and_grad(loss_of, has_aux=True)
            (value, (right, rest)), slopes = gradient(
                trained, rest, images[rows], labels[rows], seed
            )
            trained, slots = optimiser.stateless_apply(slots, slopes, trained)
            return ((trained, rest, slots), loss + value, hits + right), None

        numbers = jnp.arange(order.shape[0], dtype=jnp.int32)
        return jax.lax.scan(step, (state, 0.0, 0.0), (order, numbers))[0]

    compiled = jax.jit(steps)

    def run(order: np.ndarray, key: int, first: int) -> tuple[float, float]:
        state = tuple([variable.value for variable in group] for group in variables)
        state, loss, hits = compiled(
            state, images, labels, order.astype(np.int32), np.int32(key), np.int32(first)
        )
        for group, values in zip(variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return float(loss), float(hits)

    return run
