"""Every error that a user can meet.

    DigitError
    ├── InputError                the user can mend it; the command exits with 2
    │   ├── OptionError           a flag or argument that makes no sense
    │   ├── DataError             a data file that is corrupt, truncated or of the wrong kind
    │   ├── ModelError            a model file that is missing, corrupt or of the wrong shape
    │   └── PictureError          a picture that cannot be read
    │       ├── TooLargeError     more bytes or pixels than the limit
    │       └── NoInkError        nothing stands out from the paper
    └── FaultError                the world failed; the command exits with 1
        ├── DownloadError         no mirror gave the file
        │   └── UnreachableError  no mirror could be reached at all, or none was to be asked
        ├── StorageError          a disk that is full, read-only or gone
        ├── TrainingError         loss no longer finite, export disagrees with the network
        ├── TrackingError         TensorBoard's or MLflow's log cannot be written
        ├── MissingExtraError     an optional part is not installed
        ├── PluginError           another package's network, corruption or section is broken
        └── InternalError         this program is at fault

A message is one sentence or two: what was found, what was needed, what to do.
"""

from digit_classifier.shell import pip_install


class DigitError(Exception):
    """Base of all; `exit_code` is what the command line exits with."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """What IPython and Jupyter show: the sentence, as on the command line."""
        return [f"{type(self).__name__}: {self}"]


class InputError(DigitError):
    """Something the user gave cannot be used."""

    exit_code = 2


class OptionError(InputError):
    """A flag or argument that makes no sense."""


class DataError(InputError):
    """A data file that is corrupt, truncated or of the wrong kind."""


class ModelError(InputError):
    """A model file that is missing, corrupt or of the wrong shape."""


class PictureError(InputError):
    """A picture that cannot be read."""


class TooLargeError(PictureError):
    """More bytes or pixels than the limit allows."""


class NoInkError(PictureError):
    """Nothing in the picture stands out from the paper."""


class FaultError(DigitError):
    """The world failed, not the user: network, disk, numerics, installation."""


class DownloadError(FaultError):
    """No mirror gave the file."""


class UnreachableError(DownloadError):
    """No mirror could be reached at all, or none was to be asked."""


class StorageError(FaultError):
    """A disk that is full, read-only or gone."""


class TrainingError(FaultError):
    """Training cannot go on or its result cannot be trusted."""


class TrackingError(FaultError):
    """A log that was asked for beside the run folder cannot be written."""


class PluginError(FaultError):
    """What another package adds to this one cannot be used."""


class InternalError(FaultError):
    """This program is at fault; its `__cause__` is the exception that nobody expected."""


class MissingExtraError(FaultError):
    """An optional part of the package is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed. Install it with: {pip_install(extra)}")
