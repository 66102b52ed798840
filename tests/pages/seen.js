// What is wrong with a page as somebody sees it: reads too wide, cut, overlaid or in the other language, is too small to
// touch, or does not show that the keyboard is on it. Returns sentences.
({ allowed }) => {
  const NARROW = 860, TOUCH = 40, SLACK = 1.5;
  const wrong = [];
  const isPhone = innerWidth <= NARROW;
  const styles = new Map();
  const style = (node) => { if (!styles.has(node)) styles.set(node, getComputedStyle(node)); return styles.get(node); };
  const name = (node) => `<${node.tagName.toLowerCase()}${node.id ? `#${node.id}` : ''}${node.classList.length ? `.${[...node.classList].join('.')}` : ''}> "${node.textContent.trim().replace(/\s+/g, ' ').slice(0, 50)}"`;
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: false, contentVisibilityAuto: true }) && !node.closest('.vh, [inert], .skip');
  const scrolls = (node) => ['auto', 'scroll'].includes(style(node).overflowX);
  const floats = (node) => { for (let up = node; up; up = up.parentElement) if (['fixed', 'sticky', 'absolute'].includes(style(up).position)) return true; return false; };
  const scroller = (node) => { for (let up = node; up; up = up.parentElement) if (scrolls(up)) return up; return null; };

  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) wrong.push(`the page is ${wide} px too wide`);

  for (const node of document.querySelectorAll('.roll')) if (node.scrollWidth > node.clientWidth + 1) wrong.push(`a table is wider than its place: ${name(node)}`);

  // Texts: none leaves its box or the screen, none is cut without a sign, none lies over another.
  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const words = text.data.trim(), box = text.parentElement;
    if (!words || box.closest('script, style, noscript, option, template, svg, title') || !isSeen(box)) continue;
    range.selectNodeContents(text);
    const rects = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1);
    if (!rects.length) continue;
    if (words.length > 1 && rects.length >= words.length) wrong.push(`broken letter by letter: ${name(box)}`);
    const hidden = ['hidden', 'clip'].includes(style(box).overflowX) && box.scrollWidth > box.clientWidth + SLACK;
    if (hidden && style(box).textOverflow !== 'ellipsis') wrong.push(`cut: ${name(box)}`);
    let frame = box;
    while (style(frame).display.startsWith('inline') && !style(frame).display.includes('-') && frame.parentElement) frame = frame.parentElement;
    const around = frame.getBoundingClientRect();
    const rolls = scroller(box);
    for (const rect of rects) {
      if (!hidden && !rolls && rect.right > around.right + SLACK) { wrong.push(`wider than its box by ${Math.round(rect.right - around.right)} px: ${name(frame)}`); break; }
      if (!rolls && (rect.right > innerWidth + SLACK || rect.left < -SLACK) && !floats(box)) { wrong.push(`off the screen: ${name(box)}`); break; }
    }
    if (floats(box) || rolls) continue;
    for (const { top, bottom, left, right } of rects) {
      const end = hidden ? Math.min(right, box.getBoundingClientRect().right) : right;
      lines.push({ rect: { top, bottom, left, right: end }, box, frame });
    }
  }
  lines.sort((one, other) => one.rect.top - other.rect.top);
  overlays: for (let n = 0; n < lines.length; n += 1) {
    for (let m = n + 1; m < lines.length && lines[m].rect.top < lines[n].rect.bottom - 4; m += 1) {
      const [one, other] = [lines[n], lines[m]];
      if (one.frame === other.frame || one.box.contains(other.box) || other.box.contains(one.box)) continue;
      const across = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      const down = Math.min(one.rect.bottom, other.rect.bottom) - Math.max(one.rect.top, other.rect.top);
      if (across > 2 && down > 4) { wrong.push(`${name(one.box)} and ${name(other.box)} lie over each other`); if (wrong.length > 12) break overlays; }
    }
  }

  // Words of the other language, also those that are only heard.
  const korean = document.documentElement.lang === 'ko';
  const strange = korean ? /[A-Za-z][A-Za-z’']{2,}/g : /[가-힣]+/g;
  const known = new Set(allowed);
  // What only machines say: ids, accounts, addresses, names of files and versions, data as it is kept.
  const machines = /\{.*\}|\S*[_:@/=;{}<>]\S*|\S+[.\-]\S+|…\w+|\S*\d\S*|\b[A-Z]{8}\b/g;
  const look = (words, node) => { const text = korean ? words.replace(machines, ' ') : words; const word = text.match(strange)?.find((each) => !known.has(each)); if (word) wrong.push(`not translated: "${word}" in ${name(node)}`); };
  const isOurs = (node) => !node.closest(`code, pre, samp, script, style, [lang]:not(html), textarea, template, noscript, .mark, .who, .keys dt, .as-written, .asked, .prose`);
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = all.nextNode(); text; text = all.nextNode()) if (text.data.trim() && isOurs(text.parentElement)) look(text.data, text.parentElement);
  look(document.title, document.head);
  for (const node of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) if (isOurs(node)) for (const each of ['aria-label', 'title', 'placeholder', 'alt']) look(node.getAttribute(each) ?? '', node);

  // What can be touched is large enough for a finger; a link in a sentence is as high as the sentence.
  const acts = [...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex="0"]')].filter((node) => isSeen(node) && !node.disabled && node.getClientRects().length);
  if (isPhone) for (const node of acts) {
    const target = node.matches('input[type=checkbox], input[type=radio]') ? node.closest('label') ?? node : node;
    if (node.matches('[tabindex="0"]:not(a, button, summary, input)') || node.matches('input[type=file].vh')) continue;
    if (node.matches('a') && style(node).display === 'inline') continue;
    const { width, height } = target.getBoundingClientRect();
    if (width < TOUCH - 0.5 || height < TOUCH - 0.5) wrong.push(`${Math.round(width)}x${Math.round(height)} px to touch: ${name(target)}`);
  }

  // The keyboard's place shows.
  const shown = (node) => [node, node.parentElement, node.nextElementSibling, node.closest('form')].map((each) => { if (!each) return ''; const { outline, borderColor, boxShadow, backgroundColor } = getComputedStyle(each); return [outline, borderColor, boxShadow, backgroundColor].join(); }).join();
  const was = document.activeElement, at = scrollY;
  for (const node of acts) {
    if (node.tabIndex < 0) continue;
    document.activeElement?.blur();
    const before = shown(node);
    node.focus({ preventScroll: true });
    if (document.activeElement === node && node.matches(':focus-visible') && shown(node) === before) wrong.push(`nothing shows that the keyboard is on ${name(node)}`);
  }
  document.activeElement?.blur();
  was?.focus?.({ preventScroll: true });
  scrollTo(0, at);
  return [...new Set(wrong)];
}
