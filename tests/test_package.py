"""What `import digit_classifier` offers, and what it costs."""

import subprocess
import sys

import pytest

import digit_classifier


def test_the_public_names_are_these() -> None:
    assert digit_classifier.__all__ == [
        "Dataset",
        "Digit",
        "DigitError",
        "DigitReader",
        "Listener",
        "OnnxModel",
        "Reading",
        "Rejected",
        "Run",
        "TrainConfig",
        "compare",
        "evaluate",
        "load",
        "resume",
        "train",
    ]
    assert set(digit_classifier.__all__) <= set(dir(digit_classifier))
    for name in digit_classifier.__all__:
        assert getattr(digit_classifier, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Network'"):
        digit_classifier.Network  # noqa: B018


def test_the_package_and_its_settings_import_nothing_heavy() -> None:
    code = (
        "import sys, digit_classifier\n"
        "light = 'numpy onnxruntime cv2 PIL click rich'.split()\n"
        "heavy = 'tensorflow keras jax matplotlib sklearn scipy mlxtend onnx pandas'.split()\n"
        "print([name for name in light + heavy if name in sys.modules])\n"
        "from digit_classifier import *\n"
        "TrainConfig(epochs=2)\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n[]\n", "")


def test_a_number_where_something_else_is_meant_is_an_error_of_this_package():
    import digit_classifier as package

    calls = (
        lambda: list(package.DigitReader("mlp").read_many(5)),
        lambda: package.resume(5),
        lambda: package.load(5),
        lambda: package.train(listener=5),
        lambda: package.evaluate(5),
        lambda: package.compare([5, "mlp"]),
    )
    for call in calls:
        with pytest.raises(package.DigitError, match="^an int was given"):
            call()
