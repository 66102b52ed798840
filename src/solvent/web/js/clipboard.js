// Words onto the clipboard.

/** Copies them; where a browser does not let us, as without TLS, they are chosen in `node`, to be copied by hand.
 *  Whether they were copied. */
export async function copied(text, node) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (node) getSelection().selectAllChildren(node);
    return false;
  }
}
