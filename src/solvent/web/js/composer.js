// Where questions are written: it keeps what was written, takes pictures and text files, and what is said aloud.

import { el, icon } from './nodes.js';
import { tell } from './page.js';
import { say } from './turns.js';

const PICTURES_MAX = 4;
const PICTURE_BYTES_MAX = 480_000; // so that four of them fit
const SIDE_MAX = 1568; // pixels: no model sees more
const QUESTION_MAX = 100_000;
const SEEN = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

export class Composer {
  constructor(form, send) {
    this.form = form;
    this.field = form.querySelector('textarea');
    this.list = form.querySelector('.attached');
    this.attached = []; // {name, text} or {name, url}
    this.key = `solvent.draft ${location.pathname}`;
    this.field.value = sessionStorage.getItem(this.key) ?? '';
    this.field.addEventListener('input', () => this.keep());
    // A Hangul syllable under way ends with Enter too: that one does not send.
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      send();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      send();
    });
    this.field.addEventListener('paste', (event) => {
      const files = [...event.clipboardData.files];
      if (files.length) {
        event.preventDefault();
        this.attach(files);
      }
    });
    form.querySelector('#files').addEventListener('change', (event) => {
      this.attach([...event.target.files]);
      event.target.value = '';
    });
    this.listening = null;
    form.querySelector('.voice').hidden = !speech();
  }

  keep() {
    sessionStorage.setItem(this.key, this.field.value);
  }

  /** Which way to answer was chosen, and whether it sees pictures. */
  get mode() {
    const chosen = this.form.querySelector('input[name="mode"]:checked, input[type="hidden"][name="mode"], select[name="mode"] > option:checked');
    return { name: chosen.value, sees: chosen.dataset.sees === 'true' };
  }

  /** What is to be asked; null where it cannot be, which is said. */
  take() {
    const texts = this.attached.filter((each) => 'text' in each).map(({ name, text }) => `${name}\n\`\`\`\n${text.replaceAll('```', "'''")}\n\`\`\``);
    const question = [this.field.value.trim(), ...texts].filter(Boolean).join('\n\n');
    const pictures = this.attached.filter((each) => 'url' in each).map(({ url }) => url);
    if (!question) return null;
    if (question.length > QUESTION_MAX) tell(say('text_too_large', { n: QUESTION_MAX.toLocaleString('en-US') }));
    else if (pictures.length && !this.mode.sees) tell(say('sees_nothing'));
    else return { question, pictures, mode: this.mode.name };
    return null;
  }

  /** Empties it; returns how to have back what was in it. */
  clear() {
    this.listening?.abort(); // what is said from here on belongs to no question
    const [text, attached] = [this.field.value, this.attached];
    const put = (words, files) => {
      this.field.value = words;
      this.attached = files;
      this.keep();
      this.draw();
      this.field.dispatchEvent(new Event('input', { bubbles: true }));
    };
    put('', []);
    return () => this.field.value || put(text, attached);
  }

  async attach(files) {
    for (const file of files) {
      const isPicture = SEEN.includes(file.type);
      if (isPicture && this.attached.filter((each) => 'url' in each).length >= PICTURES_MAX) {
        tell(say('too_many_pictures', { n: PICTURES_MAX }));
        break;
      }
      const found = await (isPicture ? readPicture(file) : readText(file)).catch(() => null);
      if (found) this.attached.push({ name: file.name, ...found });
      else tell(isPicture ? say('picture_too_large') : say('not_readable', { name: file.name }));
    }
    this.draw();
    this.field.focus();
  }

  draw() {
    this.list.hidden = !this.attached.length;
    this.list.replaceChildren(...this.attached.map((each, n) => {
      const away = el('button', { class: 'btn icon small', type: 'button', 'aria-label': say('remove', { name: each.name }) }, icon('x', 'small'));
      away.addEventListener('click', () => {
        this.attached.splice(n, 1);
        this.draw();
        this.field.focus();
      });
      return el('li', {}, each.url ? el('img', { src: each.url, alt: '' }) : icon('file-text', 'small'), el('span', {}, each.name), away);
    }));
  }

  /** Begins to write what is said, or ends it. */
  hear(button) {
    if (this.listening) {
      this.listening.stop();
      return;
    }
    const hearing = new (speech())();
    hearing.lang = document.documentElement.lang === 'ko' ? 'ko-KR' : 'en-US';
    hearing.continuous = true;
    hearing.addEventListener('result', (event) => {
      const said = [...event.results].slice(event.resultIndex).filter((each) => each.isFinal).map((each) => each[0].transcript.trim()).join(' ');
      if (!said) return;
      this.field.value = [this.field.value.trimEnd(), said].filter(Boolean).join(' ');
      this.field.dispatchEvent(new Event('input', { bubbles: true }));
    });
    hearing.addEventListener('error', ({ error }) => error !== 'aborted' && tell(say('not_heard')));
    hearing.addEventListener('end', () => {
      this.listening = null;
      button.setAttribute('aria-pressed', 'false');
    });
    this.listening = hearing;
    button.setAttribute('aria-pressed', 'true');
    hearing.start();
    tell(say('listening'));
  }
}

const speech = () => window.SpeechRecognition ?? window.webkitSpeechRecognition;

async function readText(file) {
  if (file.size > 4 * QUESTION_MAX) return null;
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  return text.includes('\0') || text.length > QUESTION_MAX ? null : { text };
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
