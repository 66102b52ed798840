// Exact amounts. They arrive as decimal texts and are kept as whole picos (10^-12 of a unit) in BigInt: no float
// ever holds money. Only what is shown is rounded, half to even.

const PLACES = 12;
const ONE = 10n ** BigInt(PLACES);
const SIGNS = { KRW: '₩', USD: '$', EUR: '€', GBP: '£', JPY: '¥' };
const NO_DECIMALS = new Set(['KRW', 'JPY', 'VND']);
export const MINUS = '\u2212';
const HAIR = '\u200a';
export const DECIMALS_MAX = 9;

/** A decimal text such as "-12.5" as whole picos. Throws for anything else: a wrong figure is worse than none. */
export function picos(text) {
  const parts = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text);
  if (!parts) throw new RangeError(`not an amount: ${text}`);
  const size = BigInt(parts[2] + (parts[3] ?? '').padEnd(PLACES, '0'));
  return parts[1] ? -size : size;
}

export const signOf = (amount) => (amount > 0n) - (amount < 0n);
export const size = (amount) => (amount < 0n ? -amount : amount);

/** The amount in whole steps of 10^-decimals, ties to even. */
export function rounded(amount, decimals) {
  const step = 10n ** BigInt(PLACES - decimals);
  let steps = size(amount) / step;
  const twice = 2n * (size(amount) % step);
  if (twice > step || (twice === step && steps % 2n === 1n)) steps += 1n;
  return amount < 0n ? -steps : steps;
}

/** The amount as it is after rounding, in picos again, so that what is shown adds up. */
export const shown = (amount, decimals) => rounded(amount, decimals) * 10n ** BigInt(PLACES - decimals);

/** Decimals people need to see an amount of this size: more the smaller it is; at least two figures of a fraction. */
export function decimalsFor(amount, currency) {
  const whole = size(amount);
  if (whole === 0n) return 0;
  if (whole >= ONE) return NO_DECIMALS.has(currency) ? (whole >= 100n * ONE ? 0 : 1) : 2;
  const zeros = PLACES - whole.toString().length;
  return Math.min(DECIMALS_MAX, zeros + 2);
}

/** Decimals of a column of single answers' amounts: enough that the smallest is seen, within reason. */
export function columnDecimals(currency, smallest) {
  const usual = NO_DECIMALS.has(currency) ? 2 : 6;
  return smallest !== 0n && rounded(smallest, usual) === 0n ? usual + 2 : usual;
}

/** Decimals that show every one of these texts exactly, at least two. */
export const exactDecimals = (texts) => Math.max(2, ...texts.map((text) => (text.split('.')[1] ?? '').length));

/** Digits with commas, without sign or unit. */
export function digits(amount, decimals) {
  const steps = size(rounded(amount, decimals)).toString().padStart(decimals + 1, '0');
  const whole = steps.slice(0, steps.length - decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  return decimals ? `${whole}.${steps.slice(-decimals)}` : whole;
}

/** The amount in pieces: sign, unit before, digits, unit after, as DESIGN.md writes it in each language. */
export function pieces(amount, currency, language, decimals = decimalsFor(amount, currency)) {
  let places = decimals;
  if (amount !== 0n && rounded(amount, places) === 0n) {
    // A small amount never reads as nothing.
    if (amount > 0n) return withUnit('<', digits(10n ** BigInt(PLACES - places), places), currency, language);
    places = decimalsFor(amount, currency);
  }
  return withUnit(rounded(amount, places) < 0n ? MINUS : '', digits(amount, places), currency, language);
}

function withUnit(sign, number, currency, language) {
  if (currency === 'KRW' && language === 'ko') return { sign, before: '', number, after: '원' };
  const before = SIGNS[currency] ?? `${currency}\u00a0`;
  return { sign: sign === MINUS ? MINUS + HAIR : sign, before, number, after: '' };
}

/** The amount as one text. */
export function moneyText(amount, currency, language, decimals) {
  const { sign, before, number, after } = pieces(amount, currency, language, decimals);
  return sign + before + number + after;
}

/** The amount with "+" where it is one, for where the change is the point. */
export function changeText(amount, currency, language, decimals) {
  const text = moneyText(amount, currency, language, decimals);
  if (amount <= 0n) return text;
  return currency === 'KRW' && language === 'ko' ? `+${text}` : `+${HAIR}${text}`;
}

// Short amounts, for axes, labels and ranges alone: up to this size, in this unit, with so many decimals at most.
const KOREAN = [
  [ONE * 1_000_000n, 10_000n, 1, '만'],
  [ONE * 100_000_000n, 10_000n, 0, '만'],
  [null, 100_000_000n, 1, '억'],
];
const ENGLISH = [
  [ONE * 10_000n, 1000n, 1, 'K'],
  [ONE * 1_000_000n, 1000n, 0, 'K'],
  [ONE * 1_000_000_000n, 1_000_000n, 2, 'M'],
  [null, 1_000_000_000n, 2, 'B'],
];

function shortNumber(amount, steps, smallest) {
  const whole = size(amount);
  if (whole < smallest) return null;
  for (const [end, unit, decimals, name] of steps) {
    const inUnits = rounded(whole / unit, decimals);
    // What rounds up to the next size is written in it: 1억, not 10,000만.
    if (end === null || inUnits * unit * 10n ** BigInt(PLACES - decimals) < end) {
      const text = digits(inUnits * 10n ** BigInt(PLACES - decimals), decimals);
      return (text.includes('.') ? text.replace(/\.?0+$/, '') : text) + name;
    }
  }
  return null;
}

/** A short amount: 9.3만원, 227만원, 1.2억원; ₩93K, ₩2.27M. */
export function compactText(amount, currency, language) {
  const isKorean = currency === 'KRW' && language === 'ko';
  const short = isKorean ? shortNumber(amount, KOREAN, 10_000n * ONE) : shortNumber(amount, ENGLISH, 1000n * ONE);
  const { sign, before, number, after } = short === null
    ? pieces(amount, currency, language, size(amount) >= ONE ? 0 : undefined)
    : withUnit(amount < 0n ? MINUS : '', short, currency, language);
  return sign + before + number + after;
}

/** An exchange rate such as "2771/2" as "1,385.5", with a sign before it where six decimals are not all of it. */
export function rateText(fraction) {
  const parts = /^(\d+)\/(0*[1-9]\d*)$/.exec(fraction);
  if (!parts) return fraction; // no rate: as it was written
  const [numerator, denominator] = parts.slice(1).map(BigInt);
  const rate = (numerator * ONE) / denominator;
  const isExact = (numerator * 1_000_000n) % denominator === 0n;
  return (isExact ? '' : '≈') + digits(rate, 6).replace(/\.?0+$/, '');
}

/** part / whole as a percentage with one decimal, or null of nothing. */
export function percentage(part, whole) {
  if (whole <= 0n) return null;
  const tenths = rounded((part * 100n * ONE) / whole, 1);
  const text = digits((tenths * ONE) / 10n, 1);
  return `${tenths < 0n ? MINUS : ''}${text}%`;
}
