// The dialog that shares a conversation by a link.

const byId = (id) => document.getElementById(id);

/** Opens it, if it is not open. link: where what is shared is read; null while nothing is. */
export function openShare(link) {
  byId('link-field').hidden = !link;
  byId('link').value = link ? new URL(link, location.href).href : '';
  for (const node of byId('share').querySelectorAll('[data-do]')) node.hidden = (node.dataset.do === 'share_begin') === Boolean(link);
  if (!byId('share').open) byId('share').showModal();
}
