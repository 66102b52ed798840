// A conversation that somebody shares, to read.

import { learn, turnNode } from './turns.js';

const main = document.getElementById('main');
learn(JSON.parse(main.dataset.words));
const turns = JSON.parse(main.dataset.talk).map((turn, n) => ({ ...turn, id: '', left_out: 0, pictures_at: `${location.pathname}/pictures/${n}` }));
document.getElementById('turns').replaceChildren(...turns.map((turn, n) => turnNode(turn, n + 1, { isMine: false })));
