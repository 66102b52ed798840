// Asks, and hears the answer as it comes. What is asked and told is kept by the server: whoever leaves finds it again.

import { eventReader } from './events.js';
import { send } from './page.js';

const LOOKS = 12; // after an answer was stopped: how often to look what is kept of it
const LOOK_MS = 250;

/** Asks; tells on.begun(talk), on.text(piece) and on.ended({turn, remains}). Raises Refused, and AbortError when stopped. */
export async function askAndHear(question, signal, on) {
  const response = await send('/chat/ask', question, { signal });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let isEnded = false;
  const feed = eventReader((name, data) => {
    isEnded ||= name === 'ended';
    on[name]?.(JSON.parse(data));
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    feed(decoder.decode(value, { stream: true }));
  }
  if (!isEnded) throw new TypeError('the answer broke off');
}

/** What is kept of a turn, once it is settled and has its receipt; null where it cannot be had. */
export async function keptTurn(id, signal) {
  let turn = null;
  for (let look = 0; look < LOOKS && navigator.onLine; look += 1) {
    const response = await fetch(`/chat/turns/${id}`, { headers: { accept: 'application/json' }, signal }).catch(() => null);
    if (response?.ok) turn = await response.json();
    if (turn && turn.state !== 'asked' && turn.receipt) return turn;
    await new Promise((wake) => setTimeout(wake, LOOK_MS * (1 + look)));
  }
  return turn;
}
