// The editor of a plan: what its terms would come to, as they are written. A newer change calls off what was asked before.

const WAIT_MS = 350; // after the last key
const form = document.querySelector('form[data-preview]');
const live = document.getElementById('live');
let timer = 0;
let asking = null;

/** Puts what is told where it stands; nothing is markup. */
function fill(told) {
  const month = told.month ?? {};
  const then = month.then_margin ? `${form.dataset.then}: ${month.then_margin}` : '';
  const texts = { would: told.would, finding: told.finding, then, then_margin: month.then_margin, net_each: month.net_each, why: month.why, refused: month.refused };
  for (const node of document.querySelectorAll('[data-live]')) {
    const text = texts[node.dataset.live];
    if (text !== undefined) node.textContent = text;
  }
  if (told.changes) fillChanges(told.changes);
  document.querySelector('dd[data-live="then_margin"]')?.classList.toggle('loss', Boolean(month.is_loss));
}

/** What differs from the terms before, line by line. */
function fillChanges(changes) {
  const body = document.querySelector('#changes tbody');
  body.replaceChildren(...changes.map(({ label, before, after }) => {
    const row = document.createElement('tr');
    const head = Object.assign(document.createElement('th'), { scope: 'row', textContent: label });
    const cells = [before, after].map((text) => Object.assign(document.createElement('td'), { className: 'wrap as-written', textContent: text }));
    row.append(head, ...cells);
    return row;
  }));
  document.getElementById('changes').hidden = !changes.length;
  document.getElementById('no-changes').hidden = changes.length > 0;
}

/** Marks the field that is wrong, and no other; the group it is in opens. */
function mark(param) {
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
  const found = param && form.elements.namedItem(param);
  const field = found instanceof RadioNodeList ? found[found.length - 1] : found;
  if (!field?.setAttribute) return;
  field.setAttribute('aria-invalid', 'true');
  const group = field.closest('details');
  if (group) group.open = true;
}

/** One more row of a list, under a number that none has; the keyboard goes there. */
function addRow(rows) {
  const made = [...rows.querySelectorAll('[data-row] [name]')].map((field) => Number(field.name.slice(rows.dataset.rows.length + 1).split('.')[0]));
  const next = Math.max(-1, ...made) + 1;
  const copy = rows.querySelector('template').content.cloneNode(true);
  for (const node of copy.querySelectorAll('[name], [id], [for], [aria-describedby]')) {
    for (const name of ['name', 'id', 'for', 'aria-describedby']) {
      const value = node.getAttribute(name);
      if (value) node.setAttribute(name, value.replace('__n__', next));
    }
  }
  copy.querySelector('[data-number]').textContent = next + 1;
  const row = copy.firstElementChild;
  rows.querySelector('template').before(copy);
  prepare(row);
  row.querySelector('select, input:not([type="hidden"])').focus();
}

/** A row that a script can take away again. */
function prepare(row) {
  const drop = row.querySelector('[data-drop]');
  drop.hidden = false;
  drop.addEventListener('click', () => {
    const rows = row.closest('[data-rows]');
    row.remove();
    rows.querySelector('[data-more]').focus();
    later();
  });
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(preview, WAIT_MS);
}

async function preview() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  live.hidden = false;
  live.setAttribute('aria-busy', 'true');
  live.querySelector('[data-live="would"]').textContent = live.dataset.working;
  try {
    const response = await fetch(form.dataset.preview, { method: 'POST', body: new URLSearchParams(new FormData(form)), credentials: 'same-origin', signal: mine.signal });
    if (!response.ok) throw new TypeError(response.statusText);
    const told = await response.json();
    mark(told.trouble?.param);
    fill(told.trouble ? { would: told.trouble.said, finding: told.trouble.detail } : told);
  } catch (error) {
    if (error.name === 'AbortError') return;
    fill({ would: live.dataset.failed, finding: '' });
  }
  if (asking === mine) live.removeAttribute('aria-busy');
}

form?.addEventListener('input', later);
for (const rows of form?.querySelectorAll('[data-rows]') ?? []) {
  rows.querySelectorAll('[data-row]').forEach(prepare);
  const more = rows.querySelector('[data-more]');
  more.hidden = false;
  more.addEventListener('click', () => addRow(rows));
}
