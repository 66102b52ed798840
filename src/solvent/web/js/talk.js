// The page where people talk: one conversation, the list of all, and the composer.

import { askAndHear, keptTurn } from './asking.js';
import { copied } from './clipboard.js';
import { Composer } from './composer.js';
import { el } from './nodes.js';
import { ask, tell } from './page.js';
import { Prose, fetchMarkdown } from './prose.js';
import { Talks } from './talks.js';
import { finish, learn, leftText, say, tellWrong, turnNode } from './turns.js';

const byId = (id) => document.getElementById(id);
const main = byId('main');
const data = JSON.parse(main.dataset.talk);
learn(JSON.parse(main.dataset.words));

const UNDO_MS = 10_000;
const NEAR_PX = 120;
const LOOK_AGAIN_MS = 1500;
const MODE = 'solvent.mode';
const untitled = byId('heading').textContent;
const thread = byId('thread');
const talks = new Talks(byId('talks'), byId('find'), data.list);
const composer = byId('composer') && new Composer(byId('composer'), data.remains.currency, () => askNew());
const page = { talk: data.talk, running: null, drawn: [] };

/** What of a turn its node shows. */
const shownOf = ({ id, question, state, ways, fault, receipt }) => JSON.stringify([id, question, state, ways, fault, Boolean(receipt)]);

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
  run({ question, mode: composer.mode.name, conversation: id, instead_of: turn.id }, turns.slice(0, turns.indexOf(turn)), null);
}

async function run(asked, before, giveBack) {
  const was = page.talk;
  const former = was?.turns.find(({ id }) => id === asked.instead_of);
  const shown = { id: '', question: asked.question || former?.question, pictures: 0, documents: asked.documents ?? former?.documents, answer: '', state: 'asked', fault: null, left_out: 0, receipt: null };
  page.running = new AbortController();
  page.talk = { ...(was ?? { id: '', title: '' }), turns: [...before, shown] };
  draw();
  toEnd();
  showRunning(true);
  byId('status').textContent = say('writing');
  let prose = null;
  const now = () => ({ turn: page.talk.turns.at(-1), node: byId('turns').lastElementChild });
  const on = {
    begun(talk) {
      page.talk = talk;
      draw();
      prose = new Prose(now().node.querySelector('.prose'));
      goTo(`/talks/${talk.id}`);
      talks.open(talk, { isUsed: true });
      toEnd();
    },
    text(piece) {
      const stays = isNearEnd();
      now().turn.answer += piece;
      prose.add(piece);
      if (stays) requestAnimationFrame(toEnd);
    },
    ended({ turn, remains }) {
      settle(turn);
      drawLeft(remains);
    },
  };
  const settle = (turn) => {
    const stays = isNearEnd();
    const { turn: mine, node } = now();
    Object.assign(mine, turn, { ways: mine.ways });
    finish(node, mine);
    page.drawn[page.drawn.length - 1] = shownOf(mine);
    if (stays) requestAnimationFrame(toEnd);
  };
  try {
    await askAndHear(asked, page.running.signal, on);
    await prose?.end();
    byId('status').textContent = say('done');
  } catch (wrong) {
    if (prose) {
      await prose.end();
      if (wrong.name !== 'AbortError') tell(say('offline'));
      settle((await keptTurn(now().turn.id)) ?? { ...now().turn, state: 'stopped' });
    } else {
      page.talk = was;
      draw();
      giveBack?.();
      if (wrong.name !== 'AbortError') tellWrong(wrong);
    }
    byId('status').textContent = '';
  } finally {
    page.running = null;
    showRunning(false);
  }
}

/** Changes the conversation; the page shows what came of it. */
async function change(wanted, said, id = page.talk.id) {
  try {
    const told = await ask(`/chat/talks/${id}`, wanted);
    if (said) tell(said);
    return told;
  } catch (wrong) {
    tellWrong(wrong);
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

function edit(turn, node) {
  const field = el('textarea', { class: 'input', 'aria-label': say('edit'), rows: '3' });
  const form = el('form', { class: 'editing' }, field, el('p', { class: 'form-end' }, el('button', { class: 'btn prime small' }, say('edit_save')), el('button', { class: 'btn line small', type: 'button', 'data-do': 'edit_cancel' }, say('cancel'))));
  field.value = turn.question;
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      form.requestSubmit();
    }
    if (event.key === 'Escape') leaveEdit(turn);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (field.value.trim()) askInstead(turn, field.value);
  });
  node.querySelector('.asked').replaceChildren(form);
  page.drawn[page.talk.turns.indexOf(turn)] = '';
  field.focus();
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

/** To the search; on a narrow screen it stands in the drawer. */
function toSearch() {
  const burger = document.querySelector('[data-drawer][aria-expanded="false"]');
  if (burger?.checkVisibility()) burger.click();
  byId('find').focus();
}

function openShare() {
  const link = page.talk.link ? new URL(page.talk.link, location.href).href : '';
  byId('link-field').hidden = !link;
  byId('link').value = link;
  for (const node of byId('share').querySelectorAll('[data-do]')) node.hidden = (node.dataset.do === 'share_begin') === Boolean(link);
  if (!byId('share').open) byId('share').showModal();
}

async function share(isShared) {
  const talk = await change({ is_shared: isShared }, say(isShared ? 'shared' : 'unshared'));
  if (!talk) return;
  page.talk.link = talk.link;
  openShare();
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
  stop: () => page.running?.abort(),
  attach: () => byId('files').click(),
  voice: (button) => composer.hear(button),
  shortcuts: () => byId('shortcuts').showModal(),
  share: openShare,
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
  edit,
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

document.addEventListener('keydown', (event) => {
  const isWriting = event.target.matches('input, textarea, select');
  const isAlt = event.altKey && !event.ctrlKey && !event.metaKey; // AltGr, which writes letters, is both Alt and Ctrl
  const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (document.querySelector('dialog[open]') || event.isComposing || event.keyCode === 229) return;
  if (event.key === 'Escape' && page.running) acts.stop();
  else if (isCommand && event.code === 'KeyK') toSearch();
  else if (isAlt && event.code === 'KeyN') location.assign('/');
  else if (isAlt && event.code === 'KeyC' && page.talk?.turns.length) copy(page.talk.turns.at(-1).answer, proseOf(byId('turns').lastElementChild));
  else if (isWriting || isCommand || isAlt) return;
  else if (event.key === '/') composer?.field.focus();
  else if (event.key === '?') acts.shortcuts();
  else return;
  event.preventDefault();
});

addEventListener('popstate', () => location.reload());

/** An answer that was on its way when the page was left: what is kept of it shows up when it is settled. */
async function lookAgain() {
  const last = page.talk?.turns.at(-1);
  if (last?.state !== 'asked' || page.running) return;
  byId('status').textContent = say('pending');
  if (!(await takeKept(last))) setTimeout(lookAgain, LOOK_AGAIN_MS);
}

/** Shows what is kept of the last turn, once that is settled. */
async function takeKept(last) {
  const kept = await keptTurn(last.id);
  if (!kept || kept.state === 'asked' || page.talk?.turns.at(-1) !== last) return false;
  page.talk.turns.splice(-1, 1, { ...last, ...kept });
  draw();
  return true;
}

/** The network is back: what became of an answer that it broke off is not known here yet. */
function lookBack() {
  const last = page.talk?.turns.at(-1);
  if (last?.id && !last.receipt && last.state === 'stopped' && !page.running) takeKept(last);
}

/** The way that was chosen last, if it is still on offer. */
function chooseMode() {
  const kept = localStorage.getItem(MODE);
  const radios = [...document.querySelectorAll('input[type="radio"][name="mode"]')];
  const options = [...document.querySelectorAll('select[name="mode"] > option')];
  const chosen = [...radios, ...options].find(({ value }) => value === kept) ?? radios[0];
  if (chosen) chosen[radios.length ? 'checked' : 'selected'] = true;
  byId('composer')?.addEventListener('change', (event) => event.target.name === 'mode' && localStorage.setItem(MODE, event.target.value));
}

/** What says that there is no network, where there is none; see worker.js. */
function beginWorker() {
  const policy = window.trustedTypes?.createPolicy('worker', { createScriptURL: () => '/worker.js' });
  navigator.serviceWorker?.register(policy?.createScriptURL('') ?? '/worker.js').catch(() => {});
}

composer?.field.addEventListener('input', () => fetchMarkdown().catch(() => {}), { once: true });
chooseMode();
draw();
drawLeft(data.remains);
talks.open(page.talk);
stayAtEnd();
lookAgain();
addEventListener('online', lookBack);
addEventListener('load', beginWorker);
if (matchMedia('(min-width: 861px)').matches) composer?.field.focus();
