"""The shapes of bodies and answers: they name the schemas of the OpenAPI document.

Answers are not checked with them, and of bodies only the small ones: see `worker.inference`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from digit_classifier.server.label_folder import NAME

# A drawing of a 1, 32 x 32 pixels.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQAAAABbAUdZAAAAG0lEQVR42mP8z8DAwMSAk/jvgE+WGgQjXhcAAG8VA3ws"
    "Zv4dAAAAAElFTkSuQmCC"
)
Share = Annotated[float, Field(ge=0, le=1)]
Ten = Annotated[list[Share], Field(min_length=10, max_length=10)]
Whole = Annotated[int, Field(ge=0)]
Box = Annotated[list[Whole], Field(min_length=4, max_length=4)]
FileName = Annotated[str, Field(pattern=f"^{NAME}$")]
Image = Annotated[str, Field(description="with details=true: base64 of 784 bytes, row by row")]


class ErrorDetail(BaseModel):
    """A word for programs, and a sentence for people."""

    code: str
    message: str


class Error(BaseModel):
    """The one form of all errors."""

    error: ErrorDetail


class InferenceError(BaseModel):
    """What went wrong, in a sentence, as the Open Inference Protocol has it."""

    error: str


class Digit(BaseModel):
    """One digit that was read."""

    digit: Annotated[int, Field(ge=0, le=9)]
    confidence: Share
    probabilities: Ten
    box: Box
    line: Whole
    image: Image = ""


class Rejected(BaseModel):
    """Ink that was not taken for a digit; `probabilities` where the network was asked."""

    box: Box
    reason: str
    probabilities: Ten | None
    image: Image | None = None


class Line(BaseModel):
    """A line of the text; `confidence` that all of it is right, null where it holds a `?`."""

    text: str
    confidence: float | None


class Reading(BaseModel):
    """What was read in one picture: the object that `digits predict --json` prints."""

    file: str | None
    text: Annotated[str, Field(description="`?` for a mark that the reader is not sure of")]
    lines: list[Line]
    digits: list[Digit]
    rejected: list[Rejected]
    model: str
    error: None
    notes: list[str] = []


class PictureBody(BaseModel):
    """A picture as JSON."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"image": PICTURE}})
    image: Annotated[str, Field(description="base64, or a data URL")]


class Rule(BaseModel):
    """Which answers are called digits: by the least confidence at a softer temperature."""

    threshold: float
    softness: float


class Model(BaseModel):
    """What a model says of itself."""

    name: str
    summary: str
    accuracy: float | None
    measured_on: str | None
    dataset: str | None
    parameters: int | None
    bytes: int | None
    layers: Annotated[
        list[int] | None, Field(description="neurons of each dense layer, where they can be shown")
    ]
    rule: Rule


class Corrections(BaseModel):
    """The folder that keeps corrected pictures."""

    folder: str
    bytes: int
    limit_bytes: int


class Settings(BaseModel):
    """What this server has and allows."""

    version: str
    models: list[Model]
    default_model: str
    reload_error: str | None
    corrections: Corrections | None
    limits: dict[str, float]


class FirstWeights(BaseModel):
    """The first layer of a network of dense layers."""

    model: str
    weights: Annotated[
        str, Field(description="base64 of float32, little-endian, shape [neurons, 784]")
    ]


class Layer(BaseModel):
    """What the neurons of one layer answer."""

    name: str
    activations: list[float]


class Activations(BaseModel):
    """What every neuron of a network answers to an image."""

    model: str
    layers: list[Layer]


class ImageBody(BaseModel):
    """An image as the network gets it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"image": "A" * 1046 + "=="}}
    )
    image: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9+/]{1046}==$",
            description="base64 of 784 bytes, row by row, paper 0 and ink 255",
        ),
    ]


class Correction(BaseModel):
    """A picture with the digit that it truly shows."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"example": {"image": PICTURE, "label": 1, "box": [14, 5, 5, 22]}},
    )
    image: str
    label: Annotated[int, Field(ge=0, le=9)]
    box: Box | None = None
    replaces: FileName | None = None


class Kept(BaseModel):
    """The name of a picture that was kept, or taken back."""

    file: FileName


class Live(BaseModel):
    """The process answers."""

    live: Literal[True]


class Ready(BaseModel):
    """Requests are welcome."""

    ready: Literal[True]


class ModelReady(BaseModel):
    """A model is loaded."""

    name: str
    ready: Literal[True]


class Server(BaseModel):
    """What server this is."""

    name: str
    version: str
    extensions: list[str]


class TensorKind(BaseModel):
    """Name, type and shape of an input or output; -1 for any number of images."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """What a model takes and gives."""

    name: str
    platform: str
    inputs: Annotated[list[TensorKind], Field(min_length=1, max_length=1)]
    outputs: Annotated[list[TensorKind], Field(min_length=1, max_length=1)]


_Pixel = Annotated[int, Field(ge=0, le=255)]
_Row = Annotated[list[_Pixel], Field(min_length=28, max_length=28)]
_Image = Annotated[list[_Row], Field(min_length=28, max_length=28)]


class InputTensor(BaseModel):
    """Images: whole numbers, flat or nested as [n, 28, 28]; paper 0, ink 255."""

    name: Literal["images"]
    shape: tuple[Annotated[int, Field(ge=1)], Literal[28], Literal[28]]
    datatype: Literal["UINT8"]
    data: Annotated[list[_Pixel | _Image], Field(min_length=1)]


class RequestedOutput(BaseModel):
    """The one output, by name."""

    name: Literal["probabilities"]


class InferenceRequest(BaseModel):
    """Images to be read, as the Open Inference Protocol has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "inputs": [
                    {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28],
                     "data": [[[0] * 28] * 28]}
                ]
            }
        }
    )  # fmt: skip
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=1)]
    id: str = ""
    parameters: dict[str, Any] = {}
    outputs: Annotated[list[RequestedOutput], Field(max_length=1)] = []


class OutputTensor(BaseModel):
    """Probabilities of the ten digits, image by image."""

    name: Literal["probabilities"]
    shape: Annotated[list[int], Field(min_length=2, max_length=2)]
    datatype: Literal["FP32"]
    data: list[float]


class InferenceResponse(BaseModel):
    """Probabilities, as the Open Inference Protocol has it."""

    model_name: str
    outputs: Annotated[list[OutputTensor], Field(min_length=1, max_length=1)]
    id: str = ""


# Not the body of any parameter, so FastAPI does not find them by itself.
BODIES = (PictureBody, ImageBody, Correction, InferenceRequest)
MEANINGS = {
    400: "The body is not what its content type says.",
    403: "The request came from a page of another origin.",
    404: "No such path, model or correction.",
    413: "More bytes or pixels than this server reads; see /v1/settings.",
    415: "A content type, or a kind of picture, that this server does not read.",
    422: "A value that cannot be used; the message says which one and what is needed.",
    503: "Too many requests at once, or the server is stopping; see Retry-After.",
    504: "The reading took longer than this server allows.",
    507: "The folder for corrections is full or cannot be written.",
}


def errors(*statuses: int, model: type[BaseModel] = Error) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` of the one form, or of another."""
    return {status: {"model": model, "description": MEANINGS[status]} for status in statuses}


def body(model: type[BaseModel], **others: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI's `requestBody`: JSON, or other content types with their schemas."""
    named = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    content = {"application/json": named}
    content |= {kind: {"schema": schema} for kind, schema in others.items()}
    return {"requestBody": {"required": True, "content": content}}
