// Has passkeys made and used by the browser, and puts what they sign into the form that is sent then.

import { ask, Refused } from './page.js';

const ASKED_AT = { new: '/account/passkeys/challenge', 'sign-in': '/sign-in/passkey/challenge' };

function bytesOf(text) {
  const spelled = text.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(spelled), (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** What the server asks, with bytes where the browser wants them. */
function readOptions(told) {
  const options = { ...told, challenge: bytesOf(told.challenge) };
  if (told.user) options.user = { ...told.user, id: bytesOf(told.user.id) };
  for (const list of ['excludeCredentials', 'allowCredentials']) {
    if (told[list]) options[list] = told[list].map((one) => ({ ...one, id: bytesOf(one.id) }));
  }
  return options;
}

/** What the browser made or signed, as text. */
function written(credential) {
  const response = {};
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (credential.response[name]) response[name] = textOf(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: textOf(credential.rawId), type: credential.type, response });
}

async function carryOut(form) {
  const isNew = form.dataset.passkey === 'new';
  const body = isNew ? { password: form.elements.password?.value ?? '' } : {};
  const publicKey = readOptions(await ask(ASKED_AT[form.dataset.passkey], body));
  const credential = await (isNew ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
  form.elements.credential.value = written(credential);
  form.submit();
}

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const wrong = form.querySelector('[role="alert"]');
  const button = form.querySelector('button');
  wrong.hidden = true;
  button.disabled = true;
  try {
    await carryOut(form);
  } catch (error) {
    wrong.textContent = error instanceof Refused && error.status ? error.message : form.dataset.failed;
    wrong.hidden = false;
    button.disabled = false;
  }
}

const hasThem = 'credentials' in navigator && 'PublicKeyCredential' in window;
for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (hasThem) form.addEventListener('submit', send);
  if (hasThem) form.hidden = false;
}
for (const note of document.querySelectorAll('[data-passkeys-none]')) note.hidden = hasThem;
for (const part of document.querySelectorAll('[data-passkeys-add]')) part.hidden = !hasThem;
