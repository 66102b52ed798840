// Charts from the figures in the page: <figure class="chart"><script type="application/json">{kind, label, ...}</script>.
// Labels stand on the data, loss stands below the zero line with its minus sign, and every figure can be read as a table.

import { day } from './charts/day.js';
import { residual } from './charts/residual.js';
import { shore } from './charts/shore.js';
import { el, pageLanguage, svg } from './nodes.js';

const KINDS = { day, shore, residual };
const NARROW = 280;
const AS_TABLE = { ko: '표로 보기', en: 'As a table' };

/** Draws one chart's data into a node: what is there already but its data goes. Raises for a kind that is not known. */
export function drawChart(figure, data) {
  const language = pageLanguage();
  const width = Math.max(NARROW, figure.clientWidth || 600);
  const { height, marks, head, rows, near } = KINDS[data.kind]({ ...data, width, language });
  const isOpen = figure.querySelector('.as-table')?.open ?? false;
  for (const node of [...figure.children]) if (!node.matches('script')) node.remove();
  const drawing = svg('svg', { role: 'img', 'aria-label': data.label, viewBox: `0 0 ${width} ${height}`, height }, ...marks);
  figure.append(drawing);
  const table = asTable(head, rows, AS_TABLE[language]);
  table.open = isOpen;
  figure.append(table);
  figure.dispatchEvent(new CustomEvent('drawn', { bubbles: true })); // js/page.js minds its table
  if (near) tellWhatIsNear(figure, drawing, near);
}

function asTable(head, rows, words) {
  const right = (index) => (index ? 'n' : null);
  const headRow = el('tr', {}, ...head.map((text, index) => el('th', { class: right(index), scope: 'col' }, text)));
  const row = (cells) => el('tr', {}, ...cells.map((text, index) => (index ? el('td', { class: 'n' }, text) : el('th', { scope: 'row' }, text))));
  return el('details', { class: 'as-table' }, el('summary', {}, words), el('div', { class: 'roll' }, el('table', {}, el('thead', {}, headRow), el('tbody', {}, ...rows.map(row)))));
}

/** Hovering repeats what the table says. near(x) is {x, y, text}, or null where there is nothing. */
function tellWhatIsNear(figure, drawing, near) {
  const tip = el('div', { class: 'tip', 'aria-hidden': 'true', hidden: '' });
  figure.append(tip);
  drawing.onpointerleave = () => (tip.hidden = true);
  drawing.onpointermove = (event) => {
    const box = drawing.getBoundingClientRect();
    const found = near(event.clientX - box.left);
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = found.text;
    const half = tip.offsetWidth / 2;
    tip.style.left = `${Math.min(Math.max(found.x, half), box.width - half)}px`;
    tip.style.top = `${found.y - 8}px`;
  };
}

/** Draws every chart whose data stands in the page, and again when its width changes. */
export function drawCharts(place = document) {
  for (const island of place.querySelectorAll('.chart > script[type="application/json"]')) {
    const figure = island.parentElement;
    const data = JSON.parse(island.textContent);
    let width = 0;
    new ResizeObserver(() => {
      if (figure.clientWidth === width) return;
      width = figure.clientWidth;
      drawChart(figure, data);
    }).observe(figure);
  }
}
