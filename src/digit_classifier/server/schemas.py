"""The shapes of bodies and answers, for the OpenAPI document only: nothing is checked with them."""

from typing import Any

# A drawing of a 1, 32 x 32 pixels.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQAAAABbAUdZAAAAG0lEQVR42mP8z8DAwMSAk/jvgE+WGgQjXhcAAG8VA3ws"
    "Zv4dAAAAAElFTkSuQmCC"
)
READING_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "properties": {"image": {"type": "string", "description": "base64, or a data URL"}},
            },
            "example": {"image": PICTURE},
        },
    },
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def answers(schema: dict[str, Any], *statuses: int, status: int = 200) -> dict[int | str, Any]:
    """OpenAPI's `responses`: one good answer, and errors of the one form."""
    meanings = {
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
    result: dict[int | str, Any] = {
        status: {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    }
    for number in statuses:
        result[number] = {
            "description": meanings[number],
            "content": {"application/json": {"schema": ERROR}},
        }
    return result


def json_body(schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI's `requestBody` of a JSON object."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def record(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has all of `properties`."""
    return {"type": "object", "required": list(properties), "properties": properties}


def row(items: dict[str, Any], length: int | None = None) -> dict[str, Any]:
    """An array of `items`."""
    exactly = {} if length is None else {"minItems": length, "maxItems": length}
    return {"type": "array", "items": items, **exactly}


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
BOX = row(WHOLE, 4)
_PROBABILITIES = row({"type": "number", "minimum": 0, "maximum": 1}, 10)
_IMAGE = {"type": "string", "description": "with details=true: base64 of 784 bytes, row by row"}
_DIGIT = record(
    digit={"type": "integer", "minimum": 0, "maximum": 9},
    confidence={"type": "number", "minimum": 0, "maximum": 1},
    probabilities=_PROBABILITIES,
    box=BOX,
    line=WHOLE,
)
_DIGIT["properties"]["image"] = _IMAGE
_REJECTED = record(
    box=BOX, reason=TEXT, probabilities={**_PROBABILITIES, "type": ["array", "null"]}
)
_REJECTED["properties"]["image"] = {**_IMAGE, "type": ["string", "null"]}
READING = record(
    file={"type": ["string", "null"]},
    text={"type": "string", "description": "`?` for a mark that the reader is not sure of"},
    digits=row(_DIGIT),
    rejected=row(_REJECTED),
    model=TEXT,
    error={"type": "null"},
)
READING["properties"]["notes"] = row(TEXT)

_PIXEL = {"type": "integer", "minimum": 0, "maximum": 255}
_INPUT = record(
    name={"const": "images"},
    shape={
        "type": "array",
        "prefixItems": [{"type": "integer", "minimum": 1}, {"const": 28}, {"const": 28}],
        "minItems": 3,
        "maxItems": 3,
        "description": "[n, 28, 28]",
    },
    datatype={"const": "UINT8"},
    data={
        "type": "array",
        "items": {"anyOf": [_PIXEL, row(row(_PIXEL, 28), 28)]},
        "minItems": 1,
        "description": "n * 784 whole numbers, flat or nested as [n, 28, 28]; paper 0, ink 255",
    },
)
_OUTPUT = record(
    name={"const": "probabilities"},
    shape=row(WHOLE, 2),
    datatype={"const": "FP32"},
    data=row(NUMBER),
)
INFER_REQUEST = record(inputs=row(_INPUT, 1))
INFER_REQUEST["properties"]["id"] = TEXT
INFER_REQUEST["properties"]["parameters"] = {"type": "object"}
INFER_REQUEST["properties"]["outputs"] = {
    **row(record(name={"const": "probabilities"})), "maxItems": 1,
}  # fmt: skip
INFER_EXAMPLE = {
    "inputs": [
        {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [[[0] * 28] * 28]}
    ]
}
INFER_ANSWER = record(model_name=TEXT, outputs=row(_OUTPUT, 1))
INFER_ANSWER["properties"]["id"] = TEXT
