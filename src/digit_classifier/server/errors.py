"""What a client is told instead of an answer: its status, its code and its sentence.

Knows nothing of the web framework, so that reading processes need not import it.
"""

import traceback

import orjson

from digit_classifier.errors import (
    DigitError,
    InternalError,
    MissingExtraError,
    ModelError,
    NoInkError,
    OptionError,
    PictureError,
    StorageError,
    TooLargeError,
)

# The first class that fits decides.
STATUS: dict[type[DigitError], tuple[int, str]] = {
    TooLargeError: (413, "too_large"),
    NoInkError: (422, "no_ink"),
    PictureError: (400, "bad_picture"),
    MissingExtraError: (415, "unsupported_type"),
    ModelError: (422, "bad_input"),
    OptionError: (422, "bad_input"),
    StorageError: (507, "storage_failed"),
    InternalError: (500, "internal"),
}


class ApiError(DigitError):
    """A request that is not carried out, with the answer that says so.

    Attributes:
        status: of HTTP.
        code: a word for programs.
        headers: to be sent along.
        trace: for the log, where this program is at fault.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: dict[str, str] | None = None,
        trace: str = "",
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers, self.trace = status, code, headers or {}, trace

    def __reduce__(self) -> tuple[object, ...]:
        """So that it can come out of another process."""
        return ApiError, (self.status, self.code, str(self), self.headers, self.trace)

    def body(self, path: str = "") -> bytes:
        """The answer's body; the Open Inference Protocol wants the sentence alone."""
        # a sentence may quote what a client sent, and that may hold half a character
        message = str(self).encode("utf-8", "replace").decode()
        alone = path == "/v2" or path.startswith("/v2/")
        return orjson.dumps(
            {"error": message if alone else {"code": self.code, "message": message}}
        )


def bad_input(message: str) -> ApiError:
    """What was sent can be read and makes no sense: 422."""
    return ApiError(422, "bad_input", message)


def api_error(error: Exception) -> ApiError:
    """What a client is told of any error; of one that nobody foresaw, no more than that."""
    if isinstance(error, ApiError):
        return error
    fallback = 500, "internal"
    status, code = next((STATUS[kind] for kind in STATUS if isinstance(error, kind)), fallback)
    if status != 500:
        return ApiError(status, code, str(error))
    message = "the server failed at this request; please report it with what you sent"
    if isinstance(error, InternalError):
        message = str(error)
    trace = "".join(traceback.format_exception(error))
    return ApiError(status, code, f"{message.rstrip('.')}.", trace=trace)
