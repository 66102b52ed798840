// The customer's receipt: one calm line that unfolds to a ledger. It knows the charge alone; what it costs us is not in it.

import { count, dayText, secondsText, wattHoursText } from './formats.js';
import { exactDecimals, moneyText, picos } from './money.js';
import { el, icon, moneyNode, pageLanguage, svg } from './nodes.js';

const DOTS_MAX = 300;
const DOTS_A_ROW = 30;
const DOT = 6;

const ko = {
  worth: '이 답변의 값',
  left: (n) => `${n}개 남음`,
  seconds: (s) => `${s}초`,
  failed: '답변이 나오지 않아 받지 않았습니다',
  writing: (money) => (money ? `쓰는 중, 지금까지 ${money}` : '쓰는 중'),
  caption: '항목별 영수증', item: '항목', quantity: '수량', rate: '단가', amount: '금액',
  per: (n, money) => (n === 1 ? `1개당 ${money}` : `${n === 1000 ? '1천' : count(n)} 개당 ${money}`),
  net: '부가세를 뺀 값', tax: (percent) => `그중 부가세 ${percent}%`, due: '요금제에 포함, 더 낼 돈', due_free: '무료, 더 낼 돈', due_wallet: '지갑에서 낸 돈', due_account: '나중에 청구되는 돈', due_both: '지갑과 나중 청구로 내는 돈', due_gift: '선물로 받은 돈에서 빠져, 더 낼 돈',
  nth: (n, all, period) => `이번 ${period === 'year' ? '해' : '달'} ${all}개 중 ${n}번째 답변`,
  plan: (name, price, day, all) => `${name} 요금제, ${price}. ${day}에 다시 ${all}개가 됩니다.`,
  mode: '방식', model: '모델', why: '고른 이유', time: '시간', energy: '전기', id: '번호', counted: '수량', guessed: '제공사가 알려 주지 않아 어림했습니다',
  took: (all, first) => (first === null ? `${all}초` : `${all}초, 첫 글자까지 ${first}초`),
  estimated: '추정',
};
const en = {
  worth: 'This answer',
  left: (n) => `${n} left`,
  seconds: (s) => `${s} s`,
  failed: 'There was no answer, so nothing was charged',
  writing: (money) => (money ? `Writing, ${money} so far` : 'Writing'),
  caption: 'Itemised receipt', item: 'Item', quantity: 'Quantity', rate: 'Rate', amount: 'Amount',
  per: (n, money) => (n === 1 ? `${money} each` : `${money} per ${n === 1000 ? '1K' : count(n)}`),
  net: 'Without VAT', tax: (percent) => `VAT ${percent}% in it`, due: 'Covered by your plan, to pay', due_free: 'Free, to pay', due_wallet: 'Paid from your wallet', due_account: 'To be invoiced', due_both: 'From your wallet, and to be invoiced', due_gift: 'Covered by a gift, to pay',
  nth: (n, all, period) => `${n} of ${all} answers this ${period === 'year' ? 'year' : 'month'}`,
  plan: (name, price, day, all) => `${name} plan, ${price}. Back to ${all} on ${day}.`,
  mode: 'Mode', model: 'Model', why: 'Chosen because', time: 'Time', energy: 'Energy', id: 'Number', counted: 'Quantity', guessed: 'Estimated, as the provider did not say',
  took: (all, first) => (first === null ? `${all} s` : `${all} s, first word after ${first} s`),
  estimated: 'estimated',
};
const words = () => ({ ko, en })[pageLanguage()];

/** What stands where the receipt will while an answer is written. soFar: a decimal text, or null where it is not known. */
export function pendingNode(soFar, currency) {
  const money = soFar === null ? null : moneyText(picos(soFar), currency, pageLanguage());
  return el('p', { class: 'pending' }, icon('pen-line', 'small'), el('span', {}, words().writing(money)));
}

/** A receipt's line, with its slip below it. */
export function receiptNode(receipt, { isOpen = false } = {}) {
  const node = el('details', { class: 'receipt' }, el('summary', {}, factsLine(receipt), icon('chevron-down', 'small')), slip(receipt));
  node.open = isOpen;
  return node;
}

/** Cost, what remains, mode and why, time, energy. A phone shows the first three. */
function factsLine(receipt) {
  const say = words();
  const fact = (content, kind = null) => el('span', { class: kind }, ...[content].flat());
  const mode = [receipt.mode, receipt.reason].filter(Boolean).join(', ');
  return el(
    'span',
    { class: 'facts-line' },
    fact([el('span', { class: 'vh' }, `${say.worth} `), el('b', {}, moneyNode(picos(receipt.charge), receipt.charge, receipt.currency, pageLanguage()))]),
    receipt.left_text ? fact(receipt.left_text) : receipt.left === null || receipt.left === undefined ? null : fact(say.left(count(receipt.left))),
    mode ? fact(mode) : null,
    fact(say.seconds(secondsText(receipt.total_ms)), 'opt'),
    receipt.energy_watt_hours ? fact(`${wattHoursText(receipt.energy_watt_hours)} Wh`, 'opt') : null,
  );
}

function slip(receipt) {
  const say = words();
  const links = (receipt.links ?? []).map(({ href, text }) => el('a', { href }, text));
  return el(
    'div',
    { class: 'slip' },
    receipt.outcome === 'failed' ? el('p', {}, say.failed) : null,
    ledger(receipt),
    receipt.plan ? quota(receipt) : null,
    facts(receipt),
    links.length ? el('p', { class: 'foot' }, ...links) : null,
  );
}

function ledger(receipt) {
  const say = words();
  const language = pageLanguage();
  const decimals = exactDecimals([receipt.charge, receipt.net ?? '0', receipt.tax ?? '0', ...receipt.lines.map(({ amount }) => amount)]);
  const money = (text) => moneyNode(picos(text), text, receipt.currency, language, decimals);
  const rate = (line) => line.rate === null ? '' : say.per(line.per, moneyText(picos(line.rate), receipt.currency, language, exactDecimals([line.rate])));
  const row = (line) =>
    el('tr', {}, el('th', { scope: 'row' }, line.name, el('small', {}, rate(line))), el('td', { class: 'n' }, line.quantity === null ? '' : count(line.quantity)), el('td', { class: 'n rate' }, rate(line)), el('td', { class: 'n' }, money(line.amount)));
  const sum = (title, text, kind = null) =>
    el('tr', { class: kind }, el('th', { scope: 'row' }, title), el('td'), el('td', { class: 'rate' }), el('td', { class: 'n' }, el('span', {}, money(text))));
  const head = [['item', ''], ['quantity', 'n'], ['rate', 'n rate'], ['amount', 'n']].map(([name, kind]) => el('th', { class: kind || null, scope: 'col' }, say[name]));
  return el(
    'table',
    {},
    el('caption', { class: 'vh' }, say.caption),
    el('thead', {}, el('tr', {}, ...head)),
    el('tbody', {}, ...receipt.lines.map(row)),
    el(
      'tfoot',
      {},
      sum(say.worth, receipt.charge, 'total'),
      receipt.due ? sum(dueText(receipt), receipt.due) : null,
      ...(receipt.tax ? [sum(say.tax(receipt.tax_percent), receipt.tax), sum(say.net, receipt.net)] : []),
    ),
  );
}

/** Who pays: what is due comes from the wallet, or is used on account; what is not was a gift, in the plan, or free. */
function dueText({ charge, due, is_gift: isGift, paid_by: paidBy = [] }) {
  const say = words();
  if (picos(due) === 0n) return isGift ? say.due_gift : picos(charge) === 0n && !paidBy.includes('allowance') ? say.due_free : say.due;
  if (!paidBy.includes('overage')) return say.due_wallet;
  return paidBy.includes('wallet') ? say.due_both : say.due_account;
}

/** The plan's answers as dots, this one marked. */
function quota({ plan, currency }) {
  const say = words();
  const language = pageLanguage();
  const per = Math.max(1, Math.ceil(plan.included / DOTS_MAX));
  const all = Math.ceil(plan.included / per);
  const here = Math.ceil(plan.nth / per) - 1;
  const kind = (index) => (index < here ? 'used' : index === here ? 'this' : 'left');
  const dots = Array.from({ length: all }, (_none, index) =>
    svg('rect', { x: (index % DOTS_A_ROW) * DOT, y: Math.floor(index / DOTS_A_ROW) * DOT, width: 4, height: 4, rx: 1, class: kind(index) }));
  const [width, height] = [Math.min(all, DOTS_A_ROW) * DOT - 2, Math.ceil(all / DOTS_A_ROW) * DOT - 2];
  const price = moneyText(picos(plan.price), currency, language);
  return el(
    'div',
    { class: 'quota' },
    svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' }, ...dots),
    el('b', {}, say.nth(count(plan.nth), count(plan.included), plan.period)),
    el('p', {}, say.plan(plan.name, price, dayText(new Date(plan.resets_at), language, plan.zone), count(plan.included))),
  );
}

function facts(receipt) {
  const say = words();
  const list = el('dl', { class: 'why' });
  const fact = (name, ...content) => list.append(el('dt', {}, say[name]), el('dd', {}, ...content));
  if (receipt.mode) fact('mode', receipt.mode);
  if (receipt.model) fact('model', receipt.model);
  if (receipt.why) fact('why', receipt.why);
  if (receipt.is_estimated) fact('counted', say.guessed);
  const first = receipt.first_token_ms ?? null;
  fact('time', say.took(secondsText(receipt.total_ms), first === null ? null : secondsText(first)));
  if (receipt.energy_watt_hours) {
    fact('energy', `${wattHoursText(receipt.energy_watt_hours)} Wh`, receipt.energy_estimated ? el('span', { class: 'quiet' }, ` ${say.estimated}`) : null);
  }
  fact('id', receipt.id);
  return list;
}
