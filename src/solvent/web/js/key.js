// The operator's key: from the address or the form into this tab's session, and nowhere else.

const NAME = 'solvent.operator-key';
const SHAPE = /^(op|sk)-solvent-[\x21-\x7e]+$/;

/** The key in what a person pasted: the key itself, or the whole address that ends in it. */
export function keyIn(text) {
  const last = text.trim().split('#').at(-1).trim();
  return /^[\x21-\x7e]{1,400}$/.test(last) ? last : '';
}

/** Takes the key out of the address bar, if one is there. The fragment was never sent to the server. */
export function takeFromAddress() {
  const fragment = location.hash.slice(1); // a key has no character that an address would spell otherwise
  if (!SHAPE.test(fragment)) return '';
  history.replaceState(null, '', location.pathname + location.search);
  remember(fragment);
  return fragment;
}

export function remember(key) {
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // Storage is switched off: the key lasts until the page is left.
  }
}

export function remembered() {
  try {
    return sessionStorage.getItem(NAME) ?? '';
  } catch {
    return '';
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
}
