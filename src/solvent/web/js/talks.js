// The side: conversations by day, found by their words, more when asked for.

import { el } from './nodes.js';
import { say } from './turns.js';

const DAY_MS = 86_400_000;
const WAIT_MS = 200;

export class Talks {
  constructor(place, field, first) {
    this.place = place;
    this.field = field;
    this.shown = first.talks;
    this.before = first.before;
    this.current = '';
    this.asked = 0;
    let timer = 0;
    field.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.look(), WAIT_MS);
    });
  }

  /** Looks anew for what stands in the field. */
  async look(before = 0) {
    this.asked += 1;
    const mine = this.asked;
    const found = await this.read(before);
    if (!found || mine !== this.asked) return;
    this.shown = before ? [...this.shown, ...found.talks] : found.talks;
    this.before = found.before;
    this.draw();
  }

  /** Looks anew for what is shown, as far as it is; what did not change is left alone. */
  async refresh() {
    const [mine, former] = [this.asked, this.shown];
    const found = await this.read(0);
    if (!found || mine !== this.asked || former !== this.shown) return;
    const last = found.before ? found.talks.at(-1).used_us : 0;
    const older = last ? this.shown.filter(({ used_us: at }) => at < last) : [];
    const talks = [...found.talks, ...older];
    if (JSON.stringify(talks) === JSON.stringify(this.shown)) return;
    this.shown = talks;
    if (!older.length) this.before = found.before;
    this.draw();
  }

  /** The conversations that have the words in the field; null where they cannot be had. */
  async read(before) {
    const query = new URLSearchParams({ sought: this.field.value.trim(), before: String(before) });
    const response = await fetch(`/chat/talks?${query}`, { headers: { accept: 'application/json' } }).catch(() => null);
    return response?.ok ? response.json() : null;
  }

  /** The one that is open; it comes first when it was used just now. */
  open(talk, { isUsed = false } = {}) {
    this.current = talk?.id ?? '';
    if (talk && (isUsed || this.shown.some(({ id }) => id === talk.id))) {
      const line = { id: talk.id, title: talk.title, used_us: talk.used_us };
      const rest = this.shown.filter(({ id }) => id !== talk.id);
      this.shown = isUsed ? [line, ...rest] : this.shown.map((each) => (each.id === talk.id ? line : each));
    }
    this.draw();
  }

  forget(id) {
    this.shown = this.shown.filter((each) => each.id !== id);
    this.draw();
  }

  draw() {
    const parts = [];
    for (const [name, talks] of byDay(this.shown)) {
      parts.push(el('h2', {}, say(name)), el('ul', { role: 'list' }, ...talks.map((talk) => el('li', {}, this.link(talk)))));
    }
    if (!parts.length) parts.push(el('p', { class: 'hint' }, say(this.field.value ? 'none_found' : 'no_talks')));
    if (this.before) {
      const more = el('button', { class: 'btn small', type: 'button' }, say('more_talks'));
      more.addEventListener('click', () => this.look(this.before));
      parts.push(more);
    }
    this.place.replaceChildren(...parts);
  }

  link({ id, title }) {
    return el('a', { href: `/talks/${id}`, 'aria-current': id === this.current ? 'page' : null, title }, title);
  }
}

/** [name of the days, conversations], the newest first. */
function byDay(talks) {
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  const groups = new Map();
  for (const talk of talks) {
    const age = (today.getTime() - talk.used_us / 1000) / DAY_MS;
    const name = age <= 0 ? 'today' : age <= 1 ? 'yesterday' : age <= 7 ? 'week' : 'older';
    groups.set(name, [...(groups.get(name) ?? []), talk]);
  }
  return groups;
}
