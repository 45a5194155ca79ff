// What the server is asked. Every failure becomes a Fault whose message a person can read.

export class Fault extends Error {
  /**
   * @param passing whether asking again may help.
   * @param wait seconds after which the server asked to be asked again; null where it said nothing.
   */
  constructor(message, code, passing = false, wait = null) {
    super(sentence(message));
    Object.assign(this, { code, passing, wait });
  }
}

// Where the server's own sentence is for whoever sends the request, not for whoever shows a file.
const WORDS = {
  bad_picture: 'This file is no picture that can be read here, or it is damaged. PNG, JPEG, WebP, GIF, BMP and TIFF can be read.',
  unsupported_type: 'This server does not read this kind of picture. Save it as JPEG or PNG.',
  busy: 'The server is busy at the moment.',
  failed: 'The server failed at this. It may work at a second try.',
};

const FORM = 1000; // bytes, at most, that a form needs beside its file
let bodyLimit = Infinity; // bytes; until the server has said what it takes

export async function settings() {
  const answer = await ask('/v1/settings');
  bodyLimit = answer.limits.body_bytes;
  return answer;
}

/** Reads a picture: a Blob, sent byte for byte as it is. */
export function read(blob, model, signal) {
  const query = new URLSearchParams({ details: 'true' });
  if (model) query.set('model', model);
  // what the browser does not take for a picture may be one: the server looks at a form's bytes only
  const body = blob.type.startsWith('image/') ? blob : form({ file: blob });
  return ask(`/v1/read?${query}`, { method: 'POST', body, signal });
}

/** Weights of a network's first layer: Float32Array, 784 numbers for each neuron. */
export async function weights(model) {
  const answer = await ask(`/v1/inside?${new URLSearchParams({ model })}`);
  return new Float32Array(bytesOf(answer.weights).buffer);
}

/** The activations that an image (784 bytes in base64) causes in a network, layer by layer. */
export const activations = (image, model) => post(`/v1/inside?${new URLSearchParams({ model })}`, { image });

/** Keeps what is in a box of a picture. @param replaces the file that this one takes the place of, if any. */
export function correct(blob, box, label, replaces) {
  const body = form({ file: blob, box: box.join(), label, ...(replaces && { replaces }) });
  return ask('/v1/corrections', { method: 'POST', body });
}

export function takeBack(file) {
  return ask(`/v1/corrections?${new URLSearchParams({ file })}`, { method: 'DELETE' });
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

// Files go without the names that they have here.
function form(fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    body.append(name, value, ...(value instanceof Blob ? ['picture'] : []));
  }
  return body;
}

function post(path, body) {
  const headers = { 'Content-Type': 'application/json' };
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function ask(path, options) {
  checkSize(options?.body);
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Fault('The server cannot be reached. Is it still running?', 'unreachable', true);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw faultOf(response, answer);
}

// Said here, because the server hangs up on what is too large without reading it.
function checkSize(body) {
  const size = body instanceof FormData ? body.get('file').size + FORM : (body?.size ?? body?.length ?? 0);
  if (size <= bodyLimit) return;
  const [has, takes] = [size, bodyLimit].map((bytes) => (bytes / 1e6).toFixed(1));
  throw new Fault(`This picture needs ${has} MB, and the server takes ${takes} MB. Choose a smaller one.`, 'too_large');
}

function faultOf({ status, headers }, answer) {
  const { code = 'unknown', message } = answer?.error ?? {};
  if (status === 503 && code !== 'reader_died') return new Fault(WORDS.busy, 'busy', true, Number(headers.get('Retry-After')) || 1);
  const words = WORDS[code] ?? (code === 'internal' ? null : message);
  return new Fault(words ?? (status < 500 ? `The server answered ${status}` : WORDS.failed), code, status >= 500);
}

function sentence(text) {
  return text[0].toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? '' : '.');
}
