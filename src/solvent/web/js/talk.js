// The page where people talk: one conversation, the list of all, and the composer.

import { askAndHear, keptTurn } from './asking.js';
import { copied } from './clipboard.js';
import { Composer } from './composer.js';
import { editForm } from './editing.js';
import { el } from './nodes.js';
import { ask, tell } from './page.js';
import { Prose, fetchMarkdown } from './prose.js';
import { openShare } from './sharing.js';
import { hearKeys } from './shortcuts.js';
import { Talks } from './talks.js';
import { finish, learn, leftText, say, tellWrong, turnNode } from './turns.js';
import { hearOthers, tellOthers } from './windows.js';

const byId = (id) => document.getElementById(id);
const main = byId('main');
const data = JSON.parse(main.dataset.talk);
learn(JSON.parse(main.dataset.words));

const UNDO_MS = 10_000;
const NEAR_PX = 120;
const STOP_MS = 10_000; // how long a stop waits for what it stops
const untitled = byId('heading').textContent;
const thread = byId('thread');
const talks = new Talks(byId('talks'), byId('find'), data.list);
const composer = byId('composer') && new Composer(byId('composer'), data.remains.currency, () => askNew());
const page = { talk: data.talk, running: null, drawn: [] };

/** What of a turn its node shows. */
const shownOf = ({ id, question, state, ways, fault, receipt, isAwaited }) => JSON.stringify([id, question, state, ways, fault, Boolean(receipt), Boolean(isAwaited)]);

/** Turns whose nodes are there already are left alone: nothing is written, or read aloud, again. */
function drawTurns(turns) {
  const wanted = turns.map(shownOf);
  const other = wanted.findIndex((text, n) => text !== page.drawn[n]);
  const same = other === -1 ? wanted.length : other;
  const hadFocus = byId('turns').contains(document.activeElement);
  for (const node of [...byId('turns').children].slice(same)) node.remove();
  byId('turns').append(...turns.slice(same).map((turn, n) => turnNode(turn, same + n + 1)));
  page.drawn = wanted;
  // What the keyboard was on is gone: it goes on from the conversation, not from the top of the page.
  if (hadFocus && !byId('turns').contains(document.activeElement)) thread.focus({ preventScroll: true });
}

function draw() {
  const { talk } = page;
  drawTurns(talk?.turns ?? []);
  byId('greeting').hidden = Boolean(talk?.turns.length);
  byId('more').hidden = !talk?.id;
  drawHead();
}

function drawHead() {
  const { talk } = page;
  byId('heading').textContent = talk?.title || untitled;
  if (!talk?.id) return;
  document.title = document.title.replace(/^.* · /, `${talk.title} · `);
  byId('as-markdown').href = `/chat/talks/${talk.id}/export?as=markdown`;
  byId('as-json').href = `/chat/talks/${talk.id}/export?as=json`;
}

function drawLeft(remains) {
  byId('left').textContent = leftText(remains, remains.currency);
}

/** The address of what is shown; whoever chooses another language comes back to it. */
function goTo(path) {
  if (location.pathname !== path) history.pushState(null, '', path);
  for (const next of document.querySelectorAll('input[name="next"]')) next.value = path;
}

const isNearEnd = () => thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_PX;
const toEnd = () => thread.scrollTo({ top: thread.scrollHeight });

/** Answers grow when what reads them comes: the end stays in sight until somebody moves. */
function stayAtEnd() {
  const growing = new ResizeObserver(toEnd);
  growing.observe(byId('turns'));
  for (const name of ['wheel', 'touchstart', 'pointerdown', 'keydown']) addEventListener(name, () => growing.disconnect(), { once: true, passive: true });
}

function showRunning(isRunning) {
  byId('send').hidden = isRunning;
  byId('stop').hidden = !isRunning;
}

/** Asks what stands in the composer, at the end of the branch that is shown. */
function askNew() {
  if (page.running) return;
  const asked = composer.take();
  if (!asked) {
    composer.field.focus();
    return;
  }
  const giveBack = composer.clear();
  const last = page.talk?.turns.at(-1)?.id ?? '';
  run({ ...asked, conversation: page.talk?.id ?? '', after: last }, page.talk?.turns ?? [], giveBack);
}

/** Asks a question of a turn again, or another one in its place. */
function askInstead(turn, question = '') {
  if (page.running) return;
  const { turns, id } = page.talk;
  run({ question, mode: composer.mode.name, conversation: id, instead_of: turn.id }, turns.slice(0, turns.indexOf(turn)), () => question && edit(turn, question));
}

async function run(asked, before, giveBack) {
  const was = page.talk;
  const former = was?.turns.find(({ id }) => id === asked.instead_of);
  const shown = { id: '', question: asked.question || former?.question, pictures: 0, documents: asked.documents ?? former?.documents, answer: '', state: 'asked', fault: null, left_out: 0, receipt: null };
  const running = Object.assign(new AbortController(), { isBegun: false, isStopping: false });
  page.running = running;
  page.talk = { ...(was ?? { id: '', title: '' }), turns: [...before, shown] };
  draw();
  toEnd();
  showRunning(true);
  byId('status').textContent = say('writing');
  let [prose, refused] = [null, null];
  const now = () => ({ turn: page.talk.turns.at(-1), node: byId('turns').lastElementChild });
  const on = {
    begun(talk) {
      running.isBegun = true;
      page.talk = withAwaited(talk);
      draw();
      prose = new Prose(now().node.querySelector('.prose'));
      goTo(`/talks/${talk.id}`);
      talks.open(talk, { isUsed: true });
      toEnd();
      tellOthers();
      if (running.isStopping) running.abort();
    },
    text(piece) {
      const stays = isNearEnd();
      now().turn.answer += piece;
      prose.add(piece);
      if (stays) requestAnimationFrame(toEnd);
    },
  };
  try {
    const ending = await askAndHear(asked, running.signal, on);
    await prose?.end();
    // Nothing is waited for from here on: where its receipt stands an answer is over, and every button is at work.
    if (ending) {
      settle(ending.turn);
      drawLeft(ending.remains);
      byId('status').textContent = say('done');
    } else leaveDeleted();
  } catch (wrong) {
    byId('status').textContent = '';
    if (prose) {
      await prose.end();
      if (wrong.name !== 'AbortError') tell(say('broke_off'));
      bringReceipt(now().turn);
    } else {
      page.talk = was;
      draw();
      giveBack?.();
      refused = wrong;
    }
  } finally {
    page.running = null;
    showRunning(false);
    tellOthers();
  }
  if (refused) await tellRefused(refused);
}

/** Says why something was refused, unless what it is about was deleted meanwhile; what was asked may be kept all the same. */
async function tellRefused(wrong) {
  const isToTell = wrong.name !== 'AbortError';
  if (isToTell && wrong.status !== 404) tellWrong(wrong);
  if (!(await lookAround()) && wrong.status === 404) tellWrong(wrong);
}

/** Shows what became of a turn, in place: another answer may be under way below it. */
function settle(turn) {
  const at = page.talk?.turns.findIndex(({ id }) => id === turn.id) ?? -1;
  if (at === -1) return;
  const stays = isNearEnd();
  const mine = Object.assign(page.talk.turns[at], turn, { ways: page.talk.turns[at].ways });
  finish(byId('turns').children[at], mine);
  page.drawn[at] = shownOf(mine);
  if (stays) requestAnimationFrame(toEnd);
}

/** An answer that was stopped, or broke off: its receipt comes when its provider has told what it used. */
async function bringReceipt({ id }) {
  settle({ id, state: 'stopped', isAwaited: true });
  const kept = await keptTurn(id);
  settle({ id, ...kept, isAwaited: false });
  if (kept) drawLeft(kept.left);
  tellOthers();
}

/** Stops what runs, if something does. A question may be on the books before its answer begins: a stop waits for that,
 * unless it is said twice. */
function stop() {
  const { running } = page;
  if (!running) return false;
  if (running.isBegun || running.isStopping) {
    running.abort();
    return true;
  }
  running.isStopping = true;
  byId('status').textContent = say('stopping');
  byId('turns').lastElementChild.querySelector('.pending').textContent = say('stopping');
  setTimeout(() => running.abort(), STOP_MS);
  return true;
}

/** What shows here was deleted in another window, or elsewhere. What stands in the composer stays. */
function leaveDeleted() {
  const edited = byId('turns').querySelector('.editing textarea')?.value;
  talks.forget(page.talk.id);
  page.talk = null;
  goTo('/');
  if (composer && edited) composer.field.value ||= edited;
  composer?.keep();
  draw();
  byId('status').textContent = '';
  tell(say('deleted_elsewhere'));
}

/** Takes in what was done in other windows: to the list, and to the conversation that is shown; whether that was deleted. */
async function lookAround() {
  talks.refresh();
  const id = page.talk?.id;
  if (!id || page.running) return false;
  const response = await fetch(`/chat/talks/${id}`, { headers: { accept: 'application/json' } }).catch(() => null);
  const told = response?.ok ? await response.json() : null;
  if (page.talk?.id !== id || page.running) return false;
  if (response?.status === 404) {
    leaveDeleted();
    return true;
  }
  // Whoever looks at another branch here goes on looking at it, and whoever is editing goes on editing.
  if (!told || byId('turns').querySelector('.editing') || !told.turns.some((turn) => turn.id === page.talk.turns.at(-1)?.id)) return false;
  page.talk = withAwaited(told);
  draw();
  if (told.turns.at(-1).state !== 'asked') byId('status').textContent = '';
  lookAgain();
  return false;
}

/** A conversation as it was told, in which what was stopped here is stopped, also where its answer is still read to its end. */
function withAwaited(talk) {
  const awaited = new Set(page.talk.turns.filter((turn) => turn.isAwaited).map((turn) => turn.id));
  for (const turn of talk.turns) if (awaited.has(turn.id) && !turn.receipt) Object.assign(turn, { state: 'stopped', isAwaited: true });
  return talk;
}

/** Changes the conversation; the page shows what came of it. */
async function change(wanted, said, id = page.talk.id) {
  try {
    const told = await ask(`/chat/talks/${id}`, wanted);
    if (said) tell(said);
    tellOthers();
    return told;
  } catch (wrong) {
    await tellRefused(wrong);
    return null;
  }
}

async function show(to) {
  const talk = await change({ shown: to }, null);
  if (!talk) return;
  page.talk = talk;
  draw();
  byId('turns').querySelector(`[data-turn="${CSS.escape(to)}"] .ways button:not([disabled])`)?.focus();
}

function edit(turn, text = turn.question) {
  const form = editForm(text, (question) => askInstead(turn, question), () => leaveEdit(turn));
  byId('turns').querySelector(`[data-turn="${CSS.escape(turn.id)}"] .asked`).replaceChildren(form);
  page.drawn[page.talk.turns.indexOf(turn)] = '';
  form.querySelector('textarea').focus();
}

/** The question stays as it was, and the keyboard is where it was. */
function leaveEdit(turn) {
  draw();
  byId('turns').querySelector(`[data-turn="${CSS.escape(turn.id)}"] [data-do="edit"]`)?.focus();
}

async function copy(text, node) {
  tell(say((await copied(text, node)) ? 'copied' : 'copy_failed'));
}

const proseOf = (node) => node.querySelector('.prose');

async function share(isShared) {
  const talk = await change({ is_shared: isShared }, say(isShared ? 'shared' : 'unshared'));
  if (!talk) return;
  page.talk.link = talk.link;
  openShare(talk.link);
}

async function forget() {
  const { talk } = page;
  if (!(await change({ is_deleted: true }, null))) return;
  talks.forget(talk.id);
  page.talk = null;
  goTo('/');
  draw();
  thread.focus({ preventScroll: true });
  const undo = el('button', { class: 'btn line small', type: 'button' }, say('undo'));
  const line = el('p', { class: 'undo' }, `${say('deleted')} `, undo);
  undo.addEventListener('click', async () => {
    line.remove();
    const back = await change({ is_deleted: false }, say('back'), talk.id);
    if (!back) return;
    page.talk = back;
    goTo(`/talks/${back.id}`);
    talks.open(back, { isUsed: true });
    draw();
  });
  document.querySelector('.toasts').append(line);
  setTimeout(() => line.remove(), UNDO_MS);
}

function rename() {
  byId('new-title').value = page.talk.title;
  byId('rename').returnValue = '';
  byId('rename').showModal();
  byId('new-title').select();
}

byId('rename').addEventListener('close', async () => {
  if (byId('rename').returnValue !== 'save') return;
  const talk = await change({ title: byId('new-title').value }, say('renamed'));
  if (!talk) return;
  page.talk.title = talk.title;
  talks.open(talk);
  drawHead();
});

const acts = {
  stop,
  attach: () => byId('files').click(),
  voice: (button) => composer.hear(button),
  shortcuts: () => byId('shortcuts').showModal(),
  share: () => openShare(page.talk.link),
  share_begin: () => share(true),
  share_end: () => share(false),
  share_copy: () => copy(byId('link').value),
  rename,
  delete: forget,
  example(button) {
    composer.field.value = button.textContent;
    askNew();
  },
};
const actsOfTurn = {
  copy: (turn, node) => copy(turn.answer, proseOf(node)),
  retry: (turn) => askInstead(turn),
  edit: (turn) => edit(turn),
  edit_cancel: leaveEdit,
  before: (_turn, _node, button) => show(button.dataset.to),
  next: (_turn, _node, button) => show(button.dataset.to),
};

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-do]');
  if (!button) return;
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false;
    if (menu.contains(button)) menu.querySelector('summary').focus(); // so that a dialog leads back to it
  }
  const node = button.closest('[data-turn]');
  if (!node) acts[button.dataset.do]?.(button);
  else if (!page.running) actsOfTurn[button.dataset.do]?.(page.talk.turns.find(({ id }) => id === node.dataset.turn), node, button);
});

hearKeys({
  stop,
  begin: () => location.assign('/'),
  copy: () => page.talk?.turns.length && copy(page.talk.turns.at(-1).answer, proseOf(byId('turns').lastElementChild)),
  write: () => composer?.field.focus(),
  help: () => byId('shortcuts').showModal(),
});

addEventListener('popstate', () => location.reload());

/** An answer that was on its way when the page was left: what is kept of it shows up when it is settled. */
async function lookAgain() {
  const last = page.talk?.turns.at(-1);
  if (last?.state !== 'asked' || page.running) return;
  byId('status').textContent = say('pending');
  const kept = await keptTurn(last.id);
  if (page.talk?.turns.at(-1) !== last) return;
  byId('status').textContent = kept ? say('done') : '';
  if (!kept) {
    if (navigator.onLine) lookAround(); // it is deleted, or takes very long
    return;
  }
  page.talk.turns.splice(-1, 1, { ...last, ...kept });
  draw();
  drawLeft(kept.left);
}

/** The network is back: what became of an answer that it broke off is not known here yet. */
function lookBack() {
  const last = page.talk?.turns.at(-1);
  if (last?.id && !last.receipt && last.state === 'stopped' && !page.running) bringReceipt(last);
  else lookAround();
}

/** What says that there is no network, where there is none; see worker.js. */
function beginWorker() {
  const policy = window.trustedTypes?.createPolicy('worker', { createScriptURL: () => '/worker.js' });
  navigator.serviceWorker?.register(policy?.createScriptURL('') ?? '/worker.js').catch(() => {});
}

composer?.field.addEventListener('input', () => fetchMarkdown().catch(() => {}), { once: true });
composer?.choose();
draw();
drawLeft(data.remains);
talks.open(page.talk);
stayAtEnd();
lookAgain();
addEventListener('online', lookBack);
hearOthers(lookAround);
addEventListener('load', beginWorker);
if (matchMedia('(min-width: 861px)').matches) composer?.field.focus();
