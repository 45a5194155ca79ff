// The choice of the network that reads, with what each was measured to do.

import { byId, make } from './dom.js';

/**
 * @param current the name of the model that reads now.
 * @param chosen called with the name of a model when a person picks it.
 */
export function offerModels(models, current, chosen) {
  const known = [...models].sort((a, b) => (a.accuracy ?? 0) - (b.accuracy ?? 0));
  const choices = known.map((model) => choice(model, model.name === current, chosen));
  for (const old of byId('models').querySelectorAll('.choice')) old.remove();
  byId('models').append(...choices);
  byId('measured').textContent = measurements(known.filter(({ accuracy }) => accuracy));
}

/** Which images the accuracy of each was measured on. */
function measurements(models) {
  const names = new Map();
  for (const model of models) names.set(measuredOn(model), [...(names.get(measuredOn(model)) ?? []), model.name]);
  const said = [...names].map(([images, of]) => (names.size > 1 ? `of ${of.join(', ')} on ${images}` : `on ${images}`));
  return said.length ? `Accuracy ${said.join('; ')}.` : '';
}

function choice(model, isChosen, chosen) {
  const input = make('input', { type: 'radio', name: 'model', value: model.name, checked: isChosen });
  input.addEventListener('change', () => chosen(model.name));
  const words = make('span', {}, make('b', {}, model.name), ...figures(model));
  const title = model.accuracy ? `${model.summary}; accuracy on ${measuredOn(model)}` : model.summary;
  return make('label', { className: 'choice', title }, input, words);
}

function* figures({ accuracy, parameters }) {
  if (accuracy) {
    yield make('span', { className: 'figure' }, `${(accuracy * 100).toFixed(2)} %`);
    if (accuracy < 1) yield make('span', {}, `1 wrong in ${Math.round(1 / (1 - accuracy))}`);
  }
  if (parameters) yield make('span', {}, `${short(parameters)} weights`);
}

/** A count that fits on one line of a card. */
function short(count) {
  return count < 1e6 ? count.toLocaleString('en') : `${(count / 1e6).toFixed(1)} M`;
}

function measuredOn({ dataset, measured_on: images }) {
  return `${dataset ?? 'its data'}’s ${images ?? 'test images'}`;
}
