// "That's wrong, it is a …": keeps a picture with its label, where the server was told a folder.

import { byId, make } from './dom.js';
import { correct } from './server.js';

let folder = null;
let shown = null; // the mark in question, and the picture in which it stands

const buttons = Array.from({ length: 10 }, (_, digit) => {
  const button = make('button', { type: 'button', ariaPressed: 'false' }, String(digit));
  button.addEventListener('click', () => keep(digit));
  return button;
});
byId('labels').append(...buttons);

/** @param corrections what the server says of its folder; null where it keeps nothing. */
export function offerCorrections(corrections) {
  folder = corrections?.folder ?? null;
  byId('labels').hidden = !folder;
  if (!folder) return;
  byId('privacy').textContent =
    'What you draw or show goes to this server only, is read in memory and then forgotten. ' +
    `What you correct is kept in the folder ${folder} on the server.`;
}

export function showCorrection(mark, picture) {
  shown = { mark, picture };
  byId('wrong').hidden = false;
  byId('kept').textContent = folder
    ? `Keeps the picture of this mark, with your label, in the folder ${folder} on the server.`
    : 'Corrections are off: this server keeps nothing. Start it with “digits serve --corrections my-digits” to collect them for a training of your own.';
  for (const button of buttons) button.ariaPressed = 'false';
}

export function hideCorrection() {
  shown = null;
  byId('wrong').hidden = true;
}

async function keep(digit) {
  const { mark, picture } = shown;
  try {
    const { file } = await correct(picture, mark.box, digit);
    if (shown?.mark !== mark) return;
    byId('kept').textContent = `Kept as a ${digit}: ${file}`;
    buttons[digit].ariaPressed = 'true';
  } catch (fault) {
    byId('kept').textContent = `Not kept. ${fault.message}`;
  }
}
