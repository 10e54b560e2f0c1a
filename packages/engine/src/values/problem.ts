import { shortened } from '@tiercel/model';

/** How much of a bad value a message repeats. */
const SHOWN = 300;

/** A value as messages show it: texts as they are, the rest as JSON, both not at length. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return shortened(text, SHOWN);
}

/** Stands in messages for a value that is secret. */
export const HIDDEN = '******';

/** What is wrong with a value, without saying whose it is: the middle of the message (execution-semantics.md §10.2). */
export class ValueProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ValueProblem';
  }
}

/** A value of another kind than its type. `shown` is what people see of it; the reason does not quote it. Throws ValueProblem. */
export function notA(type: string, shown: string, reason: string): never {
  throw new ValueProblem(`Expected \`${type}\` but received \`${shown}\` with errors:\n\`\`\`\n${reason}\n\`\`\``);
}
