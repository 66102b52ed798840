// Other windows of the same browser: what is done in one shows in the others, and in each when somebody comes back to it.

const channel = new BroadcastChannel('solvent.talks');

/** Something changed here. */
export const tellOthers = () => channel.postMessage(null);

/** look(): called where something may have changed elsewhere, while somebody sees this window. */
export function hearOthers(look) {
  const lookIfSeen = () => document.hidden || look();
  channel.addEventListener('message', lookIfSeen);
  document.addEventListener('visibilitychange', lookIfSeen);
}
