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
  document.querySelector('dd[data-live="then_margin"]')?.classList.toggle('loss', Boolean(month.is_loss));
}

/** Marks the field that is wrong, and no other. */
function mark(param) {
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
  if (param) form.elements.namedItem(param)?.setAttribute?.('aria-invalid', 'true');
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

form?.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(preview, WAIT_MS);
});
