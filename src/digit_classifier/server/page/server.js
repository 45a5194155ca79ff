// What the server is asked. Every failure becomes a Fault whose message a person can read.

export class Fault extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

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
  const headers = { 'Content-Type': blob.type || 'application/octet-stream' };
  return ask(`/v1/read?${query}`, { method: 'POST', headers, body: blob, signal });
}

/** Weights of the original network's first layer: Float32Array, 784 numbers for each of 32. */
export async function weights() {
  const answer = await ask('/v1/inside');
  return new Float32Array(bytesOf(answer.weights).buffer);
}

/** The activations that an image (784 bytes in base64) causes, layer by layer. */
export const activations = (image, signal) => post('/v1/inside', { image }, signal);

export async function correct(blob, box, label) {
  return post('/v1/corrections', { image: await dataUrl(blob), box, label });
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function post(path, body, signal) {
  const headers = { 'Content-Type': 'application/json' };
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body), signal });
}

async function ask(path, options) {
  checkSize(options?.body);
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Fault('The server cannot be reached. Is it still running?', 'unreachable');
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw faultOf(response, answer);
}

// Said here, because the server hangs up on what is too large without reading it.
function checkSize(body) {
  const size = body?.size ?? body?.length ?? 0;
  if (size <= bodyLimit) return;
  const [has, takes] = [size, bodyLimit].map((bytes) => (bytes / 1e6).toFixed(1));
  throw new Fault(`This picture needs ${has} MB, and the server takes ${takes} MB. Choose a smaller one.`, 'too_large');
}

function faultOf(response, answer) {
  if (response.status === 503) {
    return new Fault('The server is busy at the moment.', 'busy');
  }
  const { code = 'unknown', message = `The server answered ${response.status}.` } = answer?.error ?? {};
  return new Fault(message, code);
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
