"""The layers of the house: who may import whom, and where Keras may be."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "digit_classifier"
LEAVES = {
    "errors",
    "shell",
    "latest",
    "cache",
    "registry",
    "atomic",
    "contact_sheet",
    "machine",
    "plotting",
    "progress",
    "stats",
    "words",
    "rejection",
}
# room -> rooms it may import
LAYERS = {
    "shell": set(),
    "errors": {"shell"},
    "registry": {"errors"},
    "words": set(),
    "stats": {"words"},
    "agreement": set(),
    "rejection": {"errors", "stats"},
    "latest": {"atomic", "errors"},
    "cache": {"errors"},
    "machine": set(),
    "progress": set(),
    "atomic": {"errors"},
    "contact_sheet": {"plotting"},
    "plotting": {"atomic", "errors"},
    "onnx_model": {"errors", "shell", "words"},
    "picture": {"onnx_model", "agreement", "errors", "weights", "words"},
    "drawn": {"picture", *LEAVES},
    "dataset": {"picture", "onnx_model", "weights", *LEAVES},
    "training": {
        "agreement",
        "dataset",
        "drawn",
        "onnx_model",
        "picture",
        "weights",
        *LEAVES,
    },
    "evaluation": {"picture", "dataset", "drawn", "onnx_model", "weights", *LEAVES},
    "export": {
        "dataset",
        "drawn",
        "evaluation",
        "onnx_model",
        "picture",
        "training",
        "weights",
        *LEAVES,
    },
    "weights": {"onnx_model", "latest", "errors"},
    "reader": {"agreement", "picture", "onnx_model", "rejection", "weights", "errors", "words"},
    "server": {"reader", "onnx_model", "weights", "picture", *LEAVES},
}
ANYTHING = {"cli", "__init__", "__main__"}


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        yield pytest.param(path, id=str(path.relative_to(ROOT)))


def room_of(path):
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported(path):
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", list(modules()))
def test_a_room_imports_only_what_lies_below_it(path):
    room = room_of(path)
    if room in ANYTHING:
        return
    assert room in LAYERS, f"{room} has no place in the house: add it to LAYERS"
    allowed = LAYERS[room] | {room, "__version__"}
    used = {name.split(".")[1] for name in imported(path) if name.startswith("digit_classifier.")}
    assert used <= allowed


@pytest.mark.parametrize("path", list(modules()))
def test_keras_is_in_the_rooms_that_train_and_export_only(path):
    heavy = {name.split(".")[0] for name in imported(path)} & {"keras", "tensorflow", "jax"}
    assert not heavy or room_of(path) in ("training", "export")


def test_onnx_runtime_is_imported_in_one_place_which_tells_it_to_report_to_nobody():
    project = ROOT.parents[1]
    ours = [
        path for part in ("src", "tests", "benchmarks") for path in (project / part).rglob("*.py")
    ]
    users = {
        path.name for path in ours if any(n.split(".")[0] == "onnxruntime" for n in imported(path))
    }
    assert users == {"onnx_model.py"}
    text = (ROOT / "onnx_model.py").read_text("utf-8")
    assert text.index("ORT_DISABLE_TELEMETRY") < text.index("import onnxruntime")


@pytest.mark.parametrize("path", list(modules()))
def test_files_are_written_through_one_door(path):
    """No writing beside atomic.py; to append, as a log and a download do, is no rewriting."""
    if path.name in ("atomic.py",):
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
            assert not (name == "open" and {"w", "wb"} & set(map(str, modes))) or (
                "temporary" in ast.unparse(node.func)
            ), f"{path}:{node.lineno} writes a file without atomic.replacing"
            assert name not in ("write_text", "write_bytes") or (
                "temporary" in ast.unparse(node.func) or "atomic" in ast.unparse(node.func)
            ), f"{path}:{node.lineno} writes a file without atomic.replacing"
