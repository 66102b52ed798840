// How far a simulation is that somebody asked for: asked now and then until it ends; then what it found is shown.

import { el } from './nodes.js';

const AGAIN_MS = 1000;
const section = document.getElementById('asked');

async function look() {
  try {
    const response = await fetch(section.dataset.from, { credentials: 'same-origin', headers: { accept: 'application/json' } });
    if (response.status === 401) {
      sayWayBack();
      return;
    }
    if (!response.ok) throw new TypeError(response.statusText);
    const told = await response.json();
    if (told.is_over) {
      if ('goesOn' in section.dataset && told.to) location.assign(told.to);
      else location.reload();
      return;
    }
    section.querySelector('[data-said]').textContent = told.said;
    const bar = section.querySelector('progress');
    if (told.whole) {
      bar.max = told.whole;
      bar.value = told.done;
    } else bar.removeAttribute('value');
  } catch {
    // the network is gone, or the service starts again: ask on
  }
  setTimeout(look, AGAIN_MS);
}

/** Whoever is signed out sees no more of it; signed in again, they come back to this page. */
function sayWayBack() {
  section.querySelector('progress').remove();
  section.querySelector('[data-said]').textContent = section.dataset.signedOut;
  section.querySelector('[role=status]').append(' ', el('a', { href: location.href }, section.dataset.signIn));
}

if (section && 'active' in section.dataset) setTimeout(look, AGAIN_MS);
