// Every customer, or whatever else is summed up by, as one bar, from the biggest loss to the biggest profit, against the
// line of break-even. {bars: [{name, margin}], of: "customer" or another kind of line}

import { box, line, scale, text, ticks, total, wordsFor } from './marks.js';

export function shore(data) {
  const { width, bars, of } = data;
  const { whole, short, say } = wordsFor(data);
  const height = 282; // the last two lines say how many are on each side: nothing is written on a bar
  const sorted = bars.map((bar) => ({ ...bar, value: Number(bar.margin) })).sort((a, b) => a.value - b.value);
  const [low, high] = [Math.min(0, sorted[0]?.value ?? 0), Math.max(0, sorted.at(-1)?.value ?? 0)];
  const x = scale(0, Math.max(1, sorted.length), 0, width);
  const y = scale(low * 1.06, high * 1.12 || 1, height - 48, 26);
  const step = x(1) - x(0);
  const thick = Math.min(40, Math.max(0.6, step - (step > 2.2 ? 0.6 : 0)));
  const bar = ({ value, name }, index) =>
    box(x(index), Math.min(y(0), y(value)), thick, Math.max(0.5, Math.abs(y(value) - y(0))), value < 0 ? 'bar fill-loss' : 'bar fill-1', { 'data-name': name });
  const losses = sorted.filter(({ value }) => value < 0);
  const gains = sorted.slice(losses.length);
  const many = (n, ko, en) => say(`${ko} ${n}${of === 'customer' ? '명' : '개'}`, `${n} ${en}`);
  const marks = [
    ...ticks(low, high, 4).filter(Boolean).flatMap((value) => [line(0, y(value), width, y(value)), text(value > 0 ? 0 : width, y(value) - 6, short(value), 'halo', value > 0 ? 'start' : 'end')]),
    ...sorted.map(bar),
    line(0, y(0), width, y(0), 'zero'),
    ...(losses.length ? [text(0, height - 24, `${many(losses.length, '적자', 'at a loss')}, ${short(total(losses.map((each) => each.margin)))}`, 'loss')] : []),
    ...(gains.length ? [text(width, height - 24, `${many(gains.length, '흑자', 'in profit')}, ${short(total(gains.map((each) => each.margin)))}`, 'key', 'end')] : []),
    losses.length ? text(0, height - 6, say('가장 큰 적자', 'Biggest loss')) : '',
    gains.length ? text(width, height - 6, say('가장 큰 흑자', 'Biggest profit'), '', 'end') : '',
  ];
  const rows = [...losses.slice(0, 10), ...gains.slice(-10)].map((each) => [each.name, whole(each.margin)]);
  const near = (place) => {
    const index = Math.floor((place / width) * sorted.length);
    const found = sorted[index];
    return found ? { x: x(index), y: Math.min(y(found.value), y(0)), text: `${found.name}  ${whole(found.margin)}` } : null;
  };
  return { height, marks, head: [data.head ?? say('고객', 'Customer'), say('손익', 'Result')], rows, near };
}
