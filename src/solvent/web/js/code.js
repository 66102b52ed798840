// Code in an answer: a frame with its language and a button to copy it; words are told apart once a highlighter is here.

import DOMPurify from '../vendor/dompurify-3.4.18/purify.es.mjs';
import { copied } from './clipboard.js';
import { el, pageLanguage } from './nodes.js';

const HIGHLIGHT_CHARACTERS_MAX = 50_000;
const SPANS = { ALLOWED_TAGS: ['span'], ALLOWED_ATTR: ['class'], ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, RETURN_DOM_FRAGMENT: true };
const WORDS = { ko: { copy: '복사', copied: '복사했습니다', code: '코드' }, en: { copy: 'Copy', copied: 'Copied', code: 'Code' } };

let highlighter = null;
const loadHighlighter = () => (highlighter ??= import('../vendor/highlight-11.12.0/highlight.min.js').then((module) => module.default));

/** Frames the code blocks among these nodes. `isPlain` leaves the words alone, for a block that is still being written. */
export async function dressCode(nodes, { isPlain = false } = {}) {
  const found = nodes.flatMap((node) => (node.nodeType === Node.ELEMENT_NODE ? [...node.querySelectorAll('code[data-language]')] : []));
  const blocks = found.filter((code) => code.parentElement.matches('pre'));
  for (const code of blocks) frame(code, nodes);
  if (!isPlain) await Promise.all(blocks.map(highlight));
}

function frame(code, nodes) {
  const words = WORDS[pageLanguage()];
  const pre = code.parentElement;
  const button = el('button', { class: 'btn small', type: 'button' }, words.copy);
  button.addEventListener('click', async () => {
    if (!(await copied(code.textContent, code))) return;
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 2000);
  });
  const language = code.dataset.language;
  const figure = el('figure', { class: 'code' }, el('figcaption', {}, el('span', {}, language), button));
  pre.replaceWith(figure);
  figure.append(pre);
  for (const [name, value] of [['tabindex', '0'], ['role', 'region'], ['aria-label', `${words.code} ${language}`.trim()]]) pre.setAttribute(name, value);
  if (nodes.includes(pre)) nodes[nodes.indexOf(pre)] = figure;
}

async function highlight(code) {
  const language = code.dataset.language;
  const text = code.textContent;
  if (!language || text.length > HIGHLIGHT_CHARACTERS_MAX) return;
  const known = await loadHighlighter();
  if (!known.getLanguage(language)) return;
  code.replaceChildren(DOMPurify.sanitize(known.highlight(text, { language, ignoreIllegals: true }).value, SPANS));
}
