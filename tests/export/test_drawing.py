"""A picture in, a digit out: the preparation in the graph against `picture` and the reader."""

import numpy as np
import pytest

from digit_classifier import DigitReader, cli
from digit_classifier.errors import NoInkError
from digit_classifier.onnx_model import open_session
from digit_classifier.picture import normalise
from export.drawings import draw

pytestmark = pytest.mark.xdist_group("export")


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    path = tmp_path_factory.mktemp("drawing") / "mlp.onnx"
    words = ["export", "cnn", "--to", "onnx", "--input", "drawing", "--dataset", "sample"]
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "--out", str(path)])
    assert not left.value.code
    session = open_session(path)
    return lambda pixels: session.run(["probabilities", "image"], {"picture": pixels})


def test_drawings_of_any_size_pen_place_and_colour_are_read_as_the_reader_does(graph):
    rng, reader = np.random.default_rng(7), DigitReader()
    same, differences = 0, []
    for _ in range(30):
        pixels, _ = draw(rng)
        source = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        (row,), image = graph(pixels)
        accepted = bool(reader.rule.accept(row[None])[0])
        same += (str(row.argmax()) if accepted else "?") == reader.read(source, single=True).text
        differences.append(np.abs(normalise(source).astype(int) - image).mean())
    assert same >= 29
    assert np.mean(differences) <= 2


def test_images_as_mnist_has_them_go_through_unchanged_either_way_round(graph, sample_images):
    for image in sample_images:
        assert np.array_equal(graph(image[..., None])[1], image)
        assert np.array_equal(graph(255 - image[..., None])[1], image)


@pytest.mark.parametrize("shape", [(1, 1, 1), (28, 28, 1), (30, 300, 3), (50, 50, 4), (9, 4, 2)])
def test_a_picture_without_ink_is_even_odds(graph, shape):
    (row,), image = graph(np.full(shape, 255, np.uint8))
    assert not image.any()
    assert np.allclose(row, 0.1)
    with pytest.raises(NoInkError):
        normalise(np.full((50, 50), 255, np.uint8))


def test_operators_too_old_for_it_are_a_mistake(data, tmp_path, capsys):
    words = ["export", "mlp", "--to", "onnx", "--input", "drawing", "--dataset", str(data)]
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "--opset", "15", "--out", str(tmp_path / "x.onnx")])
    assert left.value.code == 2
    assert "--opset 15 cannot prepare a picture; 18 or later is needed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_images_that_are_no_prepared_drawings_cannot_tell_how_it_answers(tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    data, labels = tmp_path / "noise.npz", np.arange(20) % 10
    np.savez(data, x_train=noise, y_train=labels, x_test=noise, y_test=labels)
    words = ["export", "mlp", "--to", "onnx", "--input", "drawing", "--dataset", str(data)]
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "--out", str(tmp_path / "x.onnx")])
    assert left.value.code == 2
    assert "none of the 20 test images" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [data]
