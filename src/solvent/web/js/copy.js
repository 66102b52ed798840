// Buttons that copy: <button data-copies="ID of the text" data-done="Copied">.

import { copied } from './clipboard.js';

const SAID_MS = 2000;

for (const button of document.querySelectorAll('[data-copies]')) {
  const text = document.getElementById(button.dataset.copies);
  button.addEventListener('click', async () => {
    if (!(await copied(text.textContent, text))) return;
    const before = [...button.childNodes];
    button.replaceChildren(button.dataset.done);
    setTimeout(() => button.replaceChildren(...before), SAID_MS);
  });
}
