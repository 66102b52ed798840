// The words of the page, in its language: <script type="application/json" id="words">{name: text}</script>.

import { pageLanguage } from './nodes.js';

const WORDS = JSON.parse(document.getElementById('words').textContent);

export const currentLanguage = pageLanguage;

/** Whether there is such a word. */
export const has = (name) => name in WORDS;

/** A sentence in pieces: its {names} are the members, which may be nodes. One of `n` things has words of its own. */
export function told(name, members = {}) {
  const key = name in WORDS ? name : members.n === '1' && `${name}.one` in WORDS ? `${name}.one` : `${name}.other`;
  return WORDS[key].split(/\{(\w+)\}/).map((piece, index) => (index % 2 ? members[piece] : piece)).filter((piece) => piece !== '');
}

/** The same as one text. */
export const say = (name, members) => told(name, members).join('');
