"""Train the classic MNIST network in seconds, and read the digits people really write."""

__version__ = "0.1.0"
