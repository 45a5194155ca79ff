"""What 40 pictures of a hand teach a shipped network: seconds, errors left, what MNIST loses.

    python benchmarks/finetune.py                        # five synthetic writers
    python benchmarks/finetune.py --pictures my-pictures # and five real ones

A synthetic writer is one hand with one pen; 40 of its pictures are learned from, 200 others read.
Real ones are those of a folder (a manifest.csv and files called WRITER-01.png, or folders) who have
the most single digits; half of each one's pictures is learned from, the other half read.

On a busy machine mind the seconds of processor time: two cores alone need half of them to all.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

from digit_classifier import weights
from digit_classifier.dataset import load
from digit_classifier.drawn import hands
from digit_classifier.errors import PictureError
from digit_classifier.evaluation.pictures import list_cases
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.picture import decode, normalise
from digit_classifier.picture.redraw import redraw
from digit_classifier.stats import mcnemar, wilson
from digit_classifier.training import train
from digit_classifier.training.backend import start
from machine import describe

# Seeds of hands that the shipped networks misread at times, and what they look like.
HANDS = {65: "narrow", 351: "wide hairline", 533: "outlined", 845: "thick", 957: "wide outlines"}
LEARNED, READ = 40, 200


def draw_writer(seed, n, first, data):
    """Digits 0 to 9 in turn by one hand, as the reader would hand them to a network."""
    images = []
    for at in range(first, first + n):
        # anew each time: a hand draws each digit twice, and then varies those two
        hand = hands.choose(np.random.default_rng(seed), data.train_images, data.train_labels)
        images.append(redraw(np.pad(hand.digit(at % 10, np.random.default_rng([seed, at])), 20)))
    return np.stack(images), (np.arange(first, first + n) % 10).astype(np.uint8)


def read_writers(folder, most, least):
    """Images and labels of the writers with the most single digits; at least so many."""
    found = defaultdict(list)
    manifest = (Path(folder) / "manifest.csv").is_file()  # whose styles are not who wrote
    for case in list_cases(folder)[0]:
        if case.kind == "single" and len(case.text) == 1:
            writer = case.path.stem.rpartition("-")[0] if manifest else case.style
            try:
                found[writer].append((normalise(decode(case.path)), int(case.text)))
            except PictureError:
                continue
    ranked = sorted(found, key=lambda writer: (-len(found[writer]), writer))
    chosen = [writer for writer in ranked if len(found[writer]) >= least][:most]
    return {
        writer: (
            np.stack([image for image, _ in found[writer]]),
            np.array([label for _, label in found[writer]], np.uint8),
        )
        for writer in chosen
    }


def fine_tune(model, learned, read, data_dir):
    """Right before and after, of own pictures and of MNIST; seconds, and those of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.npz"
        np.savez(own, x_train=learned[0], y_train=learned[1], x_test=read[0], y_test=read[1])
        begun, busy = time.perf_counter(), time.process_time()
        run = train(
            start=model, dataset=own, out=Path(folder) / "run", data_dir=data_dir, quiet=True
        )
        seconds, busy = time.perf_counter() - begun, time.process_time() - busy
        models = OnnxModel(weights.find(model)), OnnxModel(run.folder / "model.onnx")
        was, now = (each.predict(read[0]).argmax(axis=1) == read[1] for each in models)
        mnist = run.metrics["tuned"]["mnist"]
        lost = (mnist["after"]["right"] - mnist["before"]["right"]) / mnist["n"]
        return was, now, 100 * lost, seconds, busy, mnist["images"]


def tell(name, rows):
    """Errors before and after over all writers, what MNIST lost, and seconds."""
    was, now = (np.concatenate([row[at] for row in rows]) for at in (0, 1))
    n, before, after = len(was), int((~was).sum()), int((~now).sum())
    p = mcnemar(int((was & ~now).sum()), int((now & ~was).sum()))
    bounds = [wilson(errors, n) for errors in (before, after)]
    intervals = [f"{100 * low:.1f} to {100 * high:.1f} %" for low, high in bounds]
    left = f"{after / before:.2f} of them left, " if before else ""
    print(
        f"{name}: n {n}, errors {before} ({100 * before / n:.1f} %, {intervals[0]}) -> {after} "
        f"({100 * after / n:.1f} %, {intervals[1]}), {left}McNemar's p {p:.2g}"
    )
    for what, at in (("MNIST, points", 2), ("seconds", 3), ("processor's seconds", 4)):
        values = np.array([row[at] for row in rows])
        spread = ""
        if len(values) > 1:
            half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
            spread = (
                f" ± {half:.3f} (95 %, n {len(values)}), {values.min():.2f} to {values.max():.2f}"
            )
        print(f"    {what}: {values.mean():.3f}{spread}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["mlp", "cnn"])
    parser.add_argument(
        "--pictures", help="a folder of real pictures, with a manifest.csv or folders"
    )
    parser.add_argument("--writers", type=int, default=5, help="how many real ones")
    parser.add_argument("--least", type=int, default=10, help="pictures that each must have")
    parser.add_argument("--data-dir", help="a folder that holds MNIST")
    asked = parser.parse_args()
    print(describe("keras", "tensorflow-cpu", "numpy"))
    begun = time.perf_counter()
    start("tensorflow", lean=True)
    print(f"starting Keras, apart from what follows: {time.perf_counter() - begun:.1f} s")
    load_average = f"{os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"processes that wanted a core in the minute before: {load_average}", flush=True)
    data = load(data_dir=asked.data_dir)
    drawn = {
        seed: (draw_writer(seed, LEARNED, 0, data), draw_writer(seed, READ, LEARNED, data))
        for seed in HANDS
    }
    real = read_writers(asked.pictures, asked.writers, asked.least) if asked.pictures else {}
    for model in asked.models:
        rows = []
        for seed, (learned, read) in drawn.items():
            rows.append(fine_tune(model, learned, read, asked.data_dir))
            tell(f"{model}, {HANDS[seed]} hand", rows[-1:])
        tell(f"{model}, {len(rows)} synthetic writers, {LEARNED} pictures each", rows)
        print(f"    MNIST: {rows[0][5]}", flush=True)
        rows = []
        for images, labels in real.values():
            even = np.arange(len(labels)) % 2 == 0
            learned, read = (images[even], labels[even]), (images[~even], labels[~even])
            rows.append(fine_tune(model, learned, read, asked.data_dir))
            tell(f"{model}, real writer {len(rows)}, {even.sum()} pictures learned", rows[-1:])
        if rows:
            tell(f"{model}, {len(real)} real writers, halved", rows)


if __name__ == "__main__":
    main()
