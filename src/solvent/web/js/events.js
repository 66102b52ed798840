// Server-sent events, read by hand: EventSource does not say why it was refused, nor when nothing was heard for long.

const EVENT_CHARACTERS_MAX = 4_000_000;

/** A reader of one stream: feed it text as it comes; it calls `tell(name, data)` for every whole event. */
export function eventReader(tell) {
  let rest = '';
  let name = 'message';
  let data = [];

  function take(line) {
    if (line === '') {
      if (data.length) tell(name, data.join('\n'));
      name = 'message';
      data = [];
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === 'event') name = value;
    if (field === 'data') data.push(value); // a line that begins with ":" has no field: a beat
  }

  return (text) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop();
    if (rest.length > EVENT_CHARACTERS_MAX) throw new Error('an event is too long');
    lines.forEach(take);
  };
}
