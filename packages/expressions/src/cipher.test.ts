import { sealed } from '@tiercel/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCipher, LazyMap, openSealed, openVariables, renderText } from './index.ts';

const KEY = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
let count = 0;
const cipher = createCipher(KEY, (size) => new Uint8Array(size).fill(count++ % 256));

describe('encryption with the key of the server', () => {
  it('reads what the reference has encrypted', () => {
    expect(cipher.open('hL/dtCJQmbIeoX7CkKfbWLe/5MMoF1PVKHKnwx4jVcWCHv2BlbZh')).toBe('Hello World');
  });

  it('gives back every text, and never twice the same', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => cipher.open(cipher.seal(text)) === text));
    expect(cipher.seal('a')).not.toBe(cipher.seal('a'));
    expect(cipher.seal('')).toBe('');
  });

  it('refuses keys of another length, other keys and changed data', () => {
    expect(() => createCipher('c2hvcnQ=', () => new Uint8Array())).toThrow('16, 24 or 32 bytes');
    const other = createCipher(KEY.replace('M', 'N'), (size) => new Uint8Array(size));
    expect(() => other.open(cipher.seal('x'))).toThrow('wrong key or changed data');
    expect(() => cipher.open('AAAA')).toThrow('too short');
  });
});

describe('encrypted values among others', () => {
  class Lazy extends LazyMap {
    override get = (key: string): unknown => (key === 'a' ? { body: sealed(cipher.seal('deep')) } : undefined);
    override has = (key: string): boolean => key === 'a';
    override keys = (): readonly string[] => ['a'];
  }

  it('are decrypted wherever they stand', () => {
    const value = { a: sealed(cipher.seal('x')), b: [sealed(cipher.seal('y')), 1], c: { d: 'plain' } };
    const opened = openSealed(value, cipher.open) as typeof value;
    expect(opened).toEqual({ a: 'x', b: ['y', 1], c: { d: 'plain' } });
    expect(opened.c).toBe(value.c);
    expect((openSealed(new Lazy(), cipher.open) as LazyMap).get('a')).toEqual({ body: 'deep' });
  });

  it('among variables are decrypted at once where they are inputs, and each once as they are touched where they are outputs', () => {
    const read: string[] = [];
    const open = (text: string): string => {
      read.push(cipher.open(text));
      return read.at(-1)!;
    };
    const one = (text: string): object => ({ ...sealed(cipher.seal(text)) });
    const variables = {
      inputs: { deep: [one('input')] },
      outputs: { a: { body: one('a'), n: 1 }, loop: { x: { body: one('x') }, y: { body: one('y') } } },
      trigger: { body: one('came') },
      vars: { kept: one('vars') },
    };
    const opened = openVariables(variables, open);
    expect(read).toEqual(['input']);
    const env = { now: () => 0, random: () => 0 };
    const render = (text: string): string => renderText(text, opened, env);
    expect(render('{{ outputs.loop.x.body }}{{ outputs.loop.x.body }}{{ outputs.a.n }}')).toBe('xx1');
    expect(read).toEqual(['input', 'x']);
    expect(render('{{ outputs | json }}{{ trigger }}')).toBe(
      '{"a":{"body":"a","n":1},"loop":{"x":{"body":"x"},"y":{"body":"y"}}}{"body":"came"}',
    );
    expect(read.toSorted()).toEqual(['a', 'came', 'input', 'x', 'y']);
    expect(render('{{ outputs.a is map }} {{ outputs.none is defined }} {{ outputs.a | keys }}')).toBe(
      'true false ["body","n"]',
    );
    expect(opened.vars).toBe(variables.vars);
  });

  it('what holds none is not copied', () => {
    const value = { a: [1, { b: null }], type: 'other', value: 'x' };
    expect(openSealed(value, cipher.open)).toBe(value);
  });
});
