// Boxes over the drawing or the picture, in its own pixels.

import { byId } from './dom.js';

const svg = byId('boxes');

/**
 * @param size [width, height] of what was read.
 * @param labelled whether to write each answer above its box.
 */
export function showBoxes(size, marks, chosen, labelled) {
  const pixel = size[0] / svg.clientWidth || 1; // of the picture, for a pixel of the screen
  svg.setAttribute('viewBox', `0 0 ${size[0]} ${size[1]}`);
  svg.classList.toggle('labelled', labelled);
  svg.replaceChildren(...marks.map((mark, at) => frame(mark, at === chosen, pixel)));
  if (labelled) svg.append(...marks.map((mark) => label(mark, pixel)));
}

export function hideBoxes() {
  svg.replaceChildren();
}

function frame({ box: [x, y, width, height], isDoubt }, isChosen, pixel) {
  const gap = 4 * pixel;
  return part('rect', {
    x: x - gap, y: y - gap, width: width + 2 * gap, height: height + 2 * gap, rx: 6 * pixel,
    class: `${isDoubt ? 'doubt' : ''} ${isChosen ? 'chosen' : ''}`,
  });
}

function label({ box: [x, y, width], name, isDoubt }, pixel) {
  const text = part('text', {
    x: x + width / 2, y: Math.max(15 * pixel, y - 9 * pixel), 'font-size': 14 * pixel,
    'text-anchor': 'middle', class: isDoubt ? 'doubt' : '',
  });
  text.textContent = name;
  return text;
}

function part(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
