// Light or dark: what the device says, unless the button said otherwise.

import { byId } from './dom.js';

const device = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;

/** @param changed called when pictures must be painted in other colours. */
export function listenToTheme(changed) {
  byId('theme').addEventListener('click', () => {
    const isDark = (root.dataset.theme ?? (device.matches ? 'dark' : 'light')) === 'dark';
    root.dataset.theme = isDark ? 'light' : 'dark';
    remember(root.dataset.theme);
    changed();
  });
  device.addEventListener('change', changed);
  const kept = remembered();
  if (!kept) return;
  root.dataset.theme = kept;
  changed();
}

// A browser that keeps nothing for sites throws here; the page then follows the device.
function remember(theme) {
  try {
    localStorage.setItem('theme', theme);
  } catch {}
}

function remembered() {
  try {
    return localStorage.getItem('theme');
  } catch {
    return null;
  }
}
