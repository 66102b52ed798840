// The stream of receipts: one line each, newest on top, unfolding in place. What it unfolds to is in slip.js.

import { columnDecimals, picos, size } from './money.js';
import { aside, chevron, el, moneyNode } from './nodes.js';
import { allTokens, slip } from './slip.js';
import { count, momentText, secondsText } from './formats.js';
import { currentLanguage, has, say } from './words.js';

const ROWS_MAX = 100;
const COLUMNS = ['at', 'who', 'model', 'charge', 'cost', 'margin', 'tokens', 'took', 'outcome'];
const RIGHT = new Set(['tokens', 'charge', 'cost', 'margin', 'took']);

/** The list in the page, on the clock of a zone. `onFold(open)` is told how many receipts are unfolded. */
export class Stream {
  constructor(list, head, zone, onFold) {
    this.list = list;
    this.head = head;
    this.zone = zone;
    this.onFold = onFold;
    this.entries = []; // newest first: {receipt, name}
    this.decimals = 0; // of every amount in the list
  }

  get isEmpty() {
    return this.entries.length === 0;
  }

  get unfolded() {
    return this.list.querySelectorAll('details[open]').length;
  }

  has(id) {
    return this.entries.some(({ receipt }) => receipt.id === id);
  }

  /** Takes in entries, oldest first, and lets the oldest lines go. */
  add(entries, { areNew }) {
    const fresh = entries.filter(({ receipt }) => !this.has(receipt.id)).reverse();
    this.entries = [...fresh, ...this.entries].slice(0, ROWS_MAX);
    const decimals = Math.max(this.decimals, ...fresh.map(({ receipt }) => decimalsOf(receipt)));
    if (decimals !== this.decimals) {
      this.decimals = decimals;
      this.rewrite();
      return;
    }
    this.list.prepend(...fresh.map((entry) => this.line(entry, areNew)));
    while (this.list.children.length > ROWS_MAX) this.list.lastElementChild.remove();
  }

  /** Writes every line again. */
  rewrite() {
    this.head.replaceChildren(...COLUMNS.map((name) => el('span', { class: RIGHT.has(name) ? `${name} n` : name }, say(name))));
    const open = new Set([...this.list.querySelectorAll('details[open]')].map((node) => node.dataset.id));
    this.list.replaceChildren(...this.entries.map((entry) => this.line(entry, false, open.has(entry.receipt.id))));
  }

  line({ receipt, name }, isNew, isOpen = false) {
    const isFailed = receipt.outcome === 'failed';
    const body = el('div', { class: 'inside' });
    const details = el('details', { 'data-id': receipt.id }, el('summary', {}, summary(receipt, name, this.decimals, this.zone)), body);
    details.addEventListener('toggle', () => {
      if (details.open && !body.hasChildNodes()) body.append(...slip(receipt));
      this.onFold(this.unfolded);
    });
    details.open = isOpen;
    return el('li', { class: [isNew ? 'new' : '', isFailed ? 'failed' : ''].join(' ').trim() || null }, details);
  }
}

function decimalsOf(receipt) {
  const amounts = [receipt.charge, receipt.cost, receipt.margin].map((text) => size(picos(text))).filter((amount) => amount > 0n);
  return columnDecimals(receipt.currency, amounts.reduce((least, amount) => (amount < least ? amount : least), amounts[0] ?? 0n));
}

function summary(receipt, name, columns, zone) {
  // A failed answer says plainly that nothing was paid for it.
  const decimals = receipt.outcome === 'failed' && picos(receipt.cost) === 0n ? 0 : columns;
  const money = (text) => moneyNode(picos(text), text, receipt.currency, currentLanguage(), decimals);
  const cell = (column, ...content) => el('span', { class: RIGHT.has(column) ? `${column} n` : column }, ...content);
  const named = (column, ...content) => cell(column, aside(`${say(column)} `), ...content, aside(', '));
  const tokens = allTokens(receipt.usage);
  const at = new Date(receipt.at);
  const who = name || receipt.customer;
  const isWatched = receipt.alarms.length > 0;
  return el(
    'span',
    { class: 'grid' },
    el('span', { class: 'who', title: who }, who, aside(', ')),
    named('charge', money(receipt.charge)),
    named('cost', money(receipt.cost)),
    named('margin', money(receipt.margin)),
    named('tokens', receipt.usage.estimated ? '≈' : '', count(tokens)),
    el(
      'span',
      { class: 'meta' },
      cell('at', el('time', { datetime: receipt.at }, momentText(at, zone)), aside(', ')),
      el('span', { class: 'model', title: receipt.model }, aside(`${say('model')} `), receipt.model, aside(', ')),
      named('took', say('seconds', { s: secondsText(receipt.total_ms) })),
      cell(isWatched ? 'outcome watch' : 'outcome', isWatched && receipt.outcome === 'answered' ? say('look') : has(receipt.outcome) ? say(receipt.outcome) : receipt.outcome),
    ),
    chevron(),
  );
}
