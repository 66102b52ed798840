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
    const query = new URLSearchParams({ sought: this.field.value.trim(), before: String(before) });
    const response = await fetch(`/chat/talks?${query}`, { headers: { accept: 'application/json' } }).catch(() => null);
    if (!response?.ok || mine !== this.asked) return;
    const found = await response.json();
    this.shown = before ? [...this.shown, ...found.talks] : found.talks;
    this.before = found.before;
    this.draw();
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
