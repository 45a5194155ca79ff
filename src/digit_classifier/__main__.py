"""`python -m digit_classifier` is the `digits` command."""

from digit_classifier.cli import main

main()
