// The page: one drawing or picture, the latest reading of it, and one chosen mark.

import * as answer from './answer.js';
import { hideBoxes, showBoxes } from './boxes.js';
import { hideCorrection, offerCorrections, showCorrection } from './correction.js';
import { byId } from './dom.js';
import { Drawing } from './drawing.js';
import { hideInside, offerInside, showInside, showNeuron } from './inside.js';
import { offerModels } from './models.js';
import { listenToKeys, listenToPointers } from './pen.js';
import { hidePicture, listenToPictures, showPicture } from './picture.js';
import { marksOf } from './reading.js';
import { hideSaw, showSaw } from './saw.js';
import * as server from './server.js';
import { listenToTheme } from './theme.js';

const LONG = 400; // milliseconds of waiting after which it is said
const PATIENCE = 2; // seconds after which a server that is gone is looked for again

let model = null; // null until the server has said which ones it has
let models = [];
let file = null; // the picture that is read in place of the drawing
let size = null; // its pixels; null where the browser cannot show it
let latest = null; // { reading, marks, chosen, source, took }
let asking = new AbortController(); // one for each question: only the latest may answer
let retrying = null; // the timer of the next try

const drawing = new Drawing(byId('canvas'), showTools, ask);

/** Reads what is on the stage; an answer that comes late never replaces a newer one. */
async function ask() {
  clearTimeout(retrying);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  showTools();
  if (!file && drawing.isEmpty) {
    answer.setBusy(false);
    return forget(answer.showEmpty);
  }
  answer.setBusy(true);
  const waiting = setTimeout(() => signal.aborted || answer.showWaiting(), LONG);
  try {
    const source = file ?? (await drawing.blob());
    if (signal.aborted) return;
    const start = performance.now();
    const reading = await server.read(source, model, signal);
    show({ reading, marks: marksOf(reading), chosen: 0, source, took: performance.now() - start });
  } catch (error) {
    if (!signal.aborted) forget(() => tell(error));
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) answer.setBusy(false);
  }
}

function tell(error) {
  if (!(error instanceof server.Fault)) throw error; // a mistake of this page, not of the server
  const wait = error.passing ? (error.wait ?? (error.code === 'unreachable' ? PATIENCE : null)) : null;
  answer.showFault(error, wait);
  clearTimeout(retrying);
  if (wait) retrying = setTimeout(startAgain, wait * 1000 * (1 + Math.random() / 4)); // not all at once
  byId('unshown').hidden = true; // it says that the picture is read
}

function show(result) {
  latest = result;
  const { reading, marks, chosen, took } = result;
  answer.showReading(reading, marks, chosen, took, choose);
  if (marks.length) choose(chosen);
  else forgetMark();
}

async function choose(at) {
  latest.chosen = at;
  const { marks, source } = latest;
  const mark = marks[at];
  drawBoxes();
  showSaw(mark);
  showCorrection(mark, source);
  try {
    const shown = await offerInside(models, latest.reading.model);
    const layers = shown && (await server.activations(mark.image, shown)).layers;
    if (latest?.marks[latest.chosen] === mark) layers ? showInside(layers) : hideInside();
  } catch {
    hideInside(); // the answer stands, and a server that is gone is said at the next reading
  }
}

function forget(say) {
  latest = null;
  say();
  forgetMark();
}

function forgetMark() {
  hideBoxes();
  hideSaw();
  hideInside();
  hideCorrection();
}

function drawBoxes() {
  if (!latest?.marks.length || (file && !size)) return hideBoxes();
  showBoxes(file ? size : [drawing.width, drawing.height], latest.marks, latest.chosen, Boolean(file));
}

function showTools() {
  byId('undo').disabled = !file && drawing.isEmpty;
  byId('clear').disabled = !file && drawing.isEmpty;
  byId('brush').disabled = Boolean(file);
  byId('invitation').hidden = Boolean(file) || !drawing.isEmpty;
  byId('unshown').hidden = !file || Boolean(size);
}

async function receive(picture) {
  asking.abort();
  file = picture;
  answer.setBusy(true);
  forget(answer.showPending);
  size = await showPicture(picture);
  if (file === picture) ask();
}

function clear() {
  putAway();
  drawing.clear();
}

/** A picture goes as a stroke does, and the drawing behind it comes back. */
function undo() {
  if (!file) return drawing.undo();
  putAway();
  ask();
}

function putAway() {
  file = null;
  hidePicture();
}

function repaint() {
  drawing.redraw();
  showNeuron();
  if (latest) show(latest);
}

/** After the window or the density of its pixels changed. */
function fit() {
  drawing.fit();
  drawBoxes();
}

/** What the server has to offer; what is drawn meanwhile is read by its own default. */
async function start() {
  try {
    const settings = await server.settings();
    const isKnown = settings.models.some(({ name }) => name === model); // after a restart it may be gone
    model = isKnown ? model : settings.default_model;
    byId('version').textContent = settings.version;
    models = settings.models;
    offerModels(models, model, (name) => {
      model = name;
      offerInside(models, model).catch(() => {});
      ask();
    });
    offerCorrections(settings.corrections);
    await offerInside(models, model);
    if (latest) choose(latest.chosen); // what was read before could not be looked into
    return true;
  } catch (fault) {
    forget(() => tell(fault));
    return false;
  }
}

/** Another server may answer now, with other settings. */
async function startAgain() {
  if (await start()) ask();
}

listenToPointers(drawing);
listenToKeys(drawing, byId('cursor'));
listenToPictures(receive);
listenToTheme(repaint);
byId('undo').addEventListener('click', undo);
byId('clear').addEventListener('click', clear);
byId('brush').addEventListener('input', (event) => (drawing.brush = Number(event.target.value)));
byId('again').addEventListener('click', startAgain);
addEventListener('resize', fit);
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') {
    event.preventDefault();
    undo();
  }
});
ask();
start();
