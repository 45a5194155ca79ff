// The choice of the network that reads, with what each was measured to do.

import { byId, make } from './dom.js';

/** @param chosen called with the name of a model when a person picks it. */
export function offerModels({ models, default_model: standard }, chosen) {
  const known = [...models].sort((a, b) => (a.accuracy ?? 0) - (b.accuracy ?? 0));
  const choices = known.map((model) => choice(model, model.name === standard, chosen));
  byId('models').replaceChildren(byId('models').firstElementChild, ...choices);
}

function choice(model, isChosen, chosen) {
  const input = make('input', { type: 'radio', name: 'model', value: model.name, checked: isChosen });
  input.addEventListener('change', () => chosen(model.name));
  const words = make('span', {}, make('b', {}, model.name), ...figures(model));
  return make('label', { className: 'choice', title: model.summary }, input, words);
}

function* figures({ accuracy, parameters, dataset, measured_on: tests }) {
  if (accuracy) yield make('span', { className: 'figure' }, `${(accuracy * 100).toFixed(2)} %`);
  if (accuracy && tests) yield make('span', {}, `of ${dataset ?? ''} ${tests}`);
  if (parameters) yield make('span', {}, `${parameters.toLocaleString('en')} weights`);
}
