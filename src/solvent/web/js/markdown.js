// What a model writes, as nodes that cannot run, submit, load or restyle anything: marked reads it, DOMPurify lets
// through what is on the list below, and what we add (copy buttons, mathematics) is made of nodes.

import DOMPurify from '../vendor/dompurify-3.4.18/purify.es.mjs';
import { Marked } from '../vendor/marked-18.2.1/marked.esm.js';
import { dressCode } from './code.js';
import { dressMath, mathematics } from './math.js';
import { el, escaped, pageLanguage } from './nodes.js';

// No class, id, name or style: words of a model never look or act like a part of the page. Pictures become links, for
// whoever looked at one would tell its server so.
const SAFE = {
  ALLOWED_TAGS: [
    'a', 'b', 'blockquote', 'br', 'code', 'dd', 'del', 'details', 'dl', 'dt', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'ins',
    'kbd', 'li', 'mark', 'ol', 'p', 'pre', 's', 'span', 'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr', 'u', 'ul',
  ],
  ALLOWED_ATTR: ['align', 'colspan', 'data-display', 'data-language', 'data-math', 'href', 'open', 'rowspan', 'start', 'title'],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  KEEP_CONTENT: true,
  ADD_URI_SAFE_ATTR: ['align', 'colspan', 'data-display', 'data-language', 'data-math', 'open', 'rowspan', 'start', 'title'],
  FORBID_CONTENTS: ['script', 'style', 'iframe', 'noscript', 'template', 'title', 'textarea', 'svg', 'math', 'object', 'xmp', 'noembed', 'noframes', 'plaintext'],
  RETURN_DOM_FRAGMENT: true,
};
const WORDS = { ko: { table: '표' }, en: { table: 'Table' } };

const marked = new Marked({ gfm: true }, mathematics, {
  renderer: {
    code: ({ text, lang }) => `<pre><code data-language="${escaped((lang ?? '').split(/\s/)[0])}">${escaped(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
  },
});

/** The nodes of one block. `outline` is what headings came before; it is not changed, the new one is returned. */
function nodesOf(token, outline) {
  const fragment = DOMPurify.sanitize(marked.parser([token]), SAFE);
  for (const link of fragment.querySelectorAll('a')) {
    if (!link.hasAttribute('href')) continue;
    link.setAttribute('rel', 'noopener noreferrer nofollow');
    link.setAttribute('target', '_blank');
  }
  for (const table of fragment.querySelectorAll('table')) {
    const frame = el('div', { class: 'table', role: 'region', tabindex: '0', 'aria-label': WORDS[pageLanguage()].table });
    table.replaceWith(frame);
    frame.append(table);
  }
  const after = withHeadings(fragment, outline);
  return { nodes: [...fragment.childNodes], outline: after };
}

/** Headings in an answer stand below the answer's own h2, and none skips a level. */
function withHeadings(fragment, { first, last }) {
  for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const depth = Number(heading.tagName[1]);
    first ??= depth;
    last = Math.max(3, Math.min(6, 3 + depth - first, last + 1));
    heading.replaceWith(el(`h${last}`, {}, ...heading.childNodes));
  }
  return { first, last };
}

const NO_HEADINGS = { first: null, last: 2 };
const isContent = (token) => token.type !== 'space' && token.type !== 'def';

/**
 * Words as they come, in `node`: add(text) as often as there is some, end() once. Only the last block is written again,
 * so nothing flickers and what is selected stays selected. end() resolves when code and mathematics are drawn too.
 */
export class Prose {
  constructor(node) {
    this.node = node;
    this.source = '';
    this.tail = 0; // where the text of the last block begins
    this.blocks = []; // {raw, nodes, outline, isWhole, drawn}
    this.frame = 0;
  }

  add(text) {
    this.source += text.replaceAll('\r', '');
    this.frame ||= requestAnimationFrame(() => this.write());
  }

  /** Writes what has come so far, at once. */
  write() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const tokens = marked.lexer(this.source.slice(this.tail));
    const lastContent = tokens.findLastIndex(isContent);
    this.forget(this.blocks.at(-1)?.isWhole === false ? this.blocks.length - 1 : this.blocks.length);
    tokens.forEach((token, index) => {
      if (index < lastContent) this.tail += token.raw.length;
      if (isContent(token)) this.put(token, index < lastContent);
    });
  }

  async end() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    // Read once more as a whole: what was told late, such as where links go, may concern what came early.
    const tokens = marked.lexer(this.source);
    const wanted = tokens.filter(isContent);
    const hasLinks = Object.keys(tokens.links).length > 0;
    const same = hasLinks ? 0 : wanted.findIndex((token, index) => !this.blocks[index]?.isWhole || this.blocks[index].raw !== token.raw);
    const kept = same === -1 ? wanted.length : same;
    this.forget(kept);
    wanted.slice(kept).forEach((token) => this.put(token, true));
    await Promise.all(this.blocks.map((block) => block.drawn));
  }

  put(token, isWhole) {
    const before = this.blocks.at(-1)?.outline ?? NO_HEADINGS;
    const { nodes, outline } = nodesOf(token, before);
    this.node.append(...nodes);
    const drawn = isWhole ? Promise.all([dressCode(nodes), dressMath(nodes)]) : null;
    if (!isWhole) dressCode(nodes, { isPlain: true });
    this.blocks.push({ raw: token.raw, nodes, outline, isWhole, drawn });
  }

  /** Takes away every block from this one on. */
  forget(from) {
    for (const block of this.blocks.splice(from)) for (const node of block.nodes) node.remove();
  }
}

/** A whole text at once. Resolves when code and mathematics are drawn too. */
export async function writeMarkdown(node, text) {
  node.replaceChildren();
  const prose = new Prose(node);
  prose.source = text.replaceAll('\r', '');
  await prose.end();
}
