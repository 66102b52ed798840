// What goes with a question: pictures, and files whose text the server reads; chosen, dropped or pasted, several at once.

import { moneyText, picos } from './money.js';
import { el, icon, pageLanguage } from './nodes.js';
import { Refused, tell, token } from './page.js';
import { aboutFile, say, tellWrong } from './turns.js';

const PICTURES_MAX = 4;
const PICTURE_BYTES_MAX = 480_000; // so that four of them fit
const SIDE_MAX = 1568; // pixels: no model sees more
const FILES_MAX = 8;
const FILE_BYTES_MAX = 20 * 1024 * 1024;
const SEEN = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

export class Attachments {
  /** list: where they are shown. adds: where it is said what their texts add to an answer. wayOf(): how one is answered. */
  constructor(list, adds, currency, wayOf) {
    Object.assign(this, { list, adds, currency, wayOf });
    this.all = []; // {name, url}, or {name, size} with `reading` until there is `text`
    this.before = Promise.resolve(); // the server reads one at a time
  }

  get pictures() {
    return this.all.filter(({ url }) => url).map(({ url }) => url);
  }

  get documents() {
    return this.all.filter(({ text }) => text).map(({ name, size, text, pages, pages_read, is_cut }) => ({ name, size, text, pages, pages_read, is_cut }));
  }

  get isReading() {
    return this.all.some(({ reading }) => reading);
  }

  /** Puts others in their place; the former ones. */
  swap(others) {
    const former = this.all;
    this.all = others;
    this.draw();
    return former;
  }

  /** What cannot be taken is said at once, of all. */
  async add(files) {
    const [wrong, pictures] = [new Set(), []];
    const [few, large] = [[], []];
    let [seen, read] = [this.pictures.length, this.all.length - this.pictures.length];
    for (const file of files) {
      if (SEEN.includes(file.type)) {
        seen += 1;
        if (seen > PICTURES_MAX) wrong.add(say('too_many_pictures', { n: PICTURES_MAX }));
        else pictures.push(file);
      } else if (file.size > FILE_BYTES_MAX) large.push(file.name);
      else {
        read += 1;
        if (read > FILES_MAX) wrong.add(say('too_many_files', { n: FILES_MAX }));
        else few.push(file);
      }
    }
    if (large.length) wrong.add(say('file_too_large', { name: large.join(', '), n: FILE_BYTES_MAX / 1024 / 1024 }));
    for (const file of few) this.#read(file);
    this.draw();
    for (const file of pictures) {
      const found = await readPicture(file).catch(() => null);
      if (found) this.all.push({ name: file.name, ...found });
      else wrong.add(say('picture_too_large'));
    }
    this.draw();
    if (wrong.size) tell([...wrong].join(' '));
  }

  #read(file) {
    const one = { name: nameOf(file), size: file.size, reading: new AbortController(), told: el('small', { class: 'num' }, say('waiting')) };
    this.all.push(one);
    const said = (part) => one.told.replaceChildren(part < 1 ? `${Math.floor(100 * part)} %` : say('reading'));
    this.before = this.before.then(async () => {
      try {
        const found = one.reading.signal.aborted ? null : await upload(file, said, one.reading.signal);
        if (found) Object.assign(one, found);
      } catch (wrong) {
        this.all = this.all.filter((each) => each !== one);
        if (wrong.name !== 'AbortError') tellWrong(wrong, one.name);
      }
      one.reading = null;
      this.draw();
    });
  }

  draw() {
    const focused = this.list.contains(document.activeElement);
    this.list.hidden = !this.all.length;
    this.list.replaceChildren(...this.all.map((one) => this.#chip(one)));
    if (focused) this.list.querySelector('button')?.focus();
    this.sayWhatItAdds();
  }

  #chip(one) {
    const away = el('button', { class: 'btn icon small', type: 'button', 'aria-label': say('remove', { name: one.name }) }, icon('x', 'small'));
    away.addEventListener('click', () => {
      one.reading?.abort();
      this.all = this.all.filter((each) => each !== one);
      this.draw();
      this.list.dispatchEvent(new Event('emptied', { bubbles: true }));
    });
    const sign = one.url ? el('img', { src: one.url, alt: '' }) : icon('file-text', 'small');
    const about = one.url ? null : one.reading ? one.told : el('small', { class: 'num' }, aboutFile(one));
    return el('li', { 'aria-busy': one.reading ? 'true' : null }, sign, el('span', { title: one.name }, one.name), about, away);
  }

  /** About how much dearer each answer gets that reads these texts. */
  sayWhatItAdds() {
    const sums = this.all.filter(({ adds }) => adds).map(({ adds }) => picos(adds[this.wayOf()] ?? '0'));
    const sum = sums.reduce((one, other) => one + other, picos('0'));
    this.adds.hidden = !sums.length;
    this.adds.textContent = sums.length ? say('adds', { money: moneyText(sum, this.currency, pageLanguage()) }) : '';
  }
}

/** As it can be kept: what cannot be printed is left out. */
const nameOf = (file) => file.name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, 200) || '…';

/** Sends a file to be read. said(part): how much of it has arrived, up to 1. */
function upload(file, said, signal) {
  return new Promise((done, wrong) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how far it is
    request.open('POST', '/chat/documents');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('x-csrf', token());
    request.responseType = 'json';
    request.upload.addEventListener('progress', ({ loaded, total }) => said(loaded / total));
    request.addEventListener('load', () => {
      const { status, response } = request;
      if (status === 200 && response) done(response);
      else wrong(new Refused(status, response?.error?.code ?? 'unknown', response?.error?.message ?? say('not_read')));
    });
    request.addEventListener('error', () => wrong(new Refused(0, 'unreachable', '')));
    request.addEventListener('abort', () => wrong(new DOMException('', 'AbortError')));
    signal.addEventListener('abort', () => request.abort());
    said(0);
    request.send(file);
  });
}

/** The picture as a data URL; one that is too large is drawn smaller first. */
async function readPicture(file) {
  if (file.size <= PICTURE_BYTES_MAX) return { url: await asUrl(file) };
  const bitmap = await createImageBitmap(file);
  for (const quality of [0.85, 0.6, 0.4]) {
    const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
    const canvas = el('canvas', { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
    canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality));
    if (blob && blob.size <= PICTURE_BYTES_MAX) return { url: await asUrl(blob) };
  }
  return null;
}

const asUrl = (blob) =>
  new Promise((done, wrong) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => done(reader.result));
    reader.addEventListener('error', () => wrong(reader.error));
    reader.readAsDataURL(blob);
  });

const hasFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;

/** Files may be dropped anywhere on the page, or pasted; `zone` says so while some are above it. */
export function takeDropped(zone, take) {
  const isClosed = () => Boolean(document.querySelector('dialog[open]'));
  const show = (isShown) => { zone.hidden = !isShown; };
  document.addEventListener('dragenter', (event) => hasFiles(event) && !isClosed() && show(true));
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // or the browser opens the file in place of the page
    event.dataTransfer.dropEffect = isClosed() ? 'none' : 'copy';
  });
  document.addEventListener('dragleave', (event) => !event.relatedTarget && show(false));
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(false);
    if (!isClosed()) take([...event.dataTransfer.files]);
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Cells of a spreadsheet are on the clipboard as a picture too: whoever pastes words wants the words.
    if (!files.length || isClosed() || event.clipboardData.types.includes('text/plain')) return;
    event.preventDefault();
    take(files);
  });
}
