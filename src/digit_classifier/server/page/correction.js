// "That's wrong, it is a …": keeps a picture with its label, where the server was told a folder.

import { byId, make } from './dom.js';
import { correct, takeBack } from './server.js';

const privacy = byId('privacy').textContent;
let folder = null;
let shown = null; // the mark in question, and the picture in which it stands
let turn = Promise.resolve(); // clicks are carried out one after the other
const pictures = new WeakMap(); // for each picture, what was kept of it: box -> { digit, file }

const buttons = Array.from({ length: 10 }, (_, digit) => {
  const button = make('button', { type: 'button', ariaPressed: 'false' }, String(digit));
  button.addEventListener('click', ({ detail }) => {
    if (detail > 1) return; // the second half of a double click
    const { mark, picture } = shown;
    turn = turn.then(() => choose(digit, mark, picture));
  });
  return button;
});
byId('labels').append(...buttons);
byId('labels').addEventListener('keydown', (event) => {
  if (event.repeat && event.key === 'Enter') event.preventDefault(); // held: one choice, not many
});

/** @param corrections what the server says of its folder; null where it keeps nothing. */
export function offerCorrections(corrections) {
  folder = corrections?.folder ?? null;
  byId('labels').hidden = !folder;
  byId('privacy').textContent = folder
    ? `${privacy} What you correct is kept in the folder ${folder} on the server.`
    : privacy;
}

export function showCorrection(mark, picture) {
  shown = { mark, picture };
  byId('wrong').hidden = false;
  show(keptOf(mark, picture));
}

export function hideCorrection() {
  shown = null;
  byId('wrong').hidden = true;
}

/** The digit that was chosen before is taken back; another takes its place. */
async function choose(digit, mark, picture) {
  const before = keptOf(mark, picture);
  const isSame = before?.digit === digit;
  let after = null;
  try {
    if (isSame) await takeBack(before.file);
    else after = { digit, ...(await correct(picture, mark.box, digit, before?.file)) };
  } catch (fault) {
    if (fault.code === 'corrections_off') offerCorrections(null); // since a restart
    return tell(mark, `${isSame ? 'Not taken back.' : 'Not kept.'} ${fault.message}`);
  }
  if (!pictures.has(picture)) pictures.set(picture, new Map());
  pictures.get(picture).set(String(mark.box), after);
  if (shown?.mark !== mark) return;
  show(after);
  if (!after) tell(mark, 'Taken back.');
}

function keptOf(mark, picture) {
  return pictures.get(picture)?.get(String(mark.box)) ?? null;
}

function tell(mark, text) {
  if (shown?.mark === mark) byId('kept').textContent = text;
}

function show(kept) {
  buttons.forEach((button, digit) => (button.ariaPressed = String(kept?.digit === digit)));
  byId('kept').textContent = kept ? `Kept as ${kept.digit}: ${kept.file}` : offer();
}

function offer() {
  return folder
    ? `Keeps the picture of this mark, with your label, in the folder ${folder} on the server.`
    : 'Corrections are off: this server keeps nothing. Start it with “digits serve --corrections my-digits” to collect them for a training of your own.';
}
