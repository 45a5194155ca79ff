import pytest

from digit_classifier.errors import OptionError
from digit_classifier.training import TrainConfig


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 0, "epochs is 0; it must be 1 or more"),
        ("batch_size", -3, "batch_size is -3; it must be 1 or more"),
        ("learning_rate", 0.0, "learning_rate is 0.0; it must be above 0"),
        ("learning_rate", float("nan"), "learning_rate is nan; it must be above 0"),
        ("seed", -1, "seed is -1; it must be 0 or more"),
        (
            "model",
            "foo",
            "model 'foo' is not known. Choose one of: mlp, quick, small, cnn, finder.",
        ),
        ("backend", "torch", "backend 'torch' is not known. Choose one of: tensorflow, jax."),
    ],
)
def test_a_value_out_of_range_is_named(name, value, words):
    with pytest.raises(OptionError) as caught:
        TrainConfig(**{name: value})
    assert str(caught.value).startswith(words)


def test_left_alone_it_is_the_original_job():
    config = TrainConfig()
    assert (config.model, config.dataset, config.backend) == ("mlp", "auto", "tensorflow")


def test_it_goes_through_json_unchanged():
    import json

    config = TrainConfig(dataset="sample", epochs=3, out="here")
    assert TrainConfig(**json.loads(json.dumps(config.to_dict()))) == config
