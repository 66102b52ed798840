// What every page does: the drawer, menus, short messages, and asking the server.

const TOAST_MS = 6000;
const FONT_KEPT_S = 30 * 86_400;

/** What the server refused: `code` is stable, the message is for people. Status 0: it was not reached. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What says that a form is this page's. */
export const token = () => document.querySelector('meta[name="csrf"]')?.content ?? '';

/** Sends a body as JSON with the page's token; the response, if it is good. Raises Refused. Read a stream from it yourself. */
export async function send(path, body, { method = 'POST', signal } = {}) {
  const headers = { 'content-type': 'application/json', 'x-csrf': token() };
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'same-origin', signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refused(0, 'unreachable', error.message);
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  throw new Refused(response.status, told?.error?.code ?? 'unknown', told?.error?.message ?? response.statusText);
}

/** Sends a body; what came back, or null where nothing did. Raises Refused. */
export async function ask(path, body, options) {
  const response = await send(path, body, options);
  return response.status === 204 ? null : response.json();
}

/** Says a sentence to everyone, listeners too, for some seconds; longer with a link. It stands in <div class="toasts" role="status">. */
export function tell(text, link = null) {
  const place = document.querySelector('.toasts');
  const line = document.createElement('p');
  line.textContent = text;
  if (link) {
    const away = document.createElement('a');
    [away.href, away.textContent] = [link.href, link.words];
    line.append(' ', away);
  }
  place.append(line);
  setTimeout(() => line.remove(), link ? 4 * TOAST_MS : TOAST_MS);
}

/** Opens or closes the drawer that a button's aria-controls names. While open, what lies under it cannot be reached. */
function moveDrawer(button, isOpen) {
  const drawer = document.getElementById(button.getAttribute('aria-controls'));
  button.setAttribute('aria-expanded', String(isOpen));
  drawer.toggleAttribute('data-open', isOpen);
  for (const node of drawer.parentElement.children) if (node !== drawer && !node.matches('script, .toasts')) node.inert = isOpen;
  document.querySelector('.veil')?.remove();
  if (!isOpen) {
    button.focus();
    return;
  }
  const veil = document.createElement('div');
  veil.className = 'veil';
  veil.addEventListener('click', () => moveDrawer(button, false));
  document.body.append(veil);
  drawer.querySelector('a, button, input')?.focus();
}

const openDrawer = () => document.querySelector('[data-drawer][aria-expanded="true"]');

/** Writes how far each slider is, for browsers that do not paint it. */
function paintSlider(slider) {
  const [low, high] = [Number(slider.min || 0), Number(slider.max || 100)];
  slider.style.setProperty('--p', `${(100 * (slider.value - low)) / (high - low)}%`);
}

function growField(field) {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  const button = event.target.closest('button');
  if (button && 'drawer' in button.dataset) moveDrawer(button, button.getAttribute('aria-expanded') !== 'true');
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const drawer = openDrawer();
  if (drawer) moveDrawer(drawer, false);
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});
document.addEventListener('input', (event) => {
  if (event.target.matches('input[type="range"]')) paintSlider(event.target);
  if (event.target.matches('.composer textarea') && !CSS.supports('field-sizing', 'content')) growField(event.target);
});
// A drawer is one on narrow screens alone: turned to a wide one, the page is whole again.
matchMedia('(max-width: 860px)').addEventListener('change', ({ matches: isNarrow }) => {
  const drawer = openDrawer();
  if (drawer && !isNarrow) moveDrawer(drawer, false);
});
document.querySelectorAll('input[type="range"]').forEach(paintSlider);
// A table that letters make wider than its place is scrolled to by the keyboard too, and is called as its section is.
const rolls = new ResizeObserver((all) => {
  for (const { target } of all) {
    const roll = target.parentElement;
    const isWide = roll.scrollWidth > roll.clientWidth + 1;
    const name = roll.closest('section')?.querySelector('h2')?.textContent ?? document.querySelector('h1')?.textContent;
    for (const [key, value] of [['tabindex', '0'], ['role', 'group'], ['aria-label', name ?? '']]) if (isWide) roll.setAttribute(key, value); else roll.removeAttribute(key);
  }
});
const mindTables = (place) => place.querySelectorAll('.roll > table').forEach((table) => rolls.observe(table));
mindTables(document);
document.addEventListener('drawn', (event) => mindTables(event.target));
// A browser's first page is drawn without the font, and has it afterwards; the next ones find it kept.
addEventListener('load', () => {
  const font = document.querySelector('meta[name="font"]');
  if (!font) return;
  const sheet = document.createElement('link');
  sheet.rel = 'stylesheet';
  sheet.href = font.content;
  const secure = location.protocol === 'https:' ? '; secure' : '';
  sheet.addEventListener('load', () => { document.cookie = `solvent_font=1; path=/; max-age=${FONT_KEPT_S}; samesite=lax${secure}`; });
  requestAnimationFrame(() => setTimeout(() => document.head.append(sheet)));
});
