// What was against what would be: a ring for the actual result, a band of eighty in a hundred for the plan.
// {actual: {name, amount}, plan: {name, low, middle, high}}

import { rangeText, picos } from '../money.js';
import { box, dot, line, scale, text, ticks, wordsFor } from './marks.js';

export function interval(data) {
  const { width, actual, plan, currency, language } = data;
  const { whole, short, say } = wordsFor(data);
  const isNarrow = width < 520;
  const [low, middle, high, was] = [plan.low, plan.middle, plan.high, actual.amount].map(Number);
  const [least, most] = [Math.min(0, low * 1.15, was * 1.15), Math.max(1, high, was)];
  const x = scale(least, most * (isNarrow ? 1.12 : 1.4), isNarrow ? 4 : 96, width);
  const zero = x(0);
  const [first, second] = [30, 74];
  const range = rangeText(picos(plan.low), picos(plan.high), currency, language);
  const value = (place, row, words, kind) => (isNarrow ? text(0, row - 14, words, `${kind} halo`) : text(place + 14, row + 4, words, `${kind} halo`));
  const kindOf = (amount, other) => (amount < 0 ? 'loss' : other);
  const marks = [
    ...ticks(least, most, isNarrow ? 3 : 5).filter(Boolean).flatMap((at) => [line(x(at), 8, x(at), 96), text(Math.min(x(at), width - 20), 116, short(at), '', 'middle')]),
    ...(isNarrow ? [] : [text(0, first + 4, actual.name, 'mid'), text(0, second + 4, plan.name, 'key')]),
    line(zero, 2, zero, 98, 'zero'),
    text(zero, 116, say('본전 0원', `Break-even ${short(0)}`), 'key halo', zero < 60 ? 'start' : 'middle'),
    line(zero, first, x(was), first, 'hint'),
    dot(x(was), first, 5, 'hollow'),
    value(x(was), first, isNarrow ? `${actual.name} ${short(actual.amount)}` : short(actual.amount), kindOf(was, 'mid')),
    line(zero, second, x(middle), second, 'zero'),
    ...(low < 0 ? [box(x(low), second - 7, x(Math.min(0, high)) - x(low), 14, 'band-loss', { rx: 2 })] : []),
    ...(high > 0 ? [box(x(Math.max(0, low)), second - 7, x(high) - x(Math.max(0, low)), 14, 'fill-band', { rx: 2 })] : []),
    dot(x(middle), second, 5.5, middle < 0 ? 'fill-loss' : 'fill-1'),
    value(Math.max(x(high), x(middle)), second, isNarrow ? `${plan.name} ${range}` : range, kindOf(high, 'key')),
  ];
  const rows = [[actual.name, '', whole(actual.amount), ''], [plan.name, whole(plan.low), whole(plan.middle), whole(plan.high)]];
  return { height: 124, marks, head: [say('손익', 'Result'), say('낮으면', 'Low'), say('가운데', 'Middle'), say('높으면', 'High')], rows };
}
