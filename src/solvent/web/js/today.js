// Today: watches the books, and keeps what is on the page true.

import { drawChart } from './charts.js';
import { watch } from './connection.js';
import { writeToday } from './figures.js';
import { count, dateText, timeText } from './formats.js';
import { pageLanguage, put } from './nodes.js';
import { Stream } from './receipts.js';
import './sign_in.js'; // whoever is signed in already, and opens the address with the key again
import { say } from './words.js';

const DRAW_MS = 250; // receipts are drawn together, however fast they come
const ANNOUNCE_MS = 30_000; // the sentence is read out at most this often
const AGAIN_MS = 30_000; // tables and alerts move slowly: they are asked for again now and then, while answers arrive
const WAITING_MAX = 100;
const HOUR_S = 3600;

const byId = (id) => document.getElementById(id);
const state = JSON.parse(byId('state-now').textContent);
const zone = state.time_zone;
const stream = new Stream(byId('stream'), byId('stream-head'), zone, () => pauseOrResume());

const page = {
  connection: null,
  today: state.today, // as it came last
  drawn: null, // as it is shown: older while paused
  shown: null, // its revenue and cost, rounded as they are written
  before: state.before,
  names: {},
  waiting: [], // receipts that came and are not drawn yet, oldest first
  arrived: 0, // how many came while paused
  isStateNew: false,
  isPausedByHand: false,
  pausedAt: null,
  line: { name: 'connecting', members: {} },
  drawing: 0,
  announcedAt: -ANNOUNCE_MS,
  askedAt: performance.now(),
  chart: JSON.parse(byId('day-data').textContent),
};

// What comes in

function take(name, body) {
  if (name === 'state') {
    page.names = body.names;
    page.today = body.today;
    page.waiting = body.receipts.map((receipt) => ({ receipt, name: body.names[receipt.customer] ?? '' }));
    page.isStateNew = true;
    showLine();
  } else if (name === 'receipt') {
    page.today = body.today;
    if (body.name) page.names[body.receipt.customer] = body.name;
    page.waiting.push({ receipt: body.receipt, name: body.name });
    if (page.waiting.length > WAITING_MAX) page.waiting.shift();
    page.arrived += 1;
    askAgain();
  }
  if (page.pausedAt) showLine();
  drawSoon();
}

/** The page as the server writes it now; what the script does not keep true itself is taken from it. */
function askAgain() {
  if (page.pausedAt || performance.now() - page.askedAt < AGAIN_MS) return;
  page.askedAt = performance.now();
  const request = new XMLHttpRequest();
  request.responseType = 'document';
  request.addEventListener('load', () => {
    const fresh = request.status === 200 ? request.response : null;
    if (!fresh?.getElementById('state-now')) return;
    page.before = JSON.parse(fresh.getElementById('state-now').textContent).before;
    page.chart = JSON.parse(fresh.getElementById('day-data').textContent);
    for (const id of ['alerts', 'models', 'plans']) byId(id).replaceChildren(...document.importNode(fresh.getElementById(id), true).childNodes);
    drawSoon();
  });
  request.open('GET', location.pathname);
  request.send();
}

// What is drawn

function drawSoon() {
  page.drawing ||= setTimeout(() => {
    page.drawing = 0;
    if (!page.pausedAt) draw();
  }, page.isStateNew ? 0 : DRAW_MS);
}

function draw() {
  const { waiting } = page;
  page.drawn = page.today;
  page.waiting = [];
  page.arrived = 0;
  stream.add(waiting, { areNew: !page.isStateNew });
  page.isStateNew = false;
  page.shown = writeToday(page.drawn, page.before);
  drawDay();
  byId('receipts-note').textContent = stream.isEmpty ? '' : say('receipts_note', { n: count(stream.entries.length) });
  byId('stream-head').hidden = stream.isEmpty;
  byId('stream').hidden = stream.isEmpty;
  byId('empty').hidden = !stream.isEmpty;
  byId('empty-today').hidden = page.drawn.answers + page.drawn.failed > 0;
  byId('empty-since').hidden = !byId('empty-today').hidden;
  if (performance.now() - page.announcedAt >= ANNOUNCE_MS) {
    page.announcedAt = performance.now();
    announce(byId('say').textContent);
  }
}

/** The chart ends in what the figures say. */
function drawDay() {
  const figure = byId('day');
  const now = Math.min(24, page.chart.now + (performance.now() - page.askedAt) / 1000 / HOUR_S);
  drawChart(figure, { ...page.chart, now, points: [...page.chart.points.slice(0, -1), { at: now, ...page.shown }] });
}

/** Said once to those who listen, then gone, so that nobody reads it twice. */
function announce(text) {
  byId('announce').textContent = text;
  setTimeout(() => {
    byId('announce').textContent = '';
  }, 5000);
}

// Live, lost, paused

function showLine(name = page.line.name, members = page.line.members) {
  page.line = { name, members };
  const isPaused = Boolean(page.pausedAt) && name !== 'lost';
  const news = page.arrived ? `, ${say('waiting', { n: count(page.arrived) })}` : '';
  put(byId('state'), isPaused ? say('paused_at', { time: timeText(page.pausedAt, zone) }) + news : say(name, members));
  byId('state').className = isPaused ? 'state' : `state ${name}`;
  byId('pause').textContent = say(page.pausedAt ? 'resume' : 'pause');
  byId('date').textContent = dateText(new Date(), pageLanguage(), zone);
}

/** An unfolded receipt holds the page still, as the button does, so that nothing moves under the reader. */
function pauseOrResume() {
  const isPaused = page.isPausedByHand || stream.unfolded > 0;
  if (isPaused === Boolean(page.pausedAt)) return;
  page.pausedAt = isPaused ? new Date() : null;
  if (!isPaused) draw();
  showLine();
}

byId('pause').addEventListener('click', () => {
  page.isPausedByHand = !page.pausedAt;
  if (!page.isPausedByHand) for (const details of document.querySelectorAll('#stream details[open]')) details.open = false;
  pauseOrResume();
});

// The command to ask with, where nobody has asked yet

const copy = byId('copy');
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(byId('command').textContent);
    copy.textContent = say('copied');
    setTimeout(() => {
      copy.textContent = say('copy');
    }, 2000);
  });
}

// The beginning

page.connection = watch('/console/live-events', {
  event: take,
  live: () => {
    if (!page.pausedAt) draw(); // what is live is shown
    showLine('live');
  },
  lost: (s) => {
    showLine('lost', { s });
    if (s === 1) announce(say('lost', { s }));
  },
  refused: () => location.assign('/console/sign-in?next=/console'),
});
setInterval(() => showLine(), 10_000);
showLine();
page.drawn = page.today;
page.shown = writeToday(page.today, page.before);
new ResizeObserver(() => drawDay()).observe(byId('day'));
