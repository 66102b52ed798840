// Signs in with the key after the # of the address, where `solvent serve` writes it. The fragment was never sent anywhere.

const SHAPE = /^(op|sk)-solvent-[\x21-\x7e]+$/;

/** Takes the key out of the address bar; "" where none is. */
export function takeKey() {
  const fragment = location.hash.slice(1); // a key has no character that an address would spell otherwise
  if (!SHAPE.test(fragment)) return '';
  history.replaceState(null, '', location.pathname + location.search);
  return fragment;
}

const field = document.querySelector('form #key');

function signIn() {
  const key = takeKey();
  if (!key || !field) return;
  field.value = key;
  field.form.submit();
}

addEventListener('hashchange', signIn);
signIn();
if (field) field.focus();
