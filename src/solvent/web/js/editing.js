// A question of one's own that is written anew, in place.

import { el } from './nodes.js';
import { say } from './turns.js';

/** The form, with a text to begin with. send(text) and leave(): what follows. */
export function editForm(text, send, leave) {
  const field = el('textarea', { class: 'input', 'aria-label': say('edit'), rows: '3' });
  const form = el('form', { class: 'editing' }, field, el('p', { class: 'form-end' }, el('button', { class: 'btn prime small' }, say('edit_save')), el('button', { class: 'btn line small', type: 'button', 'data-do': 'edit_cancel' }, say('cancel'))));
  field.value = text;
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      form.requestSubmit();
    }
    if (event.key === 'Escape') leave();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (field.value.trim()) send(field.value);
  });
  return form;
}
