import type { Json } from './execution.ts';
import type { InputType } from './flow.ts';

/** A raw value that cannot be read as its type. The message follows the reference: ``Expected `INT` but received `x` ``. */
export class TypedValueError extends Error {
  constructor(type: string, raw: Json, detail?: string) {
    const shown = typeof raw === 'string' ? raw : JSON.stringify(raw);
    super(
      `Expected \`${type}\` but received \`${shown.slice(0, 200)}\`${detail === undefined ? '' : ` with errors: ${detail}`}`,
    );
    this.name = 'TypedValueError';
  }
}

const INTEGER = /^[+-]?\d+$/;

/**
 * Reads a value as one of the types of inputs and outputs (execution-semantics.md §10.2). Null is never a value of a type.
 * Throws TypedValueError.
 */
export function parseTypedValue(type: InputType, raw: Json): Json {
  if (raw === null) throw new TypedValueError(type, raw);
  switch (type) {
    case 'STRING':
      return typeof raw === 'string' ? raw : typeof raw === 'object' ? JSON.stringify(raw) : String(raw);
    case 'INT': {
      const number =
        typeof raw === 'number' ? raw : typeof raw === 'string' && INTEGER.test(raw.trim()) ? Number(raw.trim()) : NaN;
      if (!Number.isInteger(number) || Math.abs(number) > 2_147_483_648 || number === 2_147_483_648)
        throw new TypedValueError(type, raw);
      return number;
    }
    case 'FLOAT': {
      const number = typeof raw === 'number' ? raw : typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : NaN;
      if (Number.isNaN(number)) throw new TypedValueError(type, raw);
      return number;
    }
    case 'BOOLEAN':
      return typeof raw === 'boolean' ? raw : typeof raw === 'string' && raw.toLowerCase() === 'true';
    case 'JSON':
      if (typeof raw !== 'string') return raw;
      try {
        return JSON.parse(raw) as Json;
      } catch (error) {
        throw new TypedValueError(type, raw, (error as Error).message);
      }
    case 'FILE':
      if (typeof raw !== 'string' || !raw.startsWith('kestra://')) throw new TypedValueError(type, raw);
      return raw;
  }
}
