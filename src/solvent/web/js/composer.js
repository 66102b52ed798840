// Where questions are written: it keeps what was written, takes pictures and files, and what is said aloud.

import { Attachments, takeDropped } from './attachments.js';
import { tell } from './page.js';
import { say } from './turns.js';

const QUESTION_MAX = 100_000;
const MODE = 'solvent.mode';

export class Composer {
  constructor(form, currency, send) {
    this.form = form;
    this.field = form.querySelector('textarea');
    this.attached = new Attachments(form.querySelector('.attached'), form.querySelector('.adds'), currency, () => this.mode.name);
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
    takeDropped(document.getElementById('drop'), (files) => this.attach(files));
    form.addEventListener('emptied', () => this.field.focus());
    form.addEventListener('change', ({ target }) => target.name === 'mode' && this.attached.sayWhatItAdds());
    form.querySelector('#files').addEventListener('change', (event) => {
      this.attach([...event.target.files]);
      event.target.value = '';
    });
    this.listening = null;
    form.querySelector('.voice').hidden = !speech();
  }

  /** Each conversation has its own draft, a new one too, which gets another address once it is asked in. */
  get key() {
    return `solvent.draft ${location.pathname}`;
  }

  /** Chooses the way that was chosen last, if it is still on offer. */
  choose() {
    const kept = localStorage.getItem(MODE);
    const radios = [...this.form.querySelectorAll('input[type="radio"][name="mode"]')];
    const options = [...this.form.querySelectorAll('select[name="mode"] > option')];
    const chosen = [...radios, ...options].find(({ value }) => value === kept) ?? radios[0];
    if (chosen) chosen[radios.length ? 'checked' : 'selected'] = true;
    this.form.addEventListener('change', (event) => event.target.name === 'mode' && localStorage.setItem(MODE, event.target.value));
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
    const [question, { pictures, documents }] = [this.field.value.trim(), this.attached];
    const size = documents.reduce((sum, { text }) => sum + text.length, question.length);
    if (this.attached.isReading) tell(say('still_reading'));
    else if (!question && !documents.length) return null;
    else if (size > QUESTION_MAX) tell(say(documents.length ? 'files_too_long' : 'text_too_large', { n: QUESTION_MAX.toLocaleString('en-US') }));
    else if (pictures.length && !this.mode.sees) tell(say('sees_nothing'));
    else return { question, pictures, documents, mode: this.mode.name };
    return null;
  }

  /** Empties it; returns how to have back what was in it, before what came into it meanwhile. */
  clear() {
    this.listening?.abort(); // what is said from here on belongs to no question
    const text = this.field.value;
    const put = (words, files) => {
      this.field.value = words;
      this.keep();
      this.field.dispatchEvent(new Event('input', { bubbles: true }));
      return this.attached.swap(files);
    };
    const attached = put('', []);
    return () => put([text, this.field.value].filter(Boolean).join('\n\n'), [...attached, ...this.attached.all]);
  }

  async attach(files) {
    await this.attached.add(files);
    this.field.focus();
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
