// Runs beside the chat's pages: where the network is gone it says so in our words. It keeps nothing else, so that no page is
// ever an old one.

const KEPT = 'offline';
const PAGE = '/offline';
const FILES = [PAGE, '/static/css/tokens.css', '/static/css/base.css', '/static/css/doorway.css', '/static/mark.svg'];

async function keep() {
  const cache = await caches.open(KEPT);
  await cache.addAll(FILES);
  await skipWaiting();
}

async function begin() {
  await registration.navigationPreload?.enable(); // a page is asked for while this is still waking up
  await clients.claim();
}

/** The page from the network, or that there is none. */
async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return caches.match(PAGE);
  }
}

addEventListener('install', (event) => event.waitUntil(keep()));
addEventListener('activate', (event) => event.waitUntil(begin()));
addEventListener('fetch', (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(event));
  else if (FILES.includes(pathname)) event.respondWith(fetch(request).catch(() => caches.match(pathname)));
});
