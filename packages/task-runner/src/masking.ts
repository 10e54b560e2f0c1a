/** What the first nine stars of a masked secret look like (execution-semantics.md §4.5). */
const MARK = '**masked*';
/** Lines of a secret with several lines are masked on their own from this length on: scripts print line by line. */
const SHORTEST_LINE = 8;

/** The secrets that an attempt has read, to be hidden in what people see of it. */
export class Masking {
  /** Longest first, so that a secret inside another one does not leave the rest of it readable. */
  #secrets: { readonly text: string; readonly mask: string }[] = [];

  add(secret: string): void {
    const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE) : [];
    for (const text of [secret, ...lines]) {
      if (text === '' || this.#secrets.some((known) => known.text === text)) continue;
      this.#secrets.push({ text, mask: maskOf(text.length) });
    }
    this.#secrets.sort((a, b) => b.text.length - a.text.length);
  }

  /** The text with every secret replaced by stars of the same length. */
  apply(text: string): string {
    let masked = text;
    for (const { text: secret, mask } of this.#secrets) {
      if (masked.includes(secret)) masked = masked.replaceAll(secret, () => mask);
    }
    return masked;
  }
}

const maskOf = (length: number): string =>
  length < MARK.length ? '*'.repeat(length) : MARK + '*'.repeat(length - MARK.length);
