// Pieces of drawings. Places are numbers: an amount is exact where it is written and near enough where it is drawn.

import { compactText, moneyText, picos } from '../money.js';
import { svg } from '../nodes.js';

const near = (number) => String(Math.round(number * 10) / 10);

/** From values to places. */
export const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

/** Round values from low to high, about so many. */
export function ticks(low, high, about) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 2.5, 5, 10].find((times) => times * power >= raw) * power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(value === 0 ? 0 : value);
  return found;
}

export const text = (x, y, words, kind = '', anchor = 'start') => svg('text', { x: near(x), y: near(y), class: kind || null, 'text-anchor': anchor }, words);
export const line = (x1, y1, x2, y2, kind = 'grid') => svg('line', { x1: near(x1), y1: near(y1), x2: near(x2), y2: near(y2), class: kind });
export const box = (x, y, width, height, kind, extra = {}) => svg('rect', { x: near(x), y: near(y), width: near(width), height: near(height), class: kind, ...extra });
export const dot = (x, y, radius, kind) => svg('circle', { cx: near(x), cy: near(y), r: radius, class: kind });
export const path = (places, kind, isClosed = false) =>
  svg('path', { d: places.map(([x, y], index) => `${index ? 'L' : 'M'}${near(x)} ${near(y)}`).join('') + (isClosed ? 'Z' : ''), class: kind });

/** Words for amounts in one currency and language: whole(text), short(number or text), change(text). */
export function wordsFor({ currency, language }) {
  const exact = (amount) => (typeof amount === 'number' ? picos(amount.toFixed(6)) : picos(amount));
  const decimals = currency === 'KRW' || currency === 'JPY' ? 0 : 2;
  return {
    whole: (amount) => moneyText(exact(amount), currency, language, decimals),
    short: (amount) => compactText(exact(amount), currency, language),
    say: (ko, en) => (language === 'ko' ? ko : en),
  };
}

/** The sum of decimal texts, as one. */
export function total(texts) {
  const sum = texts.reduce((all, one) => all + picos(one), 0n);
  const whole = (sum < 0n ? -sum : sum).toString().padStart(13, '0');
  return `${sum < 0n ? '-' : ''}${whole.slice(0, -12)}.${whole.slice(-12)}`;
}
