// Customers by how much their bill changes: hollow dots pay less, full ones more. No table: the figures stand beside it.
// {changes: [amount of each customer], bin: how much one column stands for}

import { dot, line, scale, text, ticks, wordsFor } from './marks.js';

const GAP = 7;
const HEIGHT = 150;
const PER_DOT = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

export function dots(data) {
  const { width } = data;
  const { short, say } = wordsFor(data);
  const bin = Number(data.bin) * (width < 520 ? 2 : 1);
  const columns = new Map();
  for (const change of data.changes.map(Number).filter(Boolean)) {
    const end = Math.sign(change) * Math.ceil(Math.abs(change) / bin) * bin;
    columns.set(end, (columns.get(end) ?? 0) + 1);
  }
  const [low, high] = [Math.min(-5 * bin, ...columns.keys()), Math.max(5 * bin, ...columns.keys())];
  const x = scale(low - bin * 1.5, high + bin * 1.5, 0, width);
  const step = x(bin) - x(0);
  const lane = Math.max(1, Math.floor(step / GAP) - (step > 18 ? 1 : 0));
  const floor = HEIGHT - 30;
  const most = Math.max(1, ...columns.values());
  const per = PER_DOT.find((n) => Math.ceil(most / n / lane) <= (floor - 24) / GAP) ?? PER_DOT.at(-1);
  const pile = ([end, people]) =>
    Array.from({ length: Math.ceil(people / per) }, (_none, index) => {
      const wide = Math.min(lane, Math.ceil(people / per));
      const place = x(end - (Math.sign(end) * bin) / 2) + ((index % lane) - (wide - 1) / 2) * GAP;
      return dot(place, floor - 6 - Math.floor(index / lane) * GAP, end < 0 ? 2.1 : 2.6, end < 0 ? 'hollow' : 'fill-1');
    });
  const marks = [
    line(0, floor, width, floor, 'zero'),
    line(x(0), 10, x(0), floor, 'hint dotted'),
    text(x(0) - 10, 14, say('덜 냄', 'pay less'), 'mid halo', 'end'),
    text(x(0) + 10, 14, say('더 냄', 'pay more'), 'mid halo'),
    text(width, width < 520 ? 30 : 14, per === 1 ? '' : say(`점 하나가 고객 ${per}명`, `one dot: ${per} customers`), 'halo', 'end'),
    ...[...columns].flatMap(pile),
    ...ticks(low, high, width < 520 ? 3 : 6).map((value) => text(Math.min(Math.max(x(value), 18), width - 24), HEIGHT - 10, short(value), value ? '' : 'key', 'middle')),
  ];
  return { height: HEIGHT, marks };
}
