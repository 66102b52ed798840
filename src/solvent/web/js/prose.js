// Answers as Markdown, whose reader and sanitiser are fetched when the first answer needs them. Until they are here words
// wait; where they do not come, words stand as they were written.

let fetched = null;

/** Fetches them; asked again after a failure, it tries again. */
export function fetchMarkdown() {
  fetched ??= import('./markdown.js').catch((wrong) => {
    fetched = null;
    throw wrong;
  });
  return fetched;
}

/** A whole text at once; see markdown.js. */
export async function writeMarkdown(node, text) {
  const markdown = await fetchMarkdown().catch(() => null);
  if (markdown) await markdown.writeMarkdown(node, text);
  else node.textContent = text;
}

/** Words as they come; see markdown.js. */
export class Prose {
  constructor(node) {
    this.node = node;
    this.text = '';
    this.prose = null;
    this.ready = fetchMarkdown().then(({ Prose: Written }) => {
      this.prose = new Written(node);
      if (this.text) this.prose.add(this.text);
    }, () => {});
  }

  add(text) {
    this.text += text;
    this.prose?.add(text);
  }

  /** Resolves when all words stand there; code and mathematics are drawn when what draws them has come. */
  async end() {
    await this.ready;
    if (this.prose) this.prose.end().catch(() => {});
    else this.node.textContent = this.text;
  }
}
