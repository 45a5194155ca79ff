"""`python -m digit_classifier` is the `digits` command."""

import sys


def main() -> None:
    """Run the command line and exit, see `cli.main`; Ctrl-C while it is still imported is heard."""
    try:
        from digit_classifier.cli import main as run

        run()
    except KeyboardInterrupt:
        if sys.stderr:
            sys.stderr.write("Stopped.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
