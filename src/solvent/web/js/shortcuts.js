// The chat's keys; the page lists them, see talk.html.

/** acts: by name, what stop, begin, copy, write and help do; stop tells whether there was something to stop. */
export function hearKeys(acts) {
  document.addEventListener('keydown', (event) => {
    const isWriting = event.target.matches('input, textarea, select');
    const isAlt = event.altKey && !event.ctrlKey && !event.metaKey; // AltGr, which writes letters, is both Alt and Ctrl
    const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (document.querySelector('dialog[open]') || event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape' && acts.stop()) event.preventDefault();
    else if (isCommand && event.code === 'KeyK') act(event, toSearch);
    else if (isAlt && event.code === 'KeyN') act(event, acts.begin);
    else if (isAlt && event.code === 'KeyC') act(event, acts.copy);
    else if (isWriting || isCommand || isAlt) return;
    else if (event.key === '/') act(event, acts.write);
    else if (event.key === '?') act(event, acts.help);
  });
}

function act(event, does) {
  event.preventDefault();
  does();
}

/** To the search; on a narrow screen it stands in the drawer. */
function toSearch() {
  const burger = document.querySelector('[data-drawer][aria-expanded="false"]');
  if (burger?.checkVisibility()) burger.click();
  document.getElementById('find').focus();
}
