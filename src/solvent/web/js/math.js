// Mathematics in an answer: $...$, $$...$$, \(...\) and \[...\], drawn by KaTeX, which is fetched when there is some.

import { el, escaped } from './nodes.js';

const VENDOR = new URL('../vendor/katex-0.19.1/', import.meta.url);
const INLINE = [/^\$\$([^$]+?)\$\$/s, /^\\\((.+?)\\\)/s, /^\\\[(.+?)\\\]/s, /^\$(?![\s$])((?:\\.|[^$\\\n])*?[^\s\\$])\$(?!\d)/];
const BLOCK = [/^ {0,3}\$\$([^$]+?)\$\$ *(?:\n+|$)/s, /^ {0,3}\\\[(.+?)\\\] *(?:\n+|$)/s];
const DISPLAYED = /^\s*(?:\$\$|\\\[)/;

function rule(name, level, patterns, start) {
  return {
    name,
    level,
    start: (text) => start.exec(text)?.index,
    tokenizer(text) {
      for (const pattern of patterns) {
        const found = pattern.exec(text);
        if (found) return { type: name, raw: found[0], text: found[1].trim(), isDisplayed: DISPLAYED.test(found[0]) };
      }
      return undefined;
    },
    // The source stands there, as it was written, until it is drawn.
    renderer({ raw, text, isDisplayed }) {
      const node = `<span data-math="${escaped(text)}" data-display="${isDisplayed ? 1 : 0}">${escaped(raw.trim())}</span>`;
      return level === 'block' ? `<p>${node}</p>` : node;
    },
  };
}

/** What marked learns of mathematics. */
export const mathematics = {
  extensions: [
    rule('block_math', 'block', BLOCK, /(?:^|\n) {0,3}(?:\$\$|\\\[)/),
    rule('inline_math', 'inline', INLINE, /\$|\\[([]/),
  ],
};

let drawing = null;

function loadKatex() {
  drawing ??= new Promise((resolve, reject) => {
    const sheet = el('link', { rel: 'stylesheet', href: new URL('katex.min.css', VENDOR).pathname });
    sheet.addEventListener('load', resolve);
    sheet.addEventListener('error', resolve); // it reads worse without, and still reads
    document.head.append(sheet);
    setTimeout(reject, 20_000, new Error('KaTeX did not come'));
  }).then(() => import(new URL('katex.min.js', VENDOR))).then(() => globalThis.katex);
  return drawing;
}

/** Draws the mathematics among these nodes; what cannot be read stays as it was written. */
export async function dressMath(nodes) {
  const found = nodes.flatMap((node) => (node.nodeType === Node.ELEMENT_NODE ? [...node.querySelectorAll('[data-math]'), ...(node.matches('[data-math]') ? [node] : [])] : []));
  if (!found.length) return;
  const katex = await loadKatex();
  for (const node of found) {
    const isDisplayed = node.dataset.display === '1';
    node.className = isDisplayed ? 'math block' : 'math';
    const source = [...node.childNodes];
    try {
      katex.render(node.dataset.math, node, { displayMode: isDisplayed, throwOnError: true, trust: false, strict: 'ignore', maxExpand: 200, maxSize: 20 });
      node.classList.add('drawn');
    } catch {
      node.replaceChildren(...source);
    }
  }
}
