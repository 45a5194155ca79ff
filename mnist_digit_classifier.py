"""Train a small neural network on MNIST's handwritten digits and plot how it learned.

The same as `digits train`, whose flags it takes: python mnist_digit_classifier.py --help
With another command of `digits` before them it is that: python mnist_digit_classifier.py data

It learns from 60,000 images, is validated on 10,000 others after each of 10 epochs, and draws two
plots: loss, and accuracy, on both sets of images. All of it is saved in a new folder under runs/.

What stands in this file must be understood by any Python, also by those that cannot run the rest.
"""

import os
import subprocess
import sys

FITTING = ((3, 13), (3, 12), (3, 11))
HERE = os.path.dirname(os.path.relpath(os.path.abspath(__file__)))
WINDOWS = os.name == "nt"


def main():
    """Run `digits train`, or what was named; where that cannot be, say in a sentence what to do."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] not in FITTING:
        python = find_python()
        sys.exit(
            "Error: this is Python %s (%s); 3.11, 3.12 or 3.13 is needed. %s: %s"
            % (
                version,
                sys.executable,
                "Run" if python else "Get one from https://www.python.org/downloads/, then run",
                set_up(python or ("py -3.12" if WINDOWS else "python3.12")),
            )
        )
    # Works from a checkout with only requirements.txt installed.
    source = os.path.join(os.path.abspath(HERE), "src")
    sys.path.insert(0, source)
    beside = os.environ.get("PYTHONPATH")  # for the processes that it starts
    os.environ["PYTHONPATH"] = source + os.pathsep + beside if beside else source
    try:
        from digit_classifier.cli import COMMANDS
        from digit_classifier.cli import main as run
    except ImportError as error:
        sys.exit(
            "Error: %s is not installed for this Python %s (%s). Run: %s"
            % (error.name, version, sys.executable, set_up(quote(sys.executable)))
        )
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
    words = sys.argv[1:]
    run(words if words and words[0] in COMMANDS else ["train"] + words)


def set_up(python):
    """Give the line that makes an environment with `python`, fills it, and starts this in it."""
    folder = "Scripts" if WINDOWS else "bin"
    made = os.path.join(HERE, "venv")
    inside = quote(os.path.join(made, folder, "python"))
    lines = []
    bare = sys.prefix == getattr(sys, "base_prefix", sys.prefix)
    if bare or sys.version_info[:2] not in FITTING:
        wrong = os.path.abspath(made) == os.path.abspath(sys.prefix)
        lines.append([python, "-m venv", "--clear" if wrong else "", quote(made)])
    else:  # an environment is active: it is the one to fill
        inside = python
    lines.append([inside, "-m pip install -r", quote(os.path.join(HERE, "requirements.txt"))])
    lines.append([inside, quote(os.path.join(HERE, "mnist_digit_classifier.py"))])
    return (" ; " if WINDOWS else " && ").join(" ".join(filter(None, line)) for line in lines)


def quote(path):
    """Give a path as a word for a shell."""
    return '"%s"' % path if set(path) & set(" '()&;") else path


def find_python():
    """Give the name of a Python on this machine that can run the rest, or None."""
    for version in FITTING:
        name = "py -%d.%d" % version if WINDOWS else "python%d.%d" % version
        try:
            with open(os.devnull, "w") as nowhere:
                if not subprocess.call(name.split() + ["-c", ""], stdout=nowhere, stderr=nowhere):
                    return name
        except OSError:
            continue
    return None


if __name__ == "__main__":
    main()
