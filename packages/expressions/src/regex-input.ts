import type { RE2JS } from 're2js';
import { TextSearch } from './search.ts';
import type { Work } from './work.ts';

/** Characters that the matcher reads between two looks at the bounds. */
const READS = 64;
/** Instructions of a pattern that are followed in the time of one step, while one character is read. */
const INSTRUCTIONS_PER_STEP = 32;
const READS_PER_STEP = 16;

/**
 * A text that counts how often the matcher reads of it. The matcher itself can not be told to stop, but each character
 * it looks at comes from here: so a pattern of many states on a long text ends where the bounds on work are.
 */
class CountedText extends String {
  private readonly text: string;
  private readonly work: Work;
  private readonly cost: number;
  private left = READS;
  private found: { readonly part: string; readonly places: TextSearch } | undefined;

  constructor(text: string, work: Work, instructions: number) {
    super(text);
    this.text = text;
    this.work = work;
    this.cost = Math.ceil((READS / READS_PER_STEP) * (1 + instructions / INSTRUCTIONS_PER_STEP));
  }

  override charCodeAt(index: number): number {
    this.left -= 1;
    if (this.left < 0) {
      this.left = READS;
      this.work.step(this.cost);
    }
    return this.text.charCodeAt(index);
  }

  /** The matcher looks for literal parts of a pattern before it reads character by character. */
  override indexOf(part: string, from = 0): number {
    if (this.found?.part !== part) this.found = { part, places: new TextSearch(this.text, part, this.work) };
    return this.found.places.next(from);
  }

  override substring(start: number, end?: number): string {
    return this.text.substring(start, end);
  }
}

/** The matcher of a pattern on a text, stopped by the bounds on work. */
export function matcherOf(regex: RE2JS, text: string, work: Work): ReturnType<RE2JS['matcher']> {
  work.step();
  // The matcher takes texts of this kind as texts; only its types do not say so.
  return regex.matcher(new CountedText(text, work, regex.programSize()) as unknown as string);
}
