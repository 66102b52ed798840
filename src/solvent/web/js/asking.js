// Asks, and hears the answer as it comes. What is asked and told is kept by the server: whoever leaves finds it again.

import { eventReader } from './events.js';
import { send } from './page.js';

const LOOK_MS = 250; // after an answer was stopped: how soon to look what is kept of it, then ever later
const LOOK_MS_MAX = 3000;
const LOOKS_MS = 180_000; // as long as the rest of an answer may be read, and more

/** Asks; tells on.begun(talk) and on.text(piece). What it ends with: {turn, remains}, or null where it was deleted meanwhile;
 *  at once, not when the connection is through. Raises Refused, and AbortError when stopped. */
export async function askAndHear(question, signal, on) {
  const response = await send('/chat/ask', question, { signal });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let ending; // undefined until it is told
  const feed = eventReader((name, data) => {
    if (name === 'ended' || name === 'gone') ending = JSON.parse(data);
    else on[name]?.(JSON.parse(data));
  });
  while (ending === undefined) {
    const { done, value } = await reader.read();
    if (done) throw new TypeError('the answer broke off');
    feed(decoder.decode(value, { stream: true }));
  }
  reader.read().catch(() => {}); // the end of the connection, which nobody waits for
  return ending;
}

/** What is kept of a turn, once it is settled and has its receipt, if it has one; null where it cannot be had. */
export async function keptTurn(id) {
  const latest = Date.now() + LOOKS_MS;
  let turn = null;
  for (let pause = LOOK_MS; navigator.onLine && Date.now() < latest; pause = Math.min(LOOK_MS_MAX, pause + LOOK_MS)) {
    const response = await fetch(`/chat/turns/${id}`, { headers: { accept: 'application/json' } }).catch(() => null);
    if ([401, 403, 404].includes(response?.status)) return null; // signed out, or deleted
    if (response?.ok) turn = await response.json();
    if (turn?.receipt ? turn.state !== 'asked' : ['answered', 'failed'].includes(turn?.state)) return turn;
    await new Promise((wake) => setTimeout(wake, pause));
  }
  return turn?.state === 'asked' ? null : turn;
}
