// Looks now and then whether a payment was confirmed, and after a while leaves it.

const EACH_MS = 2000;
const TIMES = 45;
const line = document.getElementById('waiting');

async function look(left) {
  if (left === 0) {
    line.textContent = line.dataset.over;
    return;
  }
  const said = await fetch(location.pathname, { headers: { accept: 'application/json' } }).then((reply) => (reply.ok ? reply.json() : null), () => null);
  if (said && said.state !== 'open') location.replace(location.pathname);
  else setTimeout(look, EACH_MS, left - 1);
}

if (line) setTimeout(look, EACH_MS, TIMES);
