/**
 * A value as the store keeps it: frozen all through, so that it can be shared with callers without copies, and with what
 * PostgreSQL cannot hold replaced as the real store does (NUL, halves of surrogate pairs, numbers that JSON does not know).
 * A value that is frozen already has been here before and is taken as it is.
 */
export function held<T>(value: T): T {
  switch (typeof value) {
    case 'string':
      return (isStorable(value) ? value : value.toWellFormed().replaceAll('\u0000', '\uFFFD')) as T;
    case 'number':
      return (Number.isFinite(value) ? value : null) as T;
    case 'object':
      if (value === null || Object.isFrozen(value)) return value;
      return (Array.isArray(value) ? heldArray(value) : heldObject(value as Record<string, unknown>)) as T;
    default:
      return value;
  }
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');

/** Arrays and objects stay the same unless something inside had to be replaced. */
function heldArray(list: unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const inner = list[i];
    const kept = held(inner);
    if (!Object.is(kept, inner)) (copy ??= [...list])[i] = kept;
  }
  return Object.freeze(copy ?? list);
}

function heldObject(object: Record<string, unknown>): Readonly<Record<string, unknown>> {
  let changed = false;
  for (const key of Object.keys(object)) {
    const inner = object[key];
    if (!Object.is(held(inner), inner) || !isStorable(key)) changed = true;
  }
  if (!changed) return Object.freeze(object);
  return Object.freeze(Object.fromEntries(Object.entries(object).map(([key, inner]) => [held(key), held(inner)])));
}
