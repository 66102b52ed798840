// What a provider bills beyond the books, day by day: above the line it bills more, below it less.
// {days: [{day, billed, booked, residual}]}

import { box, line, scale, text, ticks, wordsFor } from './marks.js';

const HEIGHT = 220;

export function residual(data) {
  const { width, days } = data;
  const { whole, short, say } = wordsFor(data);
  const values = days.map((each) => Number(each.residual));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const y = scale(low * 1.08, high * 1.12 || (low ? 0 : 1), HEIGHT - 34, 22);
  const x = scale(0, Math.max(1, days.length), 0, width);
  const step = x(1) - x(0);
  const thick = Math.min(40, Math.max(1, step - 2));
  const place = (index) => x(index) + (step - thick) / 2;
  const bar = (value, index) => box(place(index), Math.min(y(0), y(value)), thick, Math.max(value ? 1 : 0, Math.abs(y(value) - y(0))), `bar ${value > 0 ? 'fill-loss' : 'fill-1'}`, { 'data-day': days[index].day });
  const marked = ticks(low, high || (low ? 0 : 1), 3).filter(Boolean);
  const marks = [
    ...marked.map((value) => line(0, y(value), width, y(value))),
    ...values.map(bar),
    ...marked.map((value) => text(width, y(value) - 5, short(value), 'halo', 'end')),
    line(0, y(0), width, y(0), 'zero'),
    text(0, HEIGHT - 6, days[0]?.day ?? ''),
    ...(days.length > 1 ? [text(width, HEIGHT - 6, days.at(-1).day, '', 'end')] : []),
  ];
  const rows = days.map((each) => [each.day, whole(each.billed), whole(each.booked), whole(each.residual)]);
  const near = (place_) => {
    const index = Math.floor((place_ / width) * days.length);
    const found = days[index];
    return found ? { x: x(index) + step / 2, y: Math.min(y(values[index]), y(0)), text: `${found.day}  ${whole(found.residual)}` } : null;
  };
  return { height: HEIGHT, marks, head: [say('날짜', 'Day'), say('청구액', 'Billed'), say('장부 원가', 'By the books'), say('차액', 'Residual')], rows, near };
}
