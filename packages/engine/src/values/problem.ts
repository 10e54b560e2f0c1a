/** How much of a bad value a message repeats. */
const SHOWN = 300;

/** A value as messages show it: texts as they are, the rest as JSON, both not at length. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** What is wrong with a value, without saying whose it is: the middle of the message (execution-semantics.md §10.2). */
export class ValueProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ValueProblem';
  }
}

/** A value of another kind than its type. Throws ValueProblem. */
export function notA(type: string, value: unknown, reason: string): never {
  throw new ValueProblem(
    `Expected \`${type}\` but received \`${shownValue(value)}\` with errors:\n\`\`\`\n${reason}\n\`\`\``,
  );
}
