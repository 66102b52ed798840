// Today in one sentence, a ruled row of figures, and where each plan breaks even.

import { DECIMALS_MAX, decimalsFor, moneyText, percentage, picos, shown, signOf } from './money.js';
import { el, moneyNode, put } from './nodes.js';
import { count, currentLanguage, say, wattHoursText } from './words.js';

const byId = (id) => document.getElementById(id);

/**
 * What answers were charged, the gifts in it, what plans earned, what we paid and what is left, rounded to one number of
 * decimals so that they add up in view.
 */
function sums(today) {
  const exact = { paid: today.revenue, gifts: today.granted, earned: today.earned, cost: today.cost, margin: today.margin };
  const names = ['paid', 'gifts', 'earned', 'cost'];
  const amounts = Object.fromEntries(names.map((name) => [name, picos(exact[name])]));
  const some = Object.values(amounts).filter((amount) => amount !== 0n);
  const wanted = some.map((amount) => decimalsFor(amount, today.currency));
  let decimals = some.length ? Math.min(Math.max(...wanted), Math.min(...wanted) + 2) : 0;
  const parts = {};
  const round = () => {
    for (const name of names) parts[name] = shown(amounts[name], decimals);
    parts.margin = parts.paid - parts.gifts + parts.earned - parts.cost;
  };
  round();
  // Profit never reads as break-even, nor as loss.
  while (decimals < DECIMALS_MAX && signOf(parts.margin) !== signOf(picos(today.margin))) {
    decimals += 1;
    round();
  }
  const node = (name) => moneyNode(parts[name], exact[name], today.currency, currentLanguage(), decimals);
  return { parts, node };
}

/** Writes the sentence, the line under it and the figures. `isEnergyEstimated`: whether any receipt seen says so. */
export function writeToday(today, isEnergyEstimated) {
  const { parts, node } = sums(today);
  put(byId('say'), ...sentence(today, parts.margin, node));
  const hasMoney = today.answers > 0 || parts.cost !== 0n || parts.earned !== 0n;
  const some = (name) => (parts[name] === 0n ? null : node(name));
  const particle = today.currency === 'KRW' ? '을' : '를';
  const below = hasMoney
    ? say('say_sub', node('paid'), node('cost'), particle, some('gifts'), some('earned'))
    : [say(today.failed > 0 ? 'say_sub_failed' : 'say_sub_none')];
  put(byId('say-sub'), ...below);

  const money = (text) => moneyNode(picos(text), text, today.currency, currentLanguage());
  const costShare = percentage(parts.cost, parts.paid);
  const marginShare = parts.gifts || parts.earned ? null : percentage(parts.margin, parts.paid);
  const marginNote = parts.earned ? say('with_plans', node('earned')) : marginShare ? [say('margin_share', marginShare)] : [];
  const tokens = [today.input_tokens, today.output_tokens].map(count);
  put(
    byId('figs'),
    figure('answers', [count(today.answers)], [today.failed ? say('failed_free', count(today.failed)) : today.answers ? say('no_failed') : '']),
    figure('they_paid', [node('paid')], today.charge_per_answer === null ? [] : say('charge_each', money(today.charge_per_answer))),
    figure('we_paid', [node('cost')], costShare ? [say('cost_share', costShare)] : []),
    figure('margin', [node('margin')], marginNote),
    figure('cost_each', today.cost_per_answer === null ? ['–'] : [money(today.cost_per_answer)], [today.answers ? say('token_count', ...tokens) : '']),
    figure('energy', [wattHoursText(today.energy_watt_hours), el('span', { class: 'unit' }, ' Wh')], [say(isEnergyEstimated ? 'energy_note_estimated' : 'energy_note')]),
  );
}

function sentence(today, margin, node) {
  if (today.answers === 0 && margin === 0n) {
    return today.failed > 0 ? say('only_failed', count(today.failed)) : say('nothing_yet');
  }
  if (margin === 0n) return say('even');
  return say(margin < 0n ? 'lost_money' : 'kept', node('margin'));
}

function figure(name, value, below) {
  return el('div', { id: `fig-${name}` }, el('dt', {}, say(name)), el('dd', { class: 'money' }, ...value), el('dd', {}, ...below));
}

/** Writes where each plan breaks even: a sentence and the arithmetic behind it. */
export function writePlans(plans, currency) {
  byId('plans-part').hidden = plans.length === 0;
  put(byId('plans'), ...plans.map((plan) => planItem(plan, currency)));
}

function planItem(plan, currency) {
  const words = (text) => moneyText(picos(text), currency, currentLanguage());
  const sum = say('plan_sum', words(plan.net_price), words(plan.free_subsidy), words(plan.fixed));
  const answers = plan.break_even_answers_month;
  const each = plan.cost_per_answer === null ? [say('plan_nobody')] : say('plan_each', words(plan.cost_per_answer));
  const title =
    answers === null ? say('plan_unknown', plan.plan) : answers === 0 ? say('plan_never', plan.plan) : say('plan_even', plan.plan, count(answers));
  return el('li', {}, el('b', {}, title), el('p', {}, ...sum, ...each));
}
