// Inside a network of dense layers: the responses of its neurons, and the weights of a chosen one.

import { byId, make } from './dom.js';
import { paintSigned } from './pixels.js';
import { percent } from './reading.js';
import * as server from './server.js';

const PIXELS = 784;

let network = null; // the name of the one that is shown
let weights = null; // Float32Array: 784 numbers for each neuron of the first layer
let responses = null; // of the first layer, for the mark that is shown
let chosen = 0;
let isChosenByHand = false; // until then, the neuron that responds most is shown
let first = [];
let second = [];

const output = Array.from({ length: 10 }, (_, digit) => column(digit));
byId('output').append(...output.map(({ item }) => item));
build([32, 32, 10]); // every neuron has its name before the first answer

/**
 * Makes ready to show the network that reads, or, where it shows no layers, one that does.
 * @returns its name; null where no network of the server shows any.
 */
export async function offerInside(models, reader) {
  const own = models.find(({ name }) => name === reader);
  const shown = own?.layers ? own : (models.find(({ name, layers }) => name === 'mlp' && layers) ?? models.find(({ layers }) => layers));
  byId('layers').hidden = !shown;
  byId('inside-title').textContent = shown ? `Inside ${shown.name}` : 'Inside the network';
  byId('inside-note').textContent = `${standsIn(reader, shown)}${shown ? described(shown.layers) : ''}`;
  if (!shown) return null;
  if (shown.name === network) return network;
  const numbers = await server.weights(shown.name);
  [network, weights, isChosenByHand] = [shown.name, numbers, false];
  build(shown.layers);
  return network;
}

function standsIn(reader, shown) {
  if (shown?.name === reader || reader === null) return '';
  const why = `${reader} is not made of dense layers alone, or was exported by an earlier version, so its inside is not shown.`;
  return shown ? `${why} Shown is ${shown.name}, which gets the same pixels. ` : why;
}

function described(layers) {
  const hidden = layers.slice(0, -1);
  return `784 pixels in, ${hidden.length === 1 ? 'one layer' : `${hidden.length} layers`} of ${hidden.join(' and ')} neurons, ${layers.at(-1)} answers out.`;
}

function build(layers) {
  const hidden = layers.slice(0, -1);
  chosen = 0;
  first = Array.from({ length: hidden[0] }, (_, at) => firstNeuron(at));
  second = Array.from({ length: hidden.at(-1) }, () => make('i', {}, make('span', { className: 'unseen' })));
  byId('first').replaceChildren(...first.map(({ label }) => label));
  byId('second').replaceChildren(...second.map((cell) => make('li', { className: 'neuron' }, cell)));
  byId('second').parentElement.hidden = hidden.length < 2;
  byId('second-title').textContent = hidden.length > 2 ? 'Last hidden layer' : 'Second layer';
  hideInside();
}

/** @param layers activations of the layers. */
export function showInside(layers) {
  const [hidden, deeper, answer] = [layers[0], layers.at(-2), layers.at(-1)].map((layer) => layer.activations);
  if (hidden.length !== first.length) return; // of a model that was replaced meanwhile
  responses = hidden;
  if (!isChosenByHand) chosen = hidden.indexOf(Math.max(...hidden));
  showFirst(hidden);
  showSecond(deeper);
  showOutput(answer);
  showNeuron();
}

export function hideInside() {
  responses = null;
  showFirst(first.map(() => 0));
  showSecond(second.map(() => 0));
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
    ? `${best} with ${percent(values[best])}. Ten probabilities that sum to 100 %, of this network alone.`
    : 'Ten probabilities that sum to 100 %, of this network alone.';
}
