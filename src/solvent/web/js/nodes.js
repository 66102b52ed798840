// Making elements. Text always goes in as text, so whatever a name or a model says is shown, never run.

import { MINUS, pieces } from './money.js';

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes (`class`, `id`, ...; null leaves one out) and children: nodes or texts. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== ''));
  return node;
}

/** Text for those who listen only. */
export const aside = (text) => el('span', { class: 'vh' }, text);

export function chevron() {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of [['class', 'i chevron'], ['viewBox', '0 0 24 24'], ['aria-hidden', 'true']]) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', 'm6 9 6 6 6-6');
  svg.append(path);
  return svg;
}

/** An amount: <data value="exact">, with its unit lighter, and in loss colour below zero. */
export function moneyNode(amount, exact, currency, language, decimals) {
  const { sign, before, number, after } = pieces(amount, currency, language, decimals);
  const unit = (text) => (text ? el('span', { class: 'unit' }, text) : null);
  return el('data', { class: sign.startsWith(MINUS) ? 'money loss' : 'money', value: exact }, sign, unit(before), number, unit(after));
}

/** Replace what is in a node, leaving it alone when it would read the same: a quiet page stays quiet. */
export function put(node, ...children) {
  const fresh = el('div', {}, ...children);
  if (fresh.innerHTML !== node.innerHTML) node.replaceChildren(...fresh.childNodes);
}

/** A drawing's element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== ''));
  return node;
}

const SPRITE = new URL('../vendor/lucide-1.62.0/sprite.svg', import.meta.url).pathname;

/** An icon of the sprite; `kind` "small" is 14 px. What it means is said beside it. */
export const icon = (name, kind = '') =>
  svg('svg', { class: `i ${kind}`.trim(), 'aria-hidden': 'true' }, svg('use', { href: `${SPRITE}#${name}` }));

/** The language of the page: "ko" or "en". */
export const pageLanguage = () => (document.documentElement.lang === 'ko' ? 'ko' : 'en');

/** Text as HTML that reads as this text. Only for what goes through a sanitiser next. */
export const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
