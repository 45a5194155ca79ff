// Pictures that are dropped, pasted, chosen or photographed.

import { byId } from './dom.js';

/** @param receive called with each picture, a File as it was handed over. */
export function listenToPictures(receive) {
  for (const id of ['file', 'photo']) {
    byId(id).addEventListener('change', (event) => {
      take(event.target.files);
      event.target.value = ''; // so that the same file may be chosen again
    });
  }
  document.addEventListener('paste', (event) => take(event.clipboardData.files));
  listenToDrops((event) => take(event.dataTransfer.files));

  function take(files) {
    if (files.length) receive(files[0]);
  }
}

function listenToDrops(take) {
  const stage = byId('stage');
  // Anywhere on the page: a picture that misses the stage must not replace the page.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    stage.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) stage.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    stage.classList.remove('over');
    take(event);
  });
}

/** Shows a picture in place of the canvas; its [width, height], or null if the browser cannot. */
export async function showPicture(file) {
  const image = byId('picture');
  hidePicture();
  image.src = URL.createObjectURL(file);
  byId('stage').classList.add('showing');
  try {
    await image.decode();
  } catch {
    return null; // HEIC and TIFF: the server reads what many browsers cannot show
  }
  image.hidden = false;
  return [image.naturalWidth, image.naturalHeight];
}

export function hidePicture() {
  const image = byId('picture');
  URL.revokeObjectURL(image.src);
  image.removeAttribute('src');
  image.hidden = true;
  byId('stage').classList.remove('showing');
}
