// Strokes on a canvas. The canvas keeps one size whatever the screen, and is sent as it is:
// all pixel work for reading happens on the server, in one place.

import { colour } from './pixels.js';

export class Drawing {
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
    this.redraw();
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  begin(x, y, force = 1) {
    this.active = [{ x, y, width: this.brush * force }];
    this.strokes.push(this.active);
    this.#dot(this.active[0]);
    this.begun();
  }

  extend(x, y, force = 1) {
    if (!this.active) return; // cleared in the middle of a stroke
    this.active.push({ x, y, width: this.brush * force });
    this.#segment(this.active, this.active.length - 1);
  }

  end() {
    if (!this.active) return;
    this.#tail(this.active);
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
    const pen = this.canvas.getContext('2d');
    pen.fillStyle = colour('--paper');
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) {
      this.#dot(stroke[0]);
      for (let at = 1; at < stroke.length; at++) this.#segment(stroke, at);
      if (stroke !== this.active) this.#tail(stroke);
    }
  }

  /** The canvas as it is, as a PNG file. */
  blob() {
    return new Promise((resolve) => this.canvas.toBlob(resolve, 'image/png'));
  }

  #dot({ x, y, width }) {
    const pen = this.canvas.getContext('2d');
    pen.fillStyle = colour('--ink');
    pen.beginPath();
    pen.arc(x, y, width / 2, 0, 2 * Math.PI);
    pen.fill();
  }

  // From the middle of one step to the middle of the next, bent by the point between: a smooth
  // line that can be drawn while the hand still moves.
  #segment(stroke, at) {
    const [before, corner, next] = [stroke[Math.max(0, at - 2)], stroke[at - 1], stroke[at]];
    this.#line(middle(before, corner), corner, middle(corner, next), next.width);
  }

  #tail(stroke) {
    const last = stroke.at(-1);
    const start = middle(stroke.at(-2) ?? last, last);
    this.#line(start, last, last, last.width);
  }

  #line(from, by, to, width) {
    const pen = this.canvas.getContext('2d');
    pen.strokeStyle = colour('--ink');
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = 'round';
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.quadraticCurveTo(by.x, by.y, to.x, to.y);
    pen.stroke();
  }
}

function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
