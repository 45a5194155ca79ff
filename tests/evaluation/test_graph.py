"""What a file says of its network, against counts by hand."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from digit_classifier import weights
from digit_classifier.evaluation.onnx_graph import (
    count_multiply_adds,
    count_parameters,
    expose_features,
    first_weights,
)
from digit_classifier.onnx_model import Feed


def convolution(path, transposed=1):
    """28x28 -> four 5x5 kernels, stride 2 -> (4, 12, 12) -> dense 10, as ONNX."""
    rng = np.random.default_rng(0)
    constants = {
        "kernels": rng.normal(size=(4, 1, 5, 5)).astype(np.float32),
        "dense": rng.normal(size=(10, 576) if transposed else (576, 10)).astype(np.float32),
        "bias": np.zeros(10, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "kernels"], ["maps"], strides=[2, 2]),
        helper.make_node("Relu", ["maps"], ["relu"]),
        helper.make_node("Flatten", ["relu"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "bias"], ["y"], transB=transposed),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    return constants


def test_multiply_adds_and_weights_are_those_counted_by_hand(tmp_path, linear):
    for transposed in (0, 1):
        path = tmp_path / f"{transposed}.onnx"
        convolution(path, transposed)
        assert count_multiply_adds(path) == 4 * 12 * 12 * 25 + 576 * 10
        assert count_parameters(path) == 4 * 25 + 576 * 10 + 10
    assert count_multiply_adds(linear) == 7840
    assert count_parameters(linear) == 7840  # the scaling's one number is no weight


def test_the_original_network_is_784_by_32_by_32_by_10():
    assert count_multiply_adds(weights.find("mlp")) == 784 * 32 + 32 * 32 + 32 * 10
    assert count_parameters(weights.find("mlp")) == 26_506
    assert first_weights(weights.find("mlp")).shape == (32, 28, 28)


def test_an_operator_of_unknown_cost_gives_no_count(tmp_path):
    node = helper.make_node(
        "TreeEnsembleClassifier", ["x"], ["label", "y"], domain="ai.onnx.ml",
        classlabels_int64s=list(range(10)), nodes_featureids=[0], nodes_modes=["LEAF"],
        nodes_nodeids=[0], nodes_treeids=[0], nodes_values=[0.0], nodes_falsenodeids=[0],
        nodes_truenodeids=[0], class_ids=[0], class_nodeids=[0], class_treeids=[0],
        class_weights=[1.0], post_transform="NONE",
    )  # fmt: skip
    graph = helper.make_graph(
        [node], "trees",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 784])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
    )  # fmt: skip
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    onnx.save(helper.make_model(graph, opset_imports=sets), tmp_path / "trees.onnx")
    assert count_multiply_adds(tmp_path / "trees.onnx") is None
    assert count_parameters(tmp_path / "trees.onnx") is None
    assert expose_features(tmp_path / "trees.onnx") is None
    assert first_weights(tmp_path / "trees.onnx") is None


def test_first_weights_are_pictures_of_what_meets_the_pixels(tmp_path, linear, matrix):
    np.testing.assert_array_equal(first_weights(linear), matrix.T.reshape(10, 28, 28))
    kernels = convolution(tmp_path / "c.onnx")["kernels"]
    np.testing.assert_array_equal(first_weights(tmp_path / "c.onnx"), kernels[:, 0])


def test_features_are_what_enters_the_last_layer(tmp_path, drawn):
    constants = convolution(tmp_path / "c.onnx", transposed=0)
    features = Feed(expose_features(tmp_path / "c.onnx")).run(drawn[0][:5])
    whole = Feed(tmp_path / "c.onnx").run(drawn[0][:5])
    assert features.shape == (5, 576)
    np.testing.assert_allclose(features @ constants["dense"], whole, atol=1e-3)


def test_a_network_of_one_layer_has_no_features(linear):
    assert expose_features(linear) is None


def test_of_joined_networks_all_last_layers_count_and_no_first_one_is_picked(tmp_path):
    """Two networks of two layers each, their answers averaged, as an ensemble does."""
    rng = np.random.default_rng(0)
    shapes = {"a": (784, 6), "b": (6, 10), "c": (784, 4), "d": (4, 10)}
    values = {key: rng.normal(size=shape).astype(np.float32) for key, shape in shapes.items()}
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["xa"]),
        helper.make_node("MatMul", ["xa", "b"], ["xab"]),
        helper.make_node("MatMul", ["x", "c"], ["xc"]),
        helper.make_node("MatMul", ["xc", "d"], ["xcd"]),
        helper.make_node("Mean", ["xab", "xcd"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "pair",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 784])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )  # fmt: skip
    path = tmp_path / "pair.onnx"
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    images = rng.integers(0, 256, (3, 28, 28), np.uint8)
    x = images.reshape(3, 784).astype(np.float32) / 255
    expected = np.concatenate([x @ values["a"], x @ values["c"]], axis=1)
    np.testing.assert_allclose(Feed(expose_features(path)).run(images), expected, rtol=1e-4)
    assert first_weights(path) is None
    assert count_multiply_adds(path) == 784 * 10 + 10 * 10
