// One turn as nodes: the question with its branches, the answer, and what stands under it.

import { picos, moneyText } from './money.js';
import { el, icon, pageLanguage } from './nodes.js';
import { count } from './formats.js';
import { tell } from './page.js';
import { writeMarkdown } from './prose.js';
import { pendingNode, receiptNode } from './receipt.js';

const LONG = 1_500; // characters of a question
const LONG_LINES = 16;
let words = {};

/** The words that the page brought along. */
export function learn(texts) {
  words = texts;
}

/** One of them, with its {members} put in. */
export const say = (key, members = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_all, name) => members[name] ?? '');

/** Says what went wrong; whoever is signed out is shown the way back to here. */
export function tellWrong(wrong, name = '') {
  const next = encodeURIComponent(location.pathname);
  const link = wrong.status === 401 ? { href: `/sign-in?next=${next}`, words: say('sign_in') } : null;
  tell(`${name ? `${name}: ` : ''}${wrong.status ? wrong.message : say('offline')}`, link);
}

export const button = (act, picture, members = {}) =>
  el('button', { class: 'btn icon small', type: 'button', 'data-do': act, 'aria-label': say(act, members), title: say(act, members) }, icon(picture));

/** What is left to be answered from, in words. */
export function leftText({ unit, left }, currency) {
  if (unit === 'money' || unit === 'worth') return say(`left_${unit}`, { money: moneyText(picos(left), currency, pageLanguage()) });
  return say(`left_${unit}`, { n: count(left) });
}

/** A whole turn. number: from 1 on. isMine: else it is only read. */
export function turnNode(turn, number, { isMine = true } = {}) {
  const prose = el('div', { class: 'prose' });
  const answer = el('section', { class: 'answer' }, el('h2', { class: 'vh' }, say('answer', { n: number })), prose);
  const node = el('article', { class: 'turn', 'data-turn': turn.id }, question(turn, isMine), leftOut(turn), answer);
  if (isMine) node.append(el('div', { class: 'under' }));
  if (turn.answer) writeMarkdown(prose, turn.answer);
  if (isMine) finish(node, turn);
  return node;
}

function question(turn, isMine) {
  const at = turn.pictures_at ?? `/chat/turns/${turn.id}/pictures`;
  const pictures = Array.from({ length: turn.pictures }, (_none, n) => el('img', { src: `${at}/${n}`, alt: say('picture', { n: n + 1 }), loading: 'lazy' }));
  const files = (turn.documents ?? []).map((one, n) => fileChip(one, isMine && turn.id ? `/chat/turns/${turn.id}/documents/${n}` : null));
  const words = turn.question ? el('p', {}, turn.question) : null;
  const unfold = words && isLong(turn.question) ? folded(words) : null;
  const acts = isMine && turn.id ? el('div', { class: 'acts' }, ways(turn), button('edit', 'pencil')) : null;
  return el('div', { class: 'asked' }, pictures.length ? el('div', { class: 'pictures' }, ...pictures) : null, files.length ? el('ul', { class: 'attached', role: 'list' }, ...files) : null, words, unfold, acts);
}

const isLong = (text) => text.length > LONG || text.split('\n', LONG_LINES + 1).length > LONG_LINES;

/** Shows the beginning of a long question alone; the button that shows all of it. */
function folded(words) {
  const more = el('button', { class: 'btn line small', type: 'button', 'aria-expanded': 'false' }, say('unfold'));
  words.classList.add('folded');
  more.addEventListener('click', () => {
    const isOpen = !words.classList.toggle('folded');
    more.setAttribute('aria-expanded', String(isOpen));
    more.textContent = say(isOpen ? 'fold' : 'unfold');
  });
  return more;
}

/** A file that came with a question; at: where its text is. */
function fileChip(file, at) {
  const inside = [icon('file-text', 'small'), el('span', {}, file.name), el('small', { class: 'num' }, aboutFile(file))];
  const name = at ? el('a', { href: at, target: '_blank', rel: 'noopener', title: say('open_file', { name: file.name }) }, ...inside) : null;
  return el('li', { title: file.name }, ...(name ? [name] : inside));
}

/** Its pages, how many of them are read, and its size. */
export function aboutFile({ pages, pages_read: read, is_cut: isCut, size }) {
  const told = pages ? say(isCut ? 'pages_of' : pages === 1 ? 'page' : 'pages', { n: count(isCut ? read : pages), all: count(pages) }) : isCut ? say('beginning') : '';
  const large = size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
  return [told, large].filter(Boolean).join(' · ');
}

/** ‹ 2/3 › where a question was asked more than once. */
function ways(turn) {
  const all = turn.ways?.length ?? 1;
  if (all < 2) return null;
  const at = turn.ways.indexOf(turn.id);
  const step = (act, picture, to) => {
    const node = button(act, picture);
    node.dataset.to = turn.ways[to] ?? '';
    node.disabled = !turn.ways[to];
    return node;
  };
  const told = el('span', { class: 'num', 'aria-label': say('way', { n: at + 1, all }), role: 'img' }, `${at + 1}/${all}`);
  return el('span', { class: 'ways' }, step('before', 'chevron-left', at - 1), told, step('next', 'chevron-right', at + 1));
}

const leftOut = (turn) => (turn.left_out ? el('p', { class: 'hint left-out' }, say('left_out', { n: turn.left_out })) : null);

/** Writes what stands under an answer: its receipt, or that it is still written, or what went wrong. */
export function finish(node, turn) {
  const under = node.querySelector('.under');
  node.querySelector('.trouble')?.remove();
  node.querySelector('.stopped')?.remove();
  if (turn.state === 'asked') {
    node.setAttribute('aria-busy', 'true');
    under.replaceChildren(pendingNode(null, ''));
    return;
  }
  node.removeAttribute('aria-busy');
  if (turn.fault) node.querySelector('.answer').append(trouble(turn.fault));
  if (turn.state === 'stopped') node.querySelector('.answer').append(el('p', { class: 'hint stopped' }, say(!turn.answer && turn.receipt?.lines.length ? 'stopped_unseen' : 'stopped')));
  const wasOpen = under.querySelector('details')?.open ?? false;
  const receipt = turn.receipt && { ...turn.receipt, left_text: turn.receipt.remains ? leftText(turn.receipt.remains, turn.receipt.currency) : null };
  under.replaceChildren(
    receipt ? receiptNode(receipt, { isOpen: wasOpen }) : el('p', { class: 'pending' }, turn.isAwaited ? say('receipt_comes') : '–'),
    el('div', { class: 'acts' }, turn.answer ? button('copy', 'copy') : null, button('retry', 'rotate-ccw')),
  );
}

function trouble({ said, todo }) {
  const help = todo === 'pay' ? el('a', { class: 'btn line small', href: '/plan' }, say('pay')) : el('button', { class: 'btn line small', type: 'button', 'data-do': 'retry' }, say('again'));
  return el('div', { class: 'trouble', role: 'alert' }, el('p', {}, said), help);
}
