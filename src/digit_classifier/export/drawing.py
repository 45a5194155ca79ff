"""The preparation of a picture as part of the graph: a drawing in, a digit out.

Written in standard ONNX operators, so that no runtime needs code of its own for it. It does for one
digit, drawn or cleanly scanned, what `picture` does for any picture: which colour is paper, where
the ink is, a box of 20 pixels, the centre of mass.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from digit_classifier.onnx_model import CLASSES, SIDE
from digit_classifier.picture.crops import LARGE, MARGIN, THIN
from digit_classifier.picture.crops import SIDE as SMALL
from digit_classifier.picture.ink import DARK, FAINT, FEW, GRAIN
from digit_classifier.picture.pieces import LEAST
from digit_classifier.picture.prepared import BOX, CENTRE
from digit_classifier.picture.redraw import FAINT as LEAST_INK

OPSET = 18  # of which on Pad, ReduceMax and the like take what is worked out in the graph
PICTURE, IMAGE = "picture", "image"


class Nodes:
    """Operators in the making: each call adds one and gives the name of what comes out."""

    def __init__(self, prefix: str = "drawing", parent: "Nodes | None" = None) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = parent.constants if parent else []
        self.prefix = prefix

    def __getattr__(self, operator: str) -> Callable[..., str]:
        """The operator of this name; numbers and arrays among its inputs become constants."""
        if operator.startswith("_"):
            raise AttributeError(operator)

        def add(*given: Any, **attributes: Any) -> str:
            from onnx import helper

            names = [each if isinstance(each, str) else self.constant(each) for each in given]
            out = f"{self.prefix}/{len(self.nodes)}"
            self.nodes.append(helper.make_node(operator, names, [out], **attributes))
            return out

        return add

    def constant(self, value: Any) -> str:
        """A number as float32, whole ones in a list or array as they are."""
        from onnx import numpy_helper

        array = np.asarray(value, np.float32 if isinstance(value, (float, int)) else None)
        name = f"drawing/constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def whole(self, x: str) -> str:
        """A number of one dimension, int64, as shapes and places are."""
        return self.Cast(self.Reshape(x, np.array([1])), to=7)

    def number(self, x: str) -> str:
        """A float32 without dimensions."""
        return self.Reshape(self.Cast(x, to=1), np.array([], np.int64))

    def most(self, x: str) -> str:
        """The largest."""
        return self.ReduceMax(x, keepdims=0)

    def total(self, x: str) -> str:
        """The sum."""
        return self.ReduceSum(x, keepdims=0)

    def floats(self, x: str) -> str:
        """As float32."""
        return self.Cast(x, to=1)

    def choose(self, condition: str, yes: "Nodes", one: str, no: "Nodes", other: str) -> str:
        """The one or the other; only that which is chosen is worked out."""
        from onnx import helper

        branches = []
        for nodes, name in ((yes, one), (no, other)):
            nodes.nodes.append(helper.make_node("Identity", [name], [f"{nodes.prefix}/chosen"]))
            output = helper.make_tensor_value_info(f"{nodes.prefix}/chosen", 1, None)
            branches.append(helper.make_graph(nodes.nodes, nodes.prefix, [], [output]))
        return self.If(condition, then_branch=branches[0], else_branch=branches[1])

    def within(self, name: str) -> "Nodes":
        """Operators of a branch, which see all that was made before."""
        return Nodes(f"{self.prefix}/{name}", self)


def put_before(model: Any) -> None:
    """Let a network take a picture.

    Args:
        model: of ONNX, operator set `OPSET` or later, with `images` and `probabilities`; changed in
            place. It then takes `picture`, uint8 (height, width, channels): grey, grey and alpha,
            RGB or RGBA, ink darker or lighter than the paper. It gives `probabilities` (1, 10),
            each 0.1 where nothing stands out from the paper, and `image`, uint8 (28, 28), which
            the network saw.
    """
    from onnx import TensorProto, helper

    graph = model.graph
    kept, (given,) = list(graph.node), [entry.name for entry in graph.input]
    for node in kept:
        node.output[:] = ["answers" if name == "probabilities" else name for name in node.output]
    g = Nodes()
    image, inked = _prepare(g)
    whole = g.Cast(image, to=TensorProto.UINT8)
    g.nodes.append(helper.make_node("Identity", [whole], [IMAGE]))
    g.nodes.append(helper.make_node("Unsqueeze", [whole, g.constant([0])], [given]))
    end = Nodes("drawing/end", g)
    answers = end.Where(inked, "answers", 1 / CLASSES)
    end.nodes.append(helper.make_node("Identity", [answers], ["probabilities"]))
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend([*g.nodes, *kept, *end.nodes])
    graph.initializer.extend(g.constants)
    value = helper.make_tensor_value_info
    graph.input.append(value(PICTURE, TensorProto.UINT8, ["height", "width", "channels"]))
    graph.output.append(value("probabilities", TensorProto.FLOAT, [1, CLASSES]))
    graph.output.append(value(IMAGE, TensorProto.UINT8, [SIDE, SIDE]))


def _prepare(g: Nodes) -> tuple[str, str]:
    """The image of 28x28, and whether there is any ink."""
    flat = _compose(g)
    signed = _project(g, flat)
    depth = _depth(g, signed)
    contrast = _contrast(g, depth)
    inked = g.GreaterOrEqual(contrast, float(LEAST))
    known, kept = _recognise(g, flat)
    yes, no = g.within("known"), g.within("drawn")
    digit = _redraw(no, depth, contrast)
    image = g.choose(known, yes, yes.Identity(kept), no, digit)
    return g.Where(inked, image, 0.0), inked


def _compose(g: Nodes) -> str:
    """The colours (height, width, 1 or 3) without transparency, on white or on black."""
    picture = g.floats(PICTURE)
    channels = g.Gather(g.Shape(PICTURE), np.array([2]))
    see_through = g.Equal(g.Mod(channels, np.array([2])), np.array([0]))
    colours = g.Sub(channels, g.Cast(see_through, to=7))
    colour = g.Slice(picture, np.array([0]), colours, np.array([2]))
    last = g.Slice(picture, np.array([-1]), np.array([2**31 - 1]), np.array([2]))
    alpha = g.Where(see_through, last, 255.0)
    solid = g.floats(g.GreaterOrEqual(alpha, g.Max(1.0, g.Floor(g.Div(g.most(alpha), 2.0)))))
    light = g.ReduceMean(colour, np.array([2]), keepdims=1)
    shown = g.Div(g.total(g.Mul(light, solid)), g.Max(g.total(solid), 1.0))
    paper = g.Where(g.Less(shown, 128.0), 255.0, 0.0)
    share = g.Div(alpha, 255.0)
    return g.Round(g.Add(g.Mul(colour, share), g.Mul(g.Sub(1.0, share), paper)))


def _project(g: Nodes, flat: str) -> str:
    """How far each pixel is from the paper along the colour of the ink, either way."""
    ends = [g.Slice(flat, np.array([at]), np.array([to]), np.array([axis]))
            for axis in (0, 1) for at, to in ((0, 1), (-1, 2**31 - 1))]  # fmt: skip
    colours = g.Gather(g.Shape(flat), np.array([2]))
    rows = g.Concat(np.array([-1]), colours, axis=0)
    edge = g.Concat(*(g.Reshape(end, rows) for end in ends), axis=0)
    half = g.Div(g.Gather(g.Shape(edge), np.array([0])), np.array([2]))
    paper = g.Gather(_sorted(g, edge), half, axis=0)
    away = g.Sub(g.Reshape(flat, rows), paper)
    moment = g.MatMul(g.Transpose(away, perm=[1, 0]), away)
    axis = g.Add(g.ReduceSum(moment, np.array([1]), keepdims=1), 1e-3)
    for _ in range(6):  # the power method: the direction in which most colours differ
        axis = g.MatMul(moment, axis)
        axis = g.Div(axis, g.Max(g.ReduceSum(g.Abs(axis), keepdims=1), 1e-6))
    sides = g.Slice(g.Shape(flat), np.array([0]), np.array([2]))
    return g.Reshape(g.MatMul(away, axis), sides)


def _sorted(g: Nodes, edge: str) -> str:
    from onnx import helper

    out = f"{g.prefix}/{len(g.nodes)}"
    size = g.Gather(g.Shape(edge), np.array([0]))
    g.nodes.append(helper.make_node("TopK", [edge, size], [out + "v", out + "i"], axis=0))
    return out + "v"


def _depth(g: Nodes, signed: str) -> str:
    """How dark the ink is, 0 on paper."""
    enough = g.Mul(g.most(g.Abs(signed)), 0.25)
    above = g.total(g.floats(g.Greater(signed, enough)))
    below = g.total(g.floats(g.Less(signed, g.Neg(enough))))
    way = g.Where(g.Greater(above, below), 1.0, -1.0)
    return g.Clip(g.Mul(signed, way), 0.0)


def _extent(g: Nodes, mask: str) -> tuple[str, str, str, str]:
    """First row, row behind the last, first column, column behind the last of what is not 0."""
    places = []
    for axis in (0, 1):
        line = g.ReduceMax(mask, np.array([1 - axis]), keepdims=0)
        count = g.Size(line)
        at = g.Range(g.constant(np.int64(0)), count, g.constant(np.int64(1)))
        some = g.Greater(line, 0.0)
        first = g.ReduceMin(g.Where(some, at, count), keepdims=0)
        last = g.ReduceMax(g.Where(some, at, g.constant(np.int64(-1))), keepdims=0)
        empty = g.Less(last, g.constant(np.int64(0)))
        places.append(g.Where(empty, g.constant(np.int64(0)), first))
        places.append(g.Where(empty, count, g.Add(last, g.constant(np.int64(1)))))
    return tuple(places)  # type: ignore[return-value]


def _cut(g: Nodes, x: str, mask: str) -> str:
    """What of `x` lies in the extent of a mask."""
    starts, stops = _corners(g, mask)
    return g.Slice(x, starts, stops, np.array([0, 1]))


def _corners(g: Nodes, mask: str) -> tuple[str, str]:
    """Row and column where what is not 0 begins, and those behind its end."""
    top, bottom, left, right = (g.Unsqueeze(each, np.array([0])) for each in _extent(g, mask))
    return g.Concat(top, left, axis=0), g.Concat(bottom, right, axis=0)


def _trace(g: Nodes, depth: str, contrast: str) -> str:
    """Where ink is, 1 there; `picture.ink.trace`, but for faint pieces."""
    faint = g.Min(g.Mul(contrast, DARK), g.Max(g.Mul(contrast, FAINT), GRAIN))
    return g.floats(g.GreaterOrEqual(depth, faint))


def _contrast(g: Nodes, depth: str) -> str:
    """How dark ink is; `picture.ink.contrast`."""
    line = g.Reshape(depth, np.array([-1]))
    count = g.floats(g.Size(line))
    few = g.whole(g.Min(g.Max(float(FEW[0]), g.Ceil(g.Mul(count, FEW[1]))), count))
    order = _sorted(g, line)
    peak = g.number(g.Gather(order, g.Sub(few, np.array([1]))))
    strong = g.floats(g.GreaterOrEqual(depth, g.Floor(g.Div(g.Add(peak, 1.0), 2.0))))
    return g.Div(g.total(g.Mul(depth, strong)), g.Max(g.total(strong), 1.0))


def _redraw(g: Nodes, depth: str, contrast: str) -> str:
    """The digit in 28x28; `picture.crops.cut` of all the ink."""
    start, stop = _corners(g, _trace(g, depth, contrast))
    longest = g.Max(g.number(g.ReduceMax(g.Sub(stop, start), keepdims=0)), 2.0)
    larger = g.Min(g.Div(float(SMALL), longest), 6.0)
    smaller = g.Min(g.Div(float(LARGE), longest), 1.0)
    scale = g.Where(g.Less(longest, float(SMALL)), larger, smaller)
    margin = g.Add(g.Mul(longest, MARGIN), 2.0)
    start = g.Cast(g.Max(g.Floor(g.Sub(g.floats(start), margin)), 0.0), to=7)
    stop = g.Cast(g.Ceil(g.Add(g.floats(stop), margin)), to=7)
    region = g.Slice(depth, start, stop, np.array([0, 1]))
    sides = g.Max(g.Round(g.Mul(g.floats(g.Shape(region)), scale)), 4.0)
    region = _resize(g, region, sides, g.LessOrEqual(scale, 1.0))
    dark = g.Max(_contrast(g, region), 1.0)
    mask = _trace(g, region, dark)
    level = g.Min(g.Round(g.Mul(g.Mul(region, mask), g.Div(255.0, dark))), 255.0)
    level = _cut(g, level, g.floats(g.GreaterOrEqual(level, float(LEAST_INK))))
    image = _place(g, _fit(g, level, BOX))
    line = _sorted(g, g.Reshape(image, np.array([-1])))
    count = g.total(g.floats(g.Greater(image, 0.0)))
    at = g.Sub(g.Sub(count, 1.0), g.Floor(g.Mul(g.Sub(count, 1.0), 0.9)))
    strong = g.number(g.Gather(line, g.Cast(g.Max(at, 0.0), to=7)))
    darker = g.Clip(g.Round(g.Mul(image, g.Div(255.0, g.Max(strong, 1.0)))), 0.0, 255.0)
    return g.Where(g.Less(strong, float(THIN)), darker, image)


def _longest(g: Nodes, x: str) -> str:
    return g.number(g.ReduceMax(g.Shape(x), keepdims=0))


def _fit(g: Nodes, ink: str, side: int) -> str:
    """Bring the longest side to `side` pixels."""
    scale = g.Div(float(side), _longest(g, ink))
    new = g.Max(g.Round(g.Mul(g.floats(g.Shape(ink)), scale)), 1.0)
    return _resize(g, ink, new, g.LessOrEqual(scale, 1.0))


def _resize(g: Nodes, x: str, new: str, smaller: str) -> str:
    """Bring it to new sides, by area where that is smaller, or else by cubics."""
    old = g.Shape(x)
    rows, columns = (
        _weights(g, g.Gather(old, np.array([axis])), g.Gather(new, np.array([axis])), smaller)
        for axis in (0, 1)
    )
    result = g.MatMul(g.MatMul(rows, x), g.Transpose(columns, perm=[1, 0]))
    return g.Clip(g.Round(result), 0.0, 255.0)


def _weights(g: Nodes, old: str, new: str, smaller: str) -> str:
    """What each pixel along one side counts in each of the new ones, (new, old)."""
    size = g.number(old)
    step = g.Div(size, g.number(new))
    to = g.Unsqueeze(g.Range(g.constant(0.0), g.number(new), g.constant(1.0)), np.array([1]))
    at = g.Unsqueeze(g.Range(g.constant(0.0), size, g.constant(1.0)), np.array([0]))
    start = g.Mul(to, step)
    overlap = g.Sub(g.Min(g.Add(at, 1.0), g.Add(start, step)), g.Max(at, start))
    area = g.Div(g.Max(overlap, 0.0), step)
    place = g.Sub(g.Add(start, g.Mul(step, 0.5)), 0.5)
    before = g.Floor(place)
    cubic = ""
    for tap in (-1.0, 0.0, 1.0, 2.0):
        x = g.Abs(g.Sub(g.Sub(place, before), tap))
        near = g.Clip(g.Add(before, tap), 0.0, g.Sub(size, 1.0))
        share = g.Mul(g.floats(g.Equal(near, at)), _keys(g, x))
        cubic = g.Add(cubic, share) if cubic else share
    return g.Where(smaller, area, cubic)


def _keys(g: Nodes, x: str, a: float = -0.75) -> str:
    """Source: Keys, "Cubic convolution interpolation for digital image processing" (1981)."""

    def polynomial(c3: float, c2: float, c1: float, c0: float) -> str:
        return g.Add(g.Mul(g.Add(g.Mul(g.Add(g.Mul(x, c3), c2), x), c1), x), c0)

    inner = polynomial(a + 2, -(a + 3), 0.0, 1.0)
    return g.Where(g.LessOrEqual(x, 1.0), inner, polynomial(a, -5 * a, 8 * a, -4 * a))


def _place(g: Nodes, digit: str) -> str:
    """Put a digit of at most 20x20 so that its centre of mass falls into pixel (14, 14)."""
    total = g.Max(g.total(digit), 1.0)
    sides = g.Shape(digit)
    before = []
    for axis in (0, 1):
        size = g.Gather(sides, np.array([axis]))
        at = g.Range(g.constant(0.0), g.number(size), g.constant(1.0))
        line = g.ReduceSum(digit, np.array([1 - axis]), keepdims=0)
        centre = g.Floor(g.Add(g.Div(g.total(g.Mul(line, at)), total), 0.5))
        wanted = g.Max(g.Sub(float(CENTRE), centre), 0.0)
        before.append(g.whole(g.Min(wanted, g.Sub(float(SIDE), g.number(size)))))
    start = g.Concat(*before, axis=0)
    after = g.Sub(g.Sub(np.array([SIDE, SIDE]), sides), start)
    return g.Pad(digit, g.Concat(start, after, axis=0))


def _recognise(g: Nodes, flat: str) -> tuple[str, str]:
    """Whether it is an image as MNIST has them, and the image, paper 0; `picture.prepared`."""
    shape = g.Shape(flat)
    fits = g.ReduceMin(g.Cast(g.Equal(shape, np.array([SIDE, SIDE, 1])), to=6), keepdims=0)
    yes, no = g.within("small"), g.within("large")
    one = yes.Reshape(flat, np.array([SIDE, SIDE]))
    corner = yes.Slice(one, np.array([0, 0]), np.array([1, 1]))
    one = yes.Where(yes.Equal(corner, 255.0), yes.Sub(255.0, one), one)
    none = no.Expand(no.constant(np.float32(0)), np.array([SIDE, SIDE]))
    image = g.choose(g.Cast(fits, to=9), yes, one, no, none)
    corner = g.number(g.Slice(image, np.array([0, 0]), np.array([1, 1])))
    known = g.And(g.Equal(corner, 0.0), g.GreaterOrEqual(g.most(image), 254.0))
    top, bottom, left, right = _extent(g, image)
    longest = g.number(g.Max(g.Sub(bottom, top), g.Sub(right, left)))
    known = g.And(known, g.GreaterOrEqual(longest, BOX - 1.0))
    known = g.And(known, g.LessOrEqual(longest, float(BOX)))
    total = g.Max(g.total(image), 1.0)
    for axis in (0, 1):
        line = g.ReduceSum(image, np.array([1 - axis]), keepdims=0)
        centre = g.Div(g.total(g.Mul(line, np.arange(SIDE, dtype=np.float32))), total)
        known = g.And(known, g.LessOrEqual(g.Abs(g.Sub(centre, float(CENTRE))), 0.53))
    return known, image
