import { Failure } from './errors.ts';
import { callMethod, methodNames, readProperty } from './methods.ts';
import { plainText } from './print.ts';
import { isNumber, LazyMap, MapEntry, mapGet, mapKeys, MISSING, toDouble, type Value } from './values.ts';
import type { Work } from './work.ts';

const hasOwn = Object.prototype.hasOwnProperty;
const INDEX = /^[+-]?\d+$/;
const FORBIDDEN = new Set(['class', 'getclass', 'wait', 'notify', 'notifyall']);

/** `base.name`: an own entry of a map, an element of a list, or a whitelisted property (expressions.md §6). */
export function getNamed(base: Value, name: string, work: Work): Value | typeof MISSING {
  if (typeof base === 'object' && base !== null) {
    const prototype = Object.getPrototypeOf(base) as object | null;
    if (prototype === Object.prototype || prototype === null) {
      if (!hasOwn.call(base, name)) return MISSING;
      const value = (base as Record<string, Value>)[name];
      return value === undefined ? MISSING : value;
    }
  }
  return getOther(base, name, work);
}

function getOther(base: Value, name: string, work: Work): Value | typeof MISSING {
  if (base === null || base === undefined) return MISSING;
  if (base instanceof LazyMap || base instanceof Map) return mapGet(base, name);
  if (Array.isArray(base) && INDEX.test(name)) return element(base, Number(name));
  if (base instanceof MapEntry) {
    if (name === 'key') return base.key;
    if (name === 'value') return base.value;
  }
  refuse(name);
  return readProperty(base, name, work);
}

function refuse(name: string): void {
  if (FORBIDDEN.has(name.toLowerCase())) throw new Failure(`\`${name}\` can not be used in an expression`);
}

function element(list: readonly Value[], index: number): Value | typeof MISSING {
  if (index < 0 || index >= list.length) return MISSING;
  const value = list[index];
  return value === undefined ? null : value;
}

/** `base[key]`: numbers index lists; on maps they count as their text form (expressions.md §16, E8). */
export function getSubscript(base: Value, key: Value, work: Work): Value | typeof MISSING {
  if (typeof key === 'string') return getNamed(base, key, work);
  if (key === null) return MISSING;
  if (isNumber(key)) {
    if (Array.isArray(base)) return element(base as readonly Value[], Math.trunc(toDouble(key)));
    return getNamed(base, plainText(key, work), work);
  }
  return getNamed(base, plainText(key, work), work);
}

/** `base.name(args)`: a whitelisted method, or undefined. */
export function invoke(base: Value, name: string, args: readonly Value[], work: Work): Value | typeof MISSING {
  if (base === null || base === undefined) return MISSING;
  refuse(name);
  return callMethod(base, name, args, work);
}

/** Names that exist at this place, for the hint in an error. */
export function knownNames(base: Value): Iterable<string> {
  if (typeof base !== 'object' || base === null || Array.isArray(base)) return methodNames(base, 0);
  const prototype = Object.getPrototypeOf(base) as object | null;
  if (prototype === Object.prototype || prototype === null || base instanceof Map || base instanceof LazyMap) {
    return mapKeys(base);
  }
  return methodNames(base, 0);
}
