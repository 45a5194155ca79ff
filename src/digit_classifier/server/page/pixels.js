// Small pictures, painted one pixel a number, in the colours of the theme.

/** A colour of page.css, as CSS writes it: rgb(...). */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

function parts(name) {
  return colour(name).match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** Paints a digit as the network gets it: bytes, 0 for paper to 255 for ink. */
export function paintDigit(canvas, bytes) {
  const [paper, ink] = [parts('--paper'), parts('--ink')];
  paint(canvas, bytes, (value) => mix(paper, ink, value / 255));
}

/** Paints numbers of both signs: 0 is paper, +limit and -limit the two ends of the scale. */
export function paintSigned(canvas, numbers, limit) {
  const [paper, warm, cold] = [parts('--paper'), parts('--warm'), parts('--cold')];
  paint(canvas, numbers, (value) =>
    mix(paper, value > 0 ? warm : cold, Math.min(1, Math.abs(value) / limit)));
}

/** Leaves a canvas without a picture. */
export function blank(canvas) {
  canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height);
}

function paint(canvas, numbers, colourOf) {
  const pen = canvas.getContext('2d');
  const image = pen.createImageData(canvas.width, canvas.height);
  numbers.forEach((number, at) => image.data.set([...colourOf(number), 255], at * 4));
  pen.putImageData(image, 0, 0);
}

function mix(from, to, share) {
  return from.map((value, at) => value + (to[at] - value) * share);
}
