import type { FlowInput, InputType, Json } from '@tiercel/model';
import { ValueProblem } from './problem.ts';
import { readSecret, readValue, textOf, type ValuePorts } from './read.ts';
import { ruleOf, type Matcher } from './rules.ts';

/** What the reading of inputs needs of its caller. */
export interface InputPorts extends ValuePorts {
  /** Compiles the pattern of a validator, for whole texts. */
  readonly matcher: (pattern: string) => Matcher;
}

/** A value of an input that was accepted. */
export interface ReadInputValue {
  /** What the row of an execution holds. */
  readonly stored: Json;
  /** What expressions see: secrets as they are. */
  readonly plain: Json;
}

/** Judges the values of one input. Null is for the caller. Throws ValueProblem. */
export type InputReader = (raw: Json) => ReadInputValue;

/** The type of the elements, for types that have some: MULTISELECT chooses texts unless it says something else. */
function itemTypeOf(input: FlowInput): InputType | undefined {
  if (input.type === 'MULTISELECT') return input.itemType ?? 'STRING';
  return input.type === 'ARRAY' ? input.itemType : undefined;
}

/** A choice of a list in the form in which an item is stored; one that is no such value stays as it is, and is never chosen. */
function asItem(input: FlowInput, choice: string, ports: ValuePorts): Json {
  const type = itemTypeOf(input) ?? 'STRING';
  if (type === 'SECRET') return choice;
  try {
    return readValue(type, choice, ports);
  } catch (error) {
    if (error instanceof ValueProblem) return choice;
    throw error;
  }
}

/**
 * Makes the reader of an input: its type, then its own rules (execution-semantics.md §10.2). A secret is judged before it is encrypted
 * (D35: the reference matches the pattern with the encrypted text).
 */
export function inputReader(input: FlowInput, ports: InputPorts): InputReader {
  const rule = ruleOf(input, ports.matcher, (choice) => asItem(input, choice, ports));
  if (input.type === 'SECRET') {
    return (raw) => {
      const plain = textOf(raw);
      rule?.(plain);
      return { stored: readSecret(plain, ports), plain };
    };
  }
  const { type } = input;
  const itemType = itemTypeOf(input);
  const isSecret = itemType === 'SECRET';
  return (raw) => {
    const stored = readValue(type, raw, ports, itemType);
    const plain = isSecret ? readValue(type, raw, ports, 'STRING') : stored;
    rule?.(plain);
    return { stored, plain };
  };
}
