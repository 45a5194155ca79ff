"""`digits models`: the models that ship, and what any model says of itself."""

import json
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli.streams import echo_json

if TYPE_CHECKING:
    from pathlib import Path


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
    from digit_classifier.cli.opening import exported
    from digit_classifier.training.networks import NETWORKS

    given = click.get_current_context().with_resource(exported(model)) if model else ""
    paths = [weights.find(given)] if model else [weights.find(name) for name in weights.names()]
    described = [_describe(path) for path in paths]
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


def _describe(path: "Path") -> dict[str, Any]:
    from digit_classifier.onnx_model import OnnxModel

    metadata = dict(OnnxModel(path).metadata)
    name = metadata.pop("name", path.stem)
    return {"name": name, "file": str(path), "bytes": path.stat().st_size, **metadata}


def _row(entry: dict[str, Any]) -> str:
    weights = f"{entry['parameters']:,}" if "parameters" in entry else "-"
    accuracy = f"{entry['accuracy']:.2%}" if "accuracy" in entry else "-"
    size = f"{entry['bytes'] / 1e6:.2f} MB"
    return (
        f"{entry['name']:10} {size:>9} {weights:>9} {accuracy:>9}  {entry.get('measured_on', '-')}"
    )
