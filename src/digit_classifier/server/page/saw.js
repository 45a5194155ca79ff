// What the network saw of one mark, and its ten probabilities.

import { byId, make } from './dom.js';
import { blank, paintDigit } from './pixels.js';
import { percent } from './reading.js';

const rows = Array.from({ length: 10 }, (_, digit) => {
  const bar = make('span', { className: 'bar' });
  const number = make('td', {}, '–');
  const row = make('tr', {}, make('th', { scope: 'row' }, String(digit)), make('td', {}, bar), number);
  return { row, bar, number };
});
byId('bars').tBodies[0].append(...rows.map(({ row }) => row));

export function showSaw(mark) {
  paintDigit(byId('seen'), mark.pixels);
  byId('seen').ariaLabel = `The 28 by 28 pixels of ${mark.isDoubt ? 'a mark that was not read' : `the ${mark.digit}`}`;
  showBars(mark.probabilities);
  byId('saw-note').textContent = mark.isDoubt
    ? `The network is not sure of this mark (${mark.reason}).`
    : 'Ten probabilities that sum to 100 %. In a picture that was searched they are of this network and of the finder together. If the best is too low, the answer is ?.';
}

export function hideSaw() {
  blank(byId('seen'));
  byId('seen').ariaLabel = 'Nothing yet';
  showBars(null);
  byId('saw-note').textContent = '';
}

function showBars(probabilities) {
  rows.forEach(({ row, bar, number }, digit) => {
    const share = probabilities?.[digit] ?? 0;
    row.classList.toggle('best', share > 0 && share === Math.max(...probabilities));
    bar.style.setProperty('--share', share);
    number.textContent = probabilities ? percent(share) : '–';
  });
}
