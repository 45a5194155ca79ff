// Inside the original network: the responses of its neurons, and the weights of a chosen one.

import { byId, make } from './dom.js';
import { paintSigned } from './pixels.js';
import { percent } from './reading.js';

const NEURONS = 32;
const PIXELS = 784;

let weights = null; // Float32Array: 784 numbers for each neuron of the first layer
let responses = null; // of the first layer, for the mark that is shown
let chosen = 0;
let isChosenByHand = false; // until then, the neuron that responds most is shown

const first = Array.from({ length: NEURONS }, (_, at) => firstNeuron(at));
const second = Array.from({ length: NEURONS }, () => make('i', {}, make('span', { className: 'unseen' })));
const output = Array.from({ length: 10 }, (_, digit) => column(digit));
byId('first').append(...first.map(({ label }) => label));
byId('second').append(...second.map((cell) => make('li', { className: 'neuron' }, cell)));
byId('output').append(...output.map(({ item }) => item));
hideInside(); // every neuron has its name before the first answer

export function setWeights(numbers) {
  weights = numbers;
  showNeuron();
}

/** @param layers activations of the three layers. */
export function showInside(layers) {
  const [hidden, deeper, answer] = layers.map((layer) => layer.activations);
  responses = hidden;
  if (!isChosenByHand) chosen = hidden.indexOf(Math.max(...hidden));
  showFirst(hidden);
  showSecond(deeper);
  showOutput(answer);
  showNeuron();
}

export function hideInside() {
  responses = null;
  showFirst(new Array(NEURONS).fill(0));
  showSecond(new Array(NEURONS).fill(0));
  showOutput(null);
  showNeuron();
}

/** Paints the weights of the chosen neuron; also after a change of theme. */
export function showNeuron() {
  first[chosen].input.checked = true;
  if (!weights) return;
  const own = weights.subarray(chosen * PIXELS, (chosen + 1) * PIXELS);
  const limit = commonMost(own);
  const [low, high] = [`−${limit.toFixed(2)}`, limit.toFixed(2)];
  paintSigned(byId('weights'), own, limit);
  paintSigned(byId('legend'), Array.from({ length: 101 }, (_, at) => at - 50), 50);
  byId('neuron-title').textContent = `What neuron ${chosen + 1} looks for`;
  byId('weights').ariaLabel = `Weights of neuron ${chosen + 1} as a picture, from ${low} to ${high}`;
  byId('response').textContent = responses ? responses[chosen].toFixed(1) : '–';
  [byId('lowest').textContent, byId('highest').textContent] = [`≤ ${low}`, `≥ ${high}`];
}

// The size that all but the largest weights stay below. Those lie at the edge, where hardly any
// digit has ink and training left them as they fell; scaled to them the rest would be pale.
function commonMost(numbers) {
  return numbers.map(Math.abs).sort()[Math.floor(numbers.length * 0.97)];
}

function firstNeuron(at) {
  const input = make('input', { type: 'radio', name: 'neuron' });
  input.addEventListener('change', () => {
    [chosen, isChosenByHand] = [at, true];
    showNeuron();
  });
  const cell = make('i');
  return { input, cell, label: make('label', { className: 'neuron' }, input, cell) };
}

function column(digit) {
  const bar = make('span', { className: 'column', ariaHidden: 'true' });
  const number = make('span', { className: 'unseen' });
  return { bar, number, item: make('li', {}, bar, String(digit), number) };
}

function showFirst(values) {
  const most = Math.max(...values, 1e-6);
  first.forEach(({ input, cell }, at) => {
    cell.style.setProperty('--level', values[at] / most);
    input.ariaLabel = `Neuron ${at + 1}, response ${values[at].toFixed(2)}`;
  });
}

function showSecond(values) {
  const most = Math.max(...values, 1e-6);
  second.forEach((cell, at) => {
    cell.style.setProperty('--level', values[at] / most);
    cell.firstChild.textContent = `Neuron ${at + 1}: ${values[at].toFixed(2)}`;
  });
}

function showOutput(values) {
  output.forEach(({ item, bar, number }, digit) => {
    const share = values?.[digit] ?? 0;
    item.classList.toggle('best', share > 0 && share === Math.max(...values));
    bar.style.setProperty('--share', share);
    number.textContent = values ? `: ${percent(share)}` : '';
  });
  const best = values ? values.indexOf(Math.max(...values)) : null;
  byId('output-note').textContent = values
    ? `${best} with ${percent(values[best])}. Ten probabilities that sum to 100 %.`
    : 'Ten probabilities that sum to 100 %.';
}
