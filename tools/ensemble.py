"""Several trained networks behind one .onnx file that averages their probabilities."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.atomic import replacing
from digit_classifier.drawn import styles
from digit_classifier.errors import ModelError, OptionError, TrainingError
from digit_classifier.onnx_model import CLASSES, SIDE, OnnxModel

TOLERANCE = 1e-6
# A file that people still download and load without a second thought.
LARGEST = 8_000_000
# What a file may say of all its members if each of them says the same.
SHARED = ("classes", "dataset", "dataset_sha256", "versions")


def combine(
    paths: Sequence[str | Path],
    path: str | Path,
    name: str = "ensemble",
    metadata: dict[str, Any] | None = None,
) -> None:
    """Write one network that answers with the mean of its members' probabilities.

    The same members give the same bytes. The file is checked against its members, on drawn digits
    and on noise, before it takes its place.

    Args:
        paths: two or more .onnx files, each uint8 (n, 28, 28) to probabilities (n, 10).
        path: where the new file is to be; it takes the same and gives the same.
        name: what the file calls itself.
        metadata: what the file says of itself besides who its members are and what they agree
            on; a value that is not text is written as JSON. What was measured of one member, such
            as accuracy or threshold, is never taken over.
    Raises:
        OptionError: fewer than two members.
        ModelError: a member is missing, no digit network, or of another operator set than the
            first; or the file would be larger than 8 MB.
        TrainingError: the file does not answer with its members' mean.
        StorageError: the file cannot be written.
    """
    import onnx

    if len(paths) < 2:
        raise OptionError(f"an ensemble needs two members or more, {len(paths)} was given.")
    members = [OnnxModel(member) for member in paths]
    graph = _join([onnx.load(member) for member in paths], paths, name)
    said = {"name": name, **_shared(members), **(metadata or {})}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in said.items()}
    onnx.helper.set_model_props(graph, texts)
    if graph.ByteSize() > LARGEST:
        raise ModelError(
            f"{len(paths)} members make a file of {graph.ByteSize() / 1e6:.1f} MB, at most "
            f"{LARGEST / 1e6:.0f} MB are allowed. Give fewer or smaller members."
        )
    with replacing(path) as temporary:
        onnx.save(graph, temporary)
        _check(OnnxModel(temporary), members)


def _join(models: list[Any], paths: Sequence[str | Path], name: str) -> Any:
    """One graph: the shared input to every member, and the mean of what they answer."""
    import onnx
    from onnx import compose, helper

    images = helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["n", SIDE, SIDE])
    answer = helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["n", CLASSES])
    nodes: list[Any] = []
    constants: list[Any] = []
    answers = []
    for number, model in enumerate(models):
        if _operators(model) != _operators(models[0]):
            raise ModelError(
                f"{paths[number]} uses the ONNX operators {_operators(model)}, {paths[0]} those of "
                f"{_operators(models[0])}; all members must use the same. Export them anew with "
                "one version of this package."
            )
        # Members of one kind hold the same names.
        part = compose.add_prefix(model, f"member{number}/").graph
        nodes += [helper.make_node("Identity", ["images"], [part.input[0].name]), *part.node]
        constants += part.initializer
        answers.append(part.output[0].name)
    nodes.append(helper.make_node("Mean", answers, ["probabilities"]))
    graph = helper.make_graph(nodes, name, [images], [answer], constants)
    joined = helper.make_model(
        graph, producer_name="mnist-digit-classifier", opset_imports=models[0].opset_import
    )
    joined.ir_version = max(model.ir_version for model in models)
    onnx.checker.check_model(joined)
    return joined


def _operators(model: Any) -> dict[str, int]:
    return {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}


def _shared(members: list[OnnxModel]) -> dict[str, Any]:
    """Who the members are, and what all of them say alike."""
    said = [member.metadata for member in members]
    first = said[0]
    agreed = {
        key: first[key]
        for key in SHARED
        if key in first and all(s.get(key) == first[key] for s in said)
    }
    if all("parameters" in one for one in said):
        agreed["parameters"] = sum(one["parameters"] for one in said)
    keys = ("name", "recipe", "seed", "epochs")
    return {**agreed, "members": [{k: one[k] for k in keys if k in one} for one in said]}


def _check(joined: OnnxModel, members: list[OnnxModel]) -> None:
    """Compare with the mean of the members' answers, computed here."""
    noise = np.random.default_rng(0).integers(0, 256, (20, SIDE, SIDE), dtype=np.uint8)
    images = np.concatenate([styles.generate(80, seed=0)[0], noise])
    mean = np.mean([member.predict(images) for member in members], axis=0, dtype=np.float64)
    difference = float(np.abs(joined.predict(images) - mean).max())
    if not difference <= TOLERANCE:
        raise TrainingError(
            f"the ensemble's probabilities differ from its members' mean by {difference:.1e}, at "
            f"most {TOLERANCE:.0e} is allowed; nothing was written. Please report this with the "
            "versions that `digits --version` prints."
        )
