"""Training steps: what each makes small, and how many of them become one compiled call.

Here is what differs between Keras's backends; everything else in this package is plain Keras 3.
TensorFlow compiles a loop over the variables themselves, JAX a scan over their values; both run
whole chunks of an epoch without coming back to Python, which is where a small network loses most of
its time.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from digit_classifier.training.distortions import distort
from digit_classifier.training.recipes import Recipe

CLASSES = 10
NONDIGIT_LABEL = 10

# (call the network, images, labels, seed) -> (mean loss, number of right answers), in keras.ops
Objective = Callable[[Callable[[Any], Any], Any, Any, Any], tuple[Any, Any]]
# (order [steps, batch], key, first step) -> (sum of losses, number of right answers)
Steps = Callable[[np.ndarray, int, int], tuple[float, float]]
# (images, labels, key), each [batches, ...]: puts their statistics into a network's batch norms
Statistics = Callable[[np.ndarray, np.ndarray, int], None]


def make_objective(recipe: Recipe, *, final: bool = False) -> Objective:
    """Turn a recipe into loss and right answers of one batch.

    Args:
        recipe: whose loss and distortions.
        final: distort as in the recipe's last epochs.

    The result takes a function from images to logits (b, 10), uint8 images (b, 28, 28), uint8
    labels (b,), where 10 means no digit, and a seed of two integers; it gives the mean
    cross-entropy in nats and the number of digits answered rightly.
    """
    smoothing = recipe.label_smoothing
    distortions = recipe.final_distortions if final else recipe.distortions
    bend = (
        compile_alone(lambda images, seed: distort(images, distortions, seed))
        if distortions
        else None
    )

    def objective(call: Callable[[Any], Any], images: Any, labels: Any, seed: Any) -> Any:
        import keras
        from keras import ops

        x = bend(images, seed) if bend else images
        logits = call(x)
        right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "uint8"), labels)
        hits = ops.sum(ops.cast(right, "float32"))
        if not (smoothing or recipe.nondigits):
            losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
            return ops.mean(losses), hits
        known = ops.one_hot(labels, CLASSES)  # no digit: a row of zeros
        targets = known * (1 - smoothing) + smoothing / CLASSES
        digit = ops.sum(known, axis=-1, keepdims=True)
        targets = digit * targets + (1 - digit) / CLASSES
        losses = keras.losses.categorical_crossentropy(targets, logits, from_logits=True)
        return ops.mean(losses), hits

    return objective


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
