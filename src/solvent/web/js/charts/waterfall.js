// From what was billed to what is left, across: names read left to right, amounts stand to the right as in a ledger.
// {steps: [{name, amount, total: true where it is a sum, waste: true where it can be won back}]}

import { percentage, picos } from '../money.js';
import { box, line, scale, text, wordsFor } from './marks.js';

const ROW = 34;

export function waterfall(data) {
  const { width, steps } = data;
  const { whole, say } = wordsFor(data);
  const isNarrow = width < 420;
  const whatFor = isNarrow ? 108 : 150;
  const placed = places(steps);
  const ends = placed.flatMap(({ from, to }) => [from, to]);
  const x = scale(Math.min(0, ...ends), Math.max(1, ...ends), whatFor, width - (isNarrow ? 88 : 164));
  const came = steps.find((step) => step.total) ?? steps[0]; // all shares are of the first sum: what came in
  const share = (amount) => percentage(picos(amount.replace('-', '')), picos(came.amount)) ?? '';
  const marks = placed.flatMap(({ step, from, to }, index) => {
    const top = index * ROW;
    const isLoss = to < 0 && step.total;
    const kind = isLoss ? 'fill-loss' : step.total ? 'fill-1' : step.waste ? 'fill-waste' : 'fill-3';
    const words = isLoss ? 'loss' : step.total ? 'key' : 'mid';
    const before = placed[index - 1];
    return [
      index ? line(0, top, width, top, step.total ? 'zero' : 'grid') : '',
      before ? line(x(before.to), top - 10, x(before.to), top + 10, 'hint') : '',
      box(Math.min(x(from), x(to)), top + 10, Math.max(1.5, Math.abs(x(to) - x(from))), 14, `bar ${kind}`, { rx: 1 }),
      text(0, top + 21, step.name, step.total ? 'key' : 'mid'),
      text(width, top + 21, whole(step.amount), `${words} figure`, 'end'),
      isNarrow || step.total ? '' : text(width - 98, top + 21, share(step.amount), '', 'end'),
    ];
  });
  const bottom = steps.length * ROW;
  const zero = line(x(0), 2, x(0), bottom, 'zero');
  const double = [line(0, bottom, width, bottom, 'zero'), line(0, bottom + 3, width, bottom + 3, 'zero')];
  const rows = steps.map((step) => [step.name, whole(step.amount), share(step.amount)]);
  return { height: bottom + 5, marks: [...marks, zero, ...double], head: [say('항목', 'Step'), say('금액', 'Amount'), '%'], rows };
}

/** Where each bar begins and ends: a total from nothing, any other step from where the one before it ended. */
function places(steps) {
  let run = 0;
  return steps.map((step) => {
    const from = step.total ? 0 : run;
    run = from + Number(step.amount);
    return { step, from, to: run };
  });
}
