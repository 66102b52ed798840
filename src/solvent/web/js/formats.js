// Counts, dates and durations as docs/DESIGN.md writes them, in Korean and English. Amounts of money are in money.js.
// tests/web/formats.json is the table that this and the pages' own formats are held to.

export const count = (n) => new Intl.NumberFormat('en-US').format(n);

// What is counted: its Korean name and counter, its English singular and plural. People are counted in Korean words.
const THINGS = {
  answer: ['답변', '개', 'answer', 'answers'],
  customer: ['고객', '명', 'customer', 'customers'],
  person: ['사람', '명', 'person', 'people'],
  key: ['키', '개', 'key', 'keys'],
  day: ['', '일', 'day', 'days'],
  token: ['토큰', '개', 'token', 'tokens'],
};
const KOREAN_FEW = ['', '한 ', '두 ', '세 ', '네 ', '다섯 ', '여섯 ', '일곱 ', '여덟 ', '아홉 '];
const ENGLISH_FEW = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** So many of a thing: 답변 3개, 고객 한 명; 3 answers, one customer. People up to nine are spelt out. */
export function counted(n, thing, language) {
  const [name, counter, one, many] = THINGS[thing];
  const isSpelt = counter === '명' && n > 0 && n < 10;
  if (language === 'ko') return `${name} ${isSpelt ? KOREAN_FEW[n] : count(n)}${counter}`.trimStart();
  return `${isSpelt ? ENGLISH_FEW[n] : count(n)} ${n === 1 ? one : many}`;
}

/** 오늘, 내일, 3일 뒤; today, tomorrow, in 3 days. */
export function inDays(n, language) {
  if (n < 2) return language === 'ko' ? ['오늘', '내일'][n] : ['today', 'tomorrow'][n];
  return language === 'ko' ? `${count(n)}일 뒤` : `in ${count(n)} days`;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const WEEKDAYS = { ko: [...'일월화수목금토'].map((day) => `${day}요일`), en: 'Sun Mon Tue Wed Thu Fri Sat'.split(' ') };

/** The parts of an instant on the clock of a zone ("Asia/Seoul"), or of the browser's. */
function parts(instant, zone) {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  const found = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const [year, month, day] = [found.year, found.month, found.day].map(Number);
  return { year, month, day, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(), time: `${found.hour}:${found.minute}`, second: found.second };
}

/** 12월 1일; 1 December. With its year where that is asked: 2026년 12월 1일; 1 December 2026. */
export function dayText(instant, language, zone, { withYear = false } = {}) {
  const { year, month, day } = parts(instant, zone);
  if (language === 'ko') return `${withYear ? `${year}년 ` : ''}${month}월 ${day}일`;
  return `${day} ${MONTHS[month - 1]}${withYear ? ` ${year}` : ''}`;
}

/** 2026년 10월; October 2026. */
export function monthText(instant, language, zone) {
  const { year, month } = parts(instant, zone);
  return language === 'ko' ? `${year}년 ${month}월` : `${MONTHS[month - 1]} ${year}`;
}

/** 11월 23일 월요일 14:32; Mon 23 Nov, 14:32. */
export function dateText(instant, language, zone) {
  const { month, day, weekday, time } = parts(instant, zone);
  if (language === 'ko') return `${month}월 ${day}일 ${WEEKDAYS.ko[weekday]} ${time}`;
  return `${WEEKDAYS.en[weekday]} ${day} ${MONTHS[month - 1].slice(0, 3)}, ${time}`;
}

/** 14:32:08. */
export function timeText(instant, zone) {
  const { time, second } = parts(instant, zone);
  return `${time}:${second}`;
}

/** "14:32:08", or with its day when that is not today: 11/22 14:32. */
export function momentText(instant, zone, now = new Date()) {
  const then = parts(instant, zone);
  const today = parts(now, zone);
  if (then.year === today.year && then.month === today.month && then.day === today.day) return timeText(instant, zone);
  return `${then.month}/${then.day} ${then.time}`;
}

/** Seconds from milliseconds: more decimals the fewer they are. */
export function secondsText(ms) {
  const seconds = Number(ms) / 1000;
  if (seconds < 0.01) return '<0.01';
  return seconds.toFixed(seconds < 1 ? 2 : seconds < 100 ? 1 : 0);
}

/** Watt-hours with two figures where they are few. */
export function wattHoursText(text) {
  const wattHours = Number(text);
  if (wattHours === 0) return '0';
  if (wattHours >= 100) return count(Math.round(wattHours));
  if (wattHours >= 1) return wattHours.toFixed(1);
  return wattHours.toFixed(Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(wattHours)))));
}
