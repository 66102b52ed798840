// Buttons that copy: <button data-copies="ID of the text" data-done="Copied">. Without TLS the text is chosen instead.

const SAID_MS = 2000;

for (const button of document.querySelectorAll('[data-copies]')) {
  const text = document.getElementById(button.dataset.copies);
  button.addEventListener('click', async () => {
    if (!navigator.clipboard) {
      getSelection().selectAllChildren(text);
      return;
    }
    await navigator.clipboard.writeText(text.textContent);
    const before = [...button.childNodes];
    button.replaceChildren(button.dataset.done);
    setTimeout(() => button.replaceChildren(...before), SAID_MS);
  });
}
