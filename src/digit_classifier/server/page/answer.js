// The answer: the number, a choice of its marks, and what was left out.

import { byId, make } from './dom.js';
import { paintDigit } from './pixels.js';
import { leftOut, percent, spoken } from './reading.js';

const WAITING = 'Reading …';
const card = document.querySelector('.answer');

/** Whether an answer is on its way. */
export function setBusy(isBusy) {
  card.ariaBusy = String(isBusy);
}

export function showEmpty() {
  show('empty', 'The answer appears here.');
  byId('live').textContent = 'Draw a digit.';
}

/** A new picture, of which nothing is known yet. */
export function showPending() {
  show('pending', WAITING);
}

/** An answer that is on its way for so long that the one before it must not pass for it. */
export function showWaiting() {
  card.classList.add('waiting');
  byId('verdict').textContent = byId('live').textContent = WAITING;
}

/** @param wait seconds after which the page tries again by itself; null where it does not. */
export function showFault(fault, wait) {
  const next = wait ? ` Trying again in ${wait} s …` : '';
  show('fault', fault.message + next);
  byId('again').hidden = !fault.passing;
  byId('live').textContent = fault.message + next;
}

/** @param took milliseconds from asking to the answer. */
export function showReading(reading, marks, chosen, took, choose) {
  const [out, by] = [leftOut(reading), `${reading.model} · ${Math.round(took)} ms`];
  show('read', marks.length ? `Read by ${by}` : `No digit found. ${by}`);
  byId('number').classList.toggle('long', reading.text.length > 8);
  byId('number').replaceChildren(...[...reading.text].map(letterOf));
  byId('marks').hidden = marks.length === 0;
  byId('marks').classList.toggle('many', marks.length > 12);
  byId('marks').append(...marks.map((mark, at) => choiceOf(mark, at, chosen, choose)));
  showLeftOut(out.map((mark) => mark.reason), reading.notes ?? []);
  byId('live').textContent = marks.length ? spoken(marks, reading.model) : 'No digit found.';
}

function show(state, verdict) {
  card.className = `card answer ${state}`;
  byId('number').replaceChildren();
  byId('verdict').textContent = verdict;
  byId('again').hidden = true;
  byId('marks').hidden = true;
  byId('marks').replaceChildren(byId('marks').firstElementChild);
  byId('left-out').hidden = true;
}

function letterOf(letter) {
  return letter === '?' ? make('span', { className: 'doubt' }, letter) : letter;
}

function choiceOf(mark, at, chosen, choose) {
  const input = make('input', { type: 'radio', name: 'mark', checked: at === chosen });
  input.addEventListener('change', () => choose(at));
  const seen = make('canvas', { width: 28, height: 28, ariaHidden: 'true' });
  paintDigit(seen, mark.pixels);
  const sure = mark.isDoubt ? mark.reason : percent(mark.confidence);
  const words = make('span', { className: 'words' }, make('b', {}, mark.name), ' ', make('small', {}, sure));
  const text = make('span', {}, seen, words);
  return make('label', { className: mark.isDoubt ? 'choice doubt' : 'choice' }, input, text);
}

/** Each reason once, with how often it was given; then what else there is to say. */
function showLeftOut(reasons, notes) {
  const counts = new Map();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const said = [...counts].map(([reason, count]) =>
    count > 1 ? `Left out, ${count} times: ${reason}` : `Left out: ${reason}`);
  const lines = [...said, ...notes.map((note) => note[0].toUpperCase() + note.slice(1))];
  byId('left-out').replaceChildren(...lines.map((line) => make('li', {}, line)));
  byId('left-out').hidden = lines.length === 0;
}
