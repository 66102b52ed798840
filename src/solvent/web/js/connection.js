// The connection to a stream of events: opens, reads, and when it is lost opens again after growing pauses.

import { eventReader } from './events.js';

const PAUSE_S_MIN = 1;
const PAUSE_S_MAX = 15;
const SILENCE_S_MAX = 40; // the server beats every 15 s

/**
 * Watches the stream at `path` until `close()`. Calls `on.event(name, body)`, `on.live()` after the first of them,
 * `on.lost(seconds)` and, when nobody is signed in who may see it, `on.refused()` once.
 */
export function watch(path, on) {
  let pauseS = PAUSE_S_MIN;
  let isClosed = false;
  let timer = 0;
  let attempt = null;

  async function open() {
    timer = 0;
    const mine = new AbortController();
    attempt = mine;
    let silence = setTimeout(() => mine.abort(), SILENCE_S_MAX * 1000);
    try {
      const answer = await fetch(path, {
        headers: { accept: 'text/event-stream, application/json' },
        cache: 'no-store',
        signal: mine.signal,
      });
      if ([401, 403, 404].includes(answer.status)) {
        close();
        on.refused();
        return;
      }
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let isLive = false;
      const feed = eventReader((name, data) => {
        if (isClosed) return;
        pauseS = PAUSE_S_MIN;
        on.event(name, JSON.parse(data));
        if (!isLive) on.live();
        isLive = true;
      });
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(silence);
        silence = setTimeout(() => mine.abort(), SILENCE_S_MAX * 1000);
        feed(decoder.decode(value, { stream: true }));
      }
    } catch (wrong) {
      if (!mine.signal.aborted && !(wrong instanceof TypeError)) console.warn('live view:', wrong.message);
      mine.abort();
    } finally {
      clearTimeout(silence);
    }
    if (!isClosed) again();
  }

  function again() {
    on.lost(pauseS);
    timer = setTimeout(open, pauseS * 1000);
    pauseS = Math.min(PAUSE_S_MAX, pauseS * 2);
  }

  function now() {
    if (isClosed || !timer || document.hidden) return;
    clearTimeout(timer);
    timer = 0;
    open();
  }

  function close() {
    isClosed = true;
    clearTimeout(timer);
    removeEventListener('online', now);
    document.removeEventListener('visibilitychange', now);
    attempt?.abort();
  }

  addEventListener('online', now);
  document.addEventListener('visibilitychange', now);
  open();
  return { close };
}
