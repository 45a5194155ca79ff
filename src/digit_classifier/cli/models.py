"""`digits models`: the models that ship, and what any model says of itself."""

import json
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli.streams import echo_json

if TYPE_CHECKING:
    from digit_classifier.onnx_model import OnnxModel


@click.command()
@click.argument("model", required=False, metavar="[NAME|FOLDER|FILE]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a model, one a line.")
def command(model: str | None, as_json: bool) -> None:
    """List the models that ship and the networks to train, or all that one model says of itself.

    \b
    Examples:
      digits models
      digits models cnn
      digits models runs/latest --json
    """
    from digit_classifier import weights
    from digit_classifier.cli import opening
    from digit_classifier.onnx_model import OnnxModel
    from digit_classifier.training.networks import NETWORKS

    shipped = map(OnnxModel, map(weights.find, weights.names()))
    described = [_describe(each) for each in ([opening.network(model)] if model else shipped)]
    if as_json:
        for entry in described:
            echo_json(entry)
    elif model:
        for key, value in described[0].items():
            click.echo(f"{key:16} {value if isinstance(value, str) else json.dumps(value)}")
    else:
        click.echo(f"{'name':10} {'file':>9} {'weights':>9} {'accuracy':>9}  measured on")
        for entry in described:
            click.echo(_row(entry))
        click.echo("\nnetworks that `digits train --model NAME --recipe NAME` trains")
        for network in NETWORKS.values():
            click.echo(f"{network.name:10} {', '.join(network.recipes):20} {network.summary}")


def _describe(model: "OnnxModel") -> dict[str, Any]:
    from digit_classifier.rejection import RejectionRule

    assert model.path
    metadata = {key: value for key, value in model.metadata.items() if key != "name"}
    if rule := RejectionRule.read(model.metadata):
        # What it was measured to reject stands in the card; files hold older measurements of it.
        metadata["reject"] = rule.describe()
    about = {"name": model.name, "file": str(model.path), "bytes": model.path.stat().st_size}
    return {**about, "wiring": model.wiring, **metadata}


def _row(entry: dict[str, Any]) -> str:
    weights = f"{entry['parameters']:,}" if "parameters" in entry else "-"
    accuracy = f"{entry['accuracy']:.2%}" if "accuracy" in entry else "-"
    size = f"{entry['bytes'] / 1e6:.2f} MB"
    return (
        f"{entry['name']:10} {size:>9} {weights:>9} {accuracy:>9}  {entry.get('measured_on', '-')}"
    )
