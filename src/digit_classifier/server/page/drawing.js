// Strokes on a canvas. It has one size whatever the screen, and more pixels on a dense one. What is
// sent has none of those: all pixel work for reading happens on the server, in one place.

import { colour } from './pixels.js';
import { greyPng } from './png.js';

const [WIDTH, HEIGHT] = [640, 480];

export class Drawing {
  width = WIDTH;
  height = HEIGHT;
  #pen;
  #file = null; // the drawing as it was last asked for; null since it changed

  /**
   * @param begun called when a stroke begins.
   * @param finished called after every change that is worth reading.
   */
  constructor(canvas, begun, finished) {
    this.canvas = canvas;
    this.brush = 20;
    this.strokes = [];
    this.begun = begun;
    this.finished = finished;
    this.active = null;
    this.#pen = canvas.getContext('2d');
    this.redraw();
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  begin(x, y, force = 1) {
    this.active = [{ x, y, width: this.brush * force }];
    this.strokes.push(this.active);
    this.#file = null;
    dot(this.#pen, this.active[0]);
    this.begun();
  }

  extend(x, y, force = 1) {
    if (!this.active) return; // cleared in the middle of a stroke
    this.active.push({ x, y, width: this.brush * force });
    this.#file = null;
    segment(this.#pen, this.active, this.active.length - 1);
  }

  end() {
    if (!this.active) return;
    this.#file = null;
    tail(this.#pen, this.active);
    this.active = null;
    this.finished();
  }

  undo() {
    if (this.active || this.isEmpty) return;
    this.strokes.pop();
    this.redraw();
    this.finished();
  }

  clear() {
    this.active = null;
    this.strokes = [];
    this.redraw();
    this.finished();
  }

  /** Draws everything anew: after an undo, or in the colours of another theme. */
  redraw() {
    this.#file = null;
    this.#show();
  }

  /** Draws everything anew if the screen is denser than before, or less dense. */
  fit() {
    if (this.canvas.width !== WIDTH * density()) this.#show();
  }

  /** A PNG file, the same in every theme and from every screen; kept until the drawing changes. */
  blob() {
    this.#file ??= this.#encode();
    return this.#file;
  }

  #encode() {
    const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    this.#render(pen, 1, 'white', 'black');
    if (globalThis.CompressionStream) return greyPng(pen.getImageData(0, 0, WIDTH, HEIGHT));
    return new Promise((resolve) => pen.canvas.toBlob(resolve)); // in browsers before 2023
  }

  #show() {
    this.#render(this.#pen, density(), colour('--paper'), colour('--ink'));
  }

  #render(pen, scale, paper, ink) {
    [pen.canvas.width, pen.canvas.height] = [WIDTH * scale, HEIGHT * scale];
    pen.scale(scale, scale);
    pen.fillStyle = paper;
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = pen.strokeStyle = ink; // also of what is drawn from here on
    for (const stroke of this.strokes) {
      dot(pen, stroke[0]);
      for (let at = 1; at < stroke.length; at++) segment(pen, stroke, at);
      if (stroke !== this.active) tail(pen, stroke);
    }
  }
}

/** Pixels of the canvas for one of the drawing. */
function density() {
  return devicePixelRatio > 1 ? 2 : 1;
}

function dot(pen, { x, y, width }) {
  pen.beginPath();
  pen.arc(x, y, width / 2, 0, 2 * Math.PI);
  pen.fill();
}

// From the middle of one step to the middle of the next, bent by the point between: a smooth
// line that can be drawn while the hand still moves.
function segment(pen, stroke, at) {
  const [before, corner, next] = [stroke[Math.max(0, at - 2)], stroke[at - 1], stroke[at]];
  line(pen, middle(before, corner), corner, middle(corner, next), next.width);
}

function tail(pen, stroke) {
  const last = stroke.at(-1);
  const start = middle(stroke.at(-2) ?? last, last);
  line(pen, start, last, last, last.width);
}

function line(pen, from, by, to, width) {
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = 'round';
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.quadraticCurveTo(by.x, by.y, to.x, to.y);
  pen.stroke();
}

function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
