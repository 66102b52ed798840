// Today in one sentence and a ruled row of figures, each against yesterday at this hour or the last seven days.

import { count } from './formats.js';
import { DECIMALS_MAX, decimalsFor, moneyText, percentage, picos, shown, signOf } from './money.js';
import { el, moneyNode, put } from './nodes.js';
import { currentLanguage, say, told } from './words.js';

const byId = (id) => document.getElementById(id);

/**
 * What answers were charged, the gifts in it, what plans earned, what we paid and what is left, rounded to one number of
 * decimals so that they add up in view.
 */
function sums(today) {
  const names = ['revenue', 'granted', 'earned', 'cost'];
  const amounts = Object.fromEntries(names.map((name) => [name, picos(today[name])]));
  const some = Object.values(amounts).filter((amount) => amount !== 0n);
  const wanted = some.map((amount) => decimalsFor(amount, today.currency));
  let decimals = some.length ? Math.min(Math.max(...wanted), Math.min(...wanted) + 2) : 0;
  const parts = {};
  const round = () => {
    for (const name of names) parts[name] = shown(amounts[name], decimals);
    parts.kept = parts.revenue - parts.granted + parts.earned;
    parts.margin = parts.kept - parts.cost;
  };
  round();
  // Profit never reads as break-even, nor as loss.
  while (decimals < DECIMALS_MAX && signOf(parts.margin) !== signOf(picos(today.margin))) {
    decimals += 1;
    round();
  }
  const node = (name, exact = today[name]) => moneyNode(parts[name], exact, today.currency, currentLanguage(), decimals);
  return { parts, node };
}

/** What came in: charges without gifts, and what plans earned. */
const revenueOf = (line) => picos(line.revenue) - picos(line.granted) + picos(line.earned);

/** Writes the sentence, the line under it and the figures; returns the revenue and cost that they show. before: what today is held against. */
export function writeToday(today, before) {
  const { parts, node } = sums(today);
  put(byId('say'), ...sentence(today, parts.margin, node));
  put(byId('say-sub'), ...below(today, parts, node));
  const money = (text) => moneyText(picos(text), today.currency, currentLanguage());
  const { week } = before;
  const yesterday = (what) => say('yesterday', { what });
  const failed = today.failed ? [`, ${say('failed_too', { n: count(today.failed) })}`] : [];
  const held = document.activeElement?.closest?.('#figs > div')?.id;
  put(
    byId('figs'),
    figure('answers', [count(today.answers)], [yesterday(count(before.answers)), ...failed]),
    figure('revenue', [node('kept', plainOf(revenueOf(today)))], [yesterday(money(before.revenue))]),
    figure('cost', [node('cost')], [yesterday(money(before.cost))]),
    figure('margin_rate', [rate(today)], [say('week', { what: rate(week) })]),
    figure('cost_each', each(today), [say('week', { what: week.cost_per_answer === null ? '–' : money(week.cost_per_answer) })]),
  );
  if (held) document.querySelector(`#${held} a`)?.focus({ preventScroll: true }); // figures come anew, the keyboard stays
  return { revenue: plainOf(parts.kept), cost: plainOf(parts.cost) };
}

/** Picos of money as the exact decimal text that the books would write. */
function plainOf(amount) {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(13, '0');
  const text = `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/0+$/, '').replace(/\.$/, '');
  return amount < 0n ? `-${text}` : text;
}

const rate = (line) => percentage(picos(line.margin), revenueOf(line)) ?? '–';
const each = (line) =>
  line.cost_per_answer === null ? ['–'] : [moneyNode(picos(line.cost_per_answer), line.cost_per_answer, line.currency, currentLanguage())];

function sentence(today, margin, node) {
  if (today.answers === 0 && margin === 0n) {
    return today.failed > 0 ? told('only_failed', { n: count(today.failed) }) : told('nothing_yet');
  }
  if (margin === 0n) return told('even');
  return told(margin < 0n ? 'lost_money' : 'kept', { money: node('margin') });
}

function below(today, parts, node) {
  if (today.answers === 0 && parts.cost === 0n && parts.earned === 0n) return told(today.failed > 0 ? 'sub_failed' : 'sub_none');
  const name = `sub${parts.granted ? '_gifts' : ''}${parts.earned ? '_earned' : ''}`;
  return told(name, { paid: node('revenue'), gifts: node('granted'), earned: node('earned'), cost: node('cost') });
}

// Where each figure of today comes from: its answers, or the lines and steps that sum to it.
const BEHIND = {
  answers: '/console/margins/answers?since=1d',
  revenue: '/console/margins?since=1d#h-fall',
  cost: '/console/margins?by=model&since=1d#lines',
  margin_rate: '/console/margins?since=1d',
  cost_each: '/console/margins?by=model&since=1d#lines',
};

function figure(name, value, under) {
  const behind = el('a', { href: BEHIND[name], class: 'behind' }, ...value);
  return el('div', { id: `fig-${name}` }, el('dt', {}, say(name)), el('dd', { class: 'money' }, behind), el('dd', {}, ...under));
}
