// What one receipt unfolds to: token buckets and what else was used, both books to the last grain, and the facts beside them.

import { exactDecimals, moneyText, picos, rateText } from './money.js';
import { el, moneyNode } from './nodes.js';
import { count, secondsText, wattHoursText } from './formats.js';
import { currentLanguage, has, say } from './words.js';

const BUCKETS = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'image_input_tokens',
  'audio_input_tokens',
  'reasoning_tokens',
  'output_tokens',
  'image_output_tokens',
  'audio_output_tokens',
];
const BESIDE = ['searches', 'pictures_made', 'characters', 'audio_input_seconds', 'video_seconds'];
const ALWAYS = new Set(['input_tokens', 'output_tokens']);
const ASKED_FOR = 'asked';

/** All tokens of an answer: the buckets are disjoint. */
export const allTokens = (usage) => BUCKETS.reduce((sum, name) => sum + usage[name], 0);

export function slip(receipt) {
  return [table(receipt), facts(receipt)];
}

function table(receipt) {
  const { usage } = receipt;
  const all = allTokens(usage);
  const used = BUCKETS.filter((name) => usage[name] > 0 || (all > 0 && ALWAYS.has(name)));
  const row = (title, value, kind = null, below = '') =>
    el('tr', { class: kind }, el('th', { scope: 'row' }, title, below === '' ? null : el('small', {}, ...[below].flat())), value);
  const cell = (...content) => el('td', {}, ...content);
  const estimated = usage.estimated ? ` (${say('estimated')})` : '';

  const exact = [receipt.charge, receipt.cost, receipt.margin];
  const decimals = exactDecimals(exact);
  const money = (text, sign = 1n) => moneyNode(sign * picos(text), text, receipt.currency, currentLanguage(), decimals);
  const card = (version) => (version ? say('card', { version }) : say('no_card'));
  const cost = [card(receipt.cost_card)];
  if (receipt.provider_currency !== receipt.currency && receipt.provider_cost !== null && picos(receipt.provider_cost) !== 0n) {
    const billed = moneyText(picos(receipt.provider_cost), receipt.provider_currency, currentLanguage(), exactDecimals([receipt.provider_cost]));
    cost.push(', ', receipt.exchange ? say('provider_cost_at', { money: billed, rate: rateText(receipt.exchange) }) : say('provider_cost', { money: billed }));
  }
  const isLoss = picos(receipt.margin) < 0n;
  const overrun = picos(receipt.overrun) === 0n ? [] : [row(say('overrun'), cell(money(receipt.overrun)), null, say('overrun_why'))];
  return el(
    'table',
    { class: 'slip' },
    el('caption', { class: 'vh' }, say('fact_id')),
    el(
      'tbody',
      {},
      ...used.map((name) => row(say(name), cell(count(usage[name])))),
      row(say('all_tokens') + estimated, cell(count(all)), 'rule'),
      ...BESIDE.filter((name) => Number(usage[name]) > 0).map((name) => row(say(name), cell(count(Number(usage[name]))))),
      row(say('charge'), cell(money(receipt.charge)), null, card(receipt.price_card)),
      row(say('cost'), cell(money(receipt.cost)), 'rule', cost),
      el('tr', { class: 'total' }, el('th', { scope: 'row' }, say('margin')), el('td', { class: isLoss ? 'loss' : null }, el('span', {}, money(receipt.margin)))),
      ...overrun,
    ),
  );
}

function facts(receipt) {
  const list = el('dl', { class: 'facts' });
  const fact = (name, ...content) => list.append(el('dt', {}, say(name)), el('dd', {}, ...content));
  const code = (text) => el('code', {}, text);

  if (receipt.outcome === 'failed') fact('outcome', say(picos(receipt.cost) === 0n ? 'said_failed' : 'said_failed_cost'));
  if (receipt.error_code) fact('fact_fault', fault(receipt.error_code), ' ', code(receipt.error_code));
  for (const alarm of receipt.alarms) list.append(el('dt', {}, say('fact_alarm')), el('dd', { class: 'watch' }, alarmText(alarm)));
  fact('fact_model', receipt.model, ' ', el('span', { class: 'quiet' }, `(${say('from', { provider: receipt.provider, upstream: receipt.upstream })})`));
  fact('fact_reason', receipt.route_reason === ASKED_FOR ? say('asked_for') : receipt.route_reason);
  const first = receipt.first_token_ms === null ? null : secondsText(receipt.first_token_ms);
  fact('fact_took', first === null ? say('took_silent', { all: secondsText(receipt.total_ms) }) : say('took_full', { all: secondsText(receipt.total_ms), first }));
  if (receipt.finish_reason) fact('fact_finish', has(`finish_${receipt.finish_reason}`) ? say(`finish_${receipt.finish_reason}`) : code(receipt.finish_reason));
  fact('fact_energy', energy(receipt));
  fact('fact_plan', receipt.plan);
  if (receipt.user) fact('fact_user', receipt.user);
  fact('fact_id', el('a', { href: `/console/answers/${receipt.id}` }, say('whole')), ' ', code(receipt.id));
  if (receipt.usage_report) fact('fact_report', code(receipt.usage_report));
  return list;
}

function fault(errorCode) {
  return has(`fault_${errorCode}`) ? say(`fault_${errorCode}`) : '';
}

function energy(receipt) {
  if (receipt.energy_watt_hours === null) return say('energy_none');
  return say(receipt.energy_estimated ? 'energy_guessed' : 'energy_full', { wh: wattHoursText(receipt.energy_watt_hours), engine: secondsText(receipt.engine_ms) });
}

function alarmText(alarm) {
  const [kind, book, bucket] = alarm.split(':');
  if (kind === 'overrun') return say('alarm_overrun');
  if (kind === 'bad_usage') return say('alarm_bad_usage');
  if (kind === 'unpriced') return say(book === 'price' ? 'alarm_price' : 'alarm_cost', { bucket });
  return alarm;
}
