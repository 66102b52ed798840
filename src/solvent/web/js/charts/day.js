// A day, or a month, so far: revenue and cost summed up; the gap is the margin. What is expected is dotted, with a band.
// {points: [{at, revenue, cost}], from, to, ticks: [{at, label}], now, expected: {revenue, cost_low, cost_high} or null}

import { dot, line, path, scale, text, ticks, total, wordsFor } from './marks.js';

export function day(data) {
  const { points, from = 0, to = 24, now, expected, width } = data;
  const { whole, short, say } = wordsFor(data);
  const height = 272;
  const right = width < 480 ? 8 : 124;
  const top = Math.max(1, ...points.flatMap((point) => [Number(point.revenue), Number(point.cost)]), ...Object.values(expected ?? {}).map(Number)) * 1.04;
  const x = scale(from, to, 0, width - right);
  const y = scale(0, top, height - 26, 18);
  const last = points.at(-1);
  const [xNow, yRevenue, yCost] = [x(now), y(Number(last.revenue)), y(Number(last.cost))];
  const revenue = points.map((point) => [x(point.at), y(Number(point.revenue))]);
  const cost = points.map((point) => [x(point.at), y(Number(point.cost))]);
  const margin = exactDifference(last);
  const marks = [
    ...ticks(0, top, 3).flatMap((value) => [line(0, y(value), width - right, y(value), value ? 'grid' : 'zero'), value ? text(0, y(value) - 6, short(value), 'halo') : '']),
    ...(data.ticks ?? hours(say)).map(({ at, label }) => text(x(at), height - 8, label, '', at === from ? 'start' : at === to ? 'end' : 'middle')),
    path([...revenue, ...cost.toReversed()], 'fill-gap', true),
    ...(expected ? ahead({ expected, x, y, to, xNow, yRevenue, yCost }) : []),
    path(cost, 'line-2'),
    path(revenue, 'line-1'),
    line(xNow, yRevenue, xNow, yCost, 'zero'),
    dot(xNow, yRevenue, 3.5, 'node'),
    dot(xNow, yCost, 3.5, 'node'),
    ...marginLabel({ x: xNow, y: (yRevenue + yCost) / 2, width, words: say('마진', 'Margin'), amount: whole(margin), isLoss: margin.startsWith('-') }),
    ...(width >= 480 ? names({ expected, x: x(to) + 12, y, last, short, say }) : narrowNames({ expected, x: expected ? x(to) : xNow, y, last, say })),
  ];
  const rows = sampled(points).map((point) => [point.label ?? clock(point.at), whole(point.revenue), whole(point.cost), whole(exactDifference(point))]);
  return { height, marks, head: [say('시각', 'Time'), say('매출', 'Revenue'), say('비용', 'Cost'), say('마진', 'Margin')], rows };
}

const hours = (say) => [0, 6, 12, 18, 24].map((at) => ({ at, label: say(`${at}시`, `${String(at).padStart(2, '0')}:00`) }));
const clock = (hour) => `${String(Math.floor(hour)).padStart(2, '0')}:${String(Math.floor((hour % 1) * 60)).padStart(2, '0')}`;

function exactDifference(point) {
  return total([point.revenue, point.cost.startsWith('-') ? point.cost.slice(1) : `-${point.cost}`]);
}

function ahead({ expected, x, y, to, xNow, yRevenue, yCost }) {
  const [low, high] = [Number(expected.cost_low), Number(expected.cost_high)];
  return [
    path([[xNow, yCost], [x(to), y(low)], [x(to), y(high)]], 'fill-band', true),
    path([[xNow, yRevenue], [x(to), y(Number(expected.revenue))]], 'line-1 dotted'),
    path([[xNow, yCost], [x(to), y((low + high) / 2)]], 'line-2 dotted'),
  ];
}

function marginLabel({ x, y, width, words, amount, isLoss }) {
  const isLate = x > width - 150;
  const [place, anchor] = isLate ? [x - 10, 'end'] : [x + 10, 'start'];
  return [text(place, y - 10, words, 'mid halo', anchor), text(place, y + 7, amount, isLoss ? 'loss halo' : 'key halo', anchor)];
}

function names({ expected, x, y, last, short, say }) {
  const revenue = Number(expected?.revenue ?? last.revenue);
  const cost = expected ? (Number(expected.cost_low) + Number(expected.cost_high)) / 2 : Number(last.cost);
  // Kept apart where they would stand on each other.
  const apart = Math.max(0, 34 - Math.abs(y(revenue) - y(cost))) / 2;
  const up = y(revenue) <= y(cost) ? -apart : apart;
  return [
    text(x, y(revenue) - 3 + up, say('매출', 'Revenue'), 'key'),
    text(x, y(revenue) + 13 + up, short(revenue)),
    text(x, y(cost) - 3 - up, expected ? say('비용, 예상', 'Cost, expected') : say('비용', 'Cost'), 'mid'),
    text(x, y(cost) + 13 - up, expected ? `${short(Number(expected.cost_low))}–${short(Number(expected.cost_high))}` : short(cost)),
  ];
}

function narrowNames({ expected, x, y, last, say }) {
  const [revenue, cost] = [Number(expected?.revenue ?? last.revenue), Number(expected?.cost_low ?? last.cost)];
  return [text(x, Math.max(10, y(revenue) - 8), say('매출', 'Revenue'), 'key halo', 'end'), text(x, y(cost) + 18, say('비용', 'Cost'), 'mid halo', 'end')];
}

/** At most nine of the points, always the last. */
function sampled(points) {
  const step = Math.max(1, Math.ceil(points.length / 8));
  return points.filter((_point, index) => index % step === 0 || index === points.length - 1);
}
