// The live page: takes the key, watches the books, and keeps what is on the page true.

import { watch } from './connection.js';
import { writePlans, writeToday } from './figures.js';
import { forget, keyIn, remember, remembered, takeFromAddress } from './key.js';
import { el, put } from './nodes.js';
import { Stream } from './receipts.js';
import { chooseLanguage, count, currentLanguage, dateText, say, timeText, writeMarkedWords } from './words.js';

const DRAW_MS = 250; // receipts are drawn together, however fast they come
const ANNOUNCE_MS = 30_000; // the sentence is read out at most this often
const PLANS_MS = 30_000;
const WAITING_MAX = 100;

const byId = (id) => document.getElementById(id);
const stream = new Stream(byId('stream'), byId('stream-head'), () => pauseOrResume());

const page = {
  key: '',
  connection: null,
  today: null, // as it came last
  drawn: null, // as it is shown: older while paused
  plans: [],
  names: {},
  waiting: [], // receipts that came and are not drawn yet, oldest first
  arrived: 0, // how many came while paused
  isStateNew: false,
  isPausedByHand: false,
  pausedAt: null,
  isEnergyEstimated: false,
  line: { name: 'connecting', given: [] },
  drawing: 0,
  announcedAt: -ANNOUNCE_MS,
  plansAt: 0,
  model: '',
};

// The door

function showDoor(wrong = '') {
  page.wrong = wrong;
  byId('book').hidden = true;
  byId('leave').hidden = true;
  byId('door').hidden = false;
  byId('key-wrong').hidden = !wrong;
  byId('key-wrong').textContent = wrong ? say(wrong) : '';
  const field = byId('key');
  if (wrong) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
  field.focus();
  field.select();
}

function enter(key) {
  page.key = key;
  page.connection?.close();
  page.connection = watch(key, {
    event: take,
    live: () => showLine('live'),
    lost: (seconds) => {
      showLine('lost', seconds);
      if (!page.today) showUnreachable();
      else if (seconds === 1) announce(say('lost', seconds));
    },
    refused: (status) => {
      leave();
      showDoor(status === 403 ? 'not_operator' : 'wrong_key');
    },
  });
  showLine('connecting');
}

function leave() {
  page.connection?.close();
  forget();
  Object.assign(page, { key: '', connection: null, today: null, drawn: null, plans: [], names: {}, waiting: [], arrived: 0, model: '' });
  Object.assign(page, { isPausedByHand: false, pausedAt: null, isEnergyEstimated: false });
  stream.clear();
}

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const key = keyIn(byId('key').value);
  if (!key) return showDoor(byId('key').value.trim() ? 'wrong_key' : 'no_key');
  remember(key);
  return enter(key);
});

byId('leave').addEventListener('click', () => {
  leave();
  byId('key').value = '';
  showDoor();
});

// What comes in

function take(name, body) {
  if (name === 'state') {
    page.plans = body.plans;
    page.names = body.names;
    page.today = body.today;
    page.waiting = body.receipts.map((receipt) => ({ receipt, name: body.names[receipt.customer] ?? '' }));
    page.isStateNew = true;
    page.plansAt = performance.now();
    showBook();
    showLine();
  } else if (name === 'receipt') {
    page.today = body.today;
    if (body.name) page.names[body.receipt.customer] = body.name;
    page.waiting.push({ receipt: body.receipt, name: body.name });
    if (page.waiting.length > WAITING_MAX) page.waiting.shift();
    page.arrived += 1;
    askForPlans();
  }
  if (page.pausedAt) showLine();
  drawSoon();
}

function showUnreachable() {
  showBook();
  put(byId('say'), say('unreachable'));
  put(byId('say-sub'), say('unreachable_why'));
}

function showBook() {
  if (!byId('door').hidden) byId('main').focus(); // what had the focus is about to go
  byId('door').hidden = true;
  byId('key').value = '';
  byId('book').hidden = false;
  byId('leave').hidden = false;
}

/** Where plans break even moves slowly: asked again now and then, while answers arrive. */
async function askForPlans() {
  if (performance.now() - page.plansAt < PLANS_MS) return;
  page.plansAt = performance.now();
  const report = await ask('/v1/margin?group_by=model&since=1d');
  if (report) page.plans = report.plans;
}

async function ask(path) {
  try {
    const answer = await fetch(path, { headers: { authorization: `Bearer ${page.key}` }, cache: 'no-store' });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the connection says for itself that it is lost
  }
}

// What is drawn

function drawSoon() {
  if (page.drawing || !page.today) return;
  page.drawing = setTimeout(() => {
    page.drawing = 0;
    if (!page.pausedAt) draw();
  }, page.isStateNew ? 0 : DRAW_MS);
}

function draw() {
  if (!page.today) return;
  const { waiting } = page;
  page.drawn = page.today;
  page.waiting = [];
  page.arrived = 0;
  page.isEnergyEstimated ||= waiting.some(({ receipt }) => receipt.energy_estimated === true);
  stream.add(waiting, { areNew: !page.isStateNew });
  page.isStateNew = false;
  drawFigures();
}

function drawFigures() {
  const today = page.drawn;
  writeToday(today, page.isEnergyEstimated);
  writePlans(page.plans, today.currency);
  byId('receipts-note').textContent = stream.isEmpty ? '' : say('receipts_note', count(stream.entries.length));
  byId('stream-head').hidden = stream.isEmpty;
  byId('stream').hidden = stream.isEmpty;
  byId('empty').hidden = !stream.isEmpty;
  if (stream.isEmpty) writeEmpty(today);
  if (performance.now() - page.announcedAt >= ANNOUNCE_MS) {
    page.announcedAt = performance.now();
    announce(byId('say').textContent);
  }
}

/** Said once to those who listen, then gone, so that nobody reads it twice. */
function announce(text) {
  byId('announce').textContent = text;
  setTimeout(() => {
    byId('announce').textContent = '';
  }, 5000);
}

async function writeEmpty(today) {
  if (today.answers + today.failed > 0) {
    put(byId('empty'), el('p', {}, say('empty_since')));
    return;
  }
  page.model ||= (await ask('/v1/models'))?.data?.[0]?.id ?? '';
  if (!page.drawn || !stream.isEmpty) return;
  const [model, words] = [page.model || 'MODEL', say('sample_question')].map((text) => JSON.stringify(text));
  const question = `{"model": ${model},\n       "messages": [{"role": "user", "content": ${words}}]}`;
  const command = `curl ${location.origin}/v1/chat/completions \\\n  -H "Authorization: Bearer YOUR_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${question.replaceAll("'", "'\\''")}'`;
  const copy = el('button', { class: 'btn line small', type: 'button' }, say('copy'));
  copy.addEventListener('click', () => copyOut(command, copy));
  const canCopy = Boolean(navigator.clipboard);
  const shown = el('div', { class: 'ask' }, el('pre', { 'aria-label': say('curl'), tabindex: '0' }, command), canCopy ? copy : null);
  byId('empty').replaceChildren(el('p', {}, say('empty_today')), shown, el('p', {}, say('empty_note')));
}

async function copyOut(text, button) {
  await navigator.clipboard.writeText(text);
  button.textContent = say('copied');
  setTimeout(() => {
    button.textContent = say('copy');
  }, 2000);
}

// Live, lost, paused

function showLine(name = page.line.name, ...given) {
  if (name !== page.line.name || given.length) page.line = { name, given };
  const isPaused = Boolean(page.pausedAt) && page.line.name !== 'lost';
  const news = page.arrived ? `, ${say('waiting', count(page.arrived))}` : '';
  byId('state').className = isPaused ? 'state' : `state ${page.line.name}`;
  byId('state').textContent = isPaused ? say('paused_at', timeText(page.pausedAt)) + news : say(page.line.name, ...page.line.given);
  byId('pause').textContent = say(page.pausedAt ? 'resume' : 'pause');
  byId('pause').hidden = !page.today;
  byId('date').textContent = dateText(new Date());
}

/** An unfolded receipt holds the page still, as the button does, so that nothing moves under the reader. */
function pauseOrResume() {
  const isPaused = page.isPausedByHand || stream.unfolded > 0;
  if (isPaused === Boolean(page.pausedAt)) return;
  page.pausedAt = isPaused ? new Date() : null;
  if (!isPaused && page.today) draw();
  showLine();
}

byId('pause').addEventListener('click', () => {
  page.isPausedByHand = !page.pausedAt;
  if (!page.isPausedByHand) for (const details of document.querySelectorAll('#stream details[open]')) details.open = false;
  pauseOrResume();
});

// Words

function speak(language) {
  chooseLanguage(language);
  writeMarkedWords();
  stream.rewrite();
  if (page.wrong) byId('key-wrong').textContent = say(page.wrong);
  showLine();
  if (page.drawn) drawFigures();
  else if (page.line.name === 'lost') showUnreachable();
}

for (const radio of document.querySelectorAll('input[name="language"]')) {
  radio.addEventListener('change', () => speak(radio.value));
}

// The beginning

function begin() {
  const key = takeFromAddress() || remembered();
  if (key) enter(key);
  else showDoor();
}

addEventListener('hashchange', () => {
  const key = takeFromAddress();
  if (key) enter(key);
});
setInterval(() => {
  byId('date').textContent = dateText(new Date());
}, 10_000);
speak(currentLanguage());
begin();
