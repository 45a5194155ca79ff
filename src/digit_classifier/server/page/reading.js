// What a reading of the server means, mark by mark. No page here, only data.

import { bytesOf } from './server.js';

/**
 * The marks of a reading's text in its order: digits, and what is `?` there.
 * The server lists what it is not sure of after everything that it left out of the text.
 */
export function marksOf(reading) {
  const digits = reading.digits.map(digitMark);
  const doubts = refused(reading).map(doubtMark);
  const written = [...reading.text].filter((letter) => letter.trim());
  return written.map((letter) => (letter === '?' ? doubts.shift() : digits.shift()));
}

/** Ink that is not in the text at all, such as a blot or a ruled line. */
export function leftOut(reading) {
  return reading.rejected.slice(0, reading.rejected.length - doubtCount(reading));
}

/** "99.8 %"; never a rounded-up certainty. */
export function percent(share) {
  if (share >= 0.9995) return '>99.9 %';
  if (share > 0 && share < 0.0005) return '<0.1 %';
  return `${(share * 100).toFixed(1)} %`;
}

/** The answer as a sentence, for those who hear it. */
export function spoken(marks, model) {
  const said = marks.map((mark) =>
    mark.isDoubt ? 'a mark that it is not sure of' : `${mark.digit}, ${percent(mark.confidence)}`);
  return `${model} read ${said.join('; ')}.`;
}

function refused(reading) {
  return reading.rejected.slice(reading.rejected.length - doubtCount(reading));
}

function doubtCount(reading) {
  return [...reading.text].filter((letter) => letter === '?').length;
}

function digitMark({ digit, confidence, probabilities, box, image }) {
  return { isDoubt: false, name: String(digit), digit, confidence, probabilities, box, image, pixels: bytesOf(image) };
}

function doubtMark({ box, reason, probabilities, image }) {
  return { isDoubt: true, name: '?', reason, probabilities, box, image, pixels: bytesOf(image) };
}
