// Server-sent events, read by hand: EventSource cannot send the operator's key in a header.

const EVENT_CHARACTERS_MAX = 4_000_000;

/** A reader of one stream: feed it text as it comes; it calls `tell(name, data)` for every whole event. */
export function eventReader(tell) {
  let rest = '';
  return (text) => {
    rest += text;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    if (rest.length > EVENT_CHARACTERS_MAX) throw new Error('an event is too long');
    for (const line of lines) take(line);
  };

  function take(line) {
    if (line === '') return flush();
    if (line.startsWith(':')) return undefined; // a beat
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === 'event') pending.name = value;
    if (field === 'data') pending.data.push(value);
    return undefined;
  }

  function flush() {
    const { name, data } = pending;
    pending = { name: 'message', data: [] };
    if (data.length) tell(name, data.join('\n'));
  }
}

let pending = { name: 'message', data: [] };
