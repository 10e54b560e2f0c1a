/** Type of an encrypted value among others (execution-semantics.md §1.1). */
export const SEALED_TYPE = 'io.kestra.datatype:aes_encrypted';

/** An encrypted text that says that it is one. `value`: Base64, see expressions.md §15. */
export interface Sealed {
  readonly type: typeof SEALED_TYPE;
  readonly value: string;
}

export const sealed = (value: string): Sealed => ({ type: SEALED_TYPE, value });

export const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' &&
  value !== null &&
  (value as { readonly type?: unknown }).type === SEALED_TYPE &&
  typeof (value as { readonly value?: unknown }).value === 'string';

/** Whether an encrypted value stands anywhere in plain JSON. */
export function holdsSealed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isSealed(value) || Object.values(value).some(holdsSealed);
}
