import { describe, expect, it } from 'vitest';
import { Masking } from './masking.ts';

const maskingOf = (...secrets: readonly string[]): Masking => {
  const masking = new Masking();
  for (const secret of secrets) masking.add(secret);
  return masking;
};

describe('masking', () => {
  it('puts stars of the same length in the place of a secret, as often as it comes', () => {
    const masking = maskingOf('hunter2-hunter2', 'abc');
    expect(masking.apply('hunter2-hunter2 abcabc')).toBe('**masked******* ******');
    expect(masking.apply('nothing of it')).toBe('nothing of it');
    expect(maskingOf('').apply('text')).toBe('text');
  });

  it('hides the longer of two secrets first', () => {
    expect(maskingOf('abc', 'abcdef').apply('abcdef abc')).toBe('****** ***');
  });

  it('hides the lines of a secret, those that say something', () => {
    const masking = maskingOf('first line\r\nend\nthe last line');
    expect(masking.apply('> first line <\nend')).toBe('> **masked** <\nend');
  });

  it('hides a secret as JSON writes it', () => {
    const secret = 'a "quoted"\nword\\';
    const shown = maskingOf(secret).apply(`{"a":${JSON.stringify(secret)}}`);
    expect(shown).toMatch(/^\{"a":"\*\*masked\**"\}$/);
  });

  it('hides a secret in an address', () => {
    const secret = 'pass word/ü';
    const masking = maskingOf(secret, '\ud800 half');
    expect(masking.apply(`GET ${new URL(`http://x/?a=${secret}`).href} failed`)).toBe(
      'GET http://x/?a=**masked********** failed',
    );
    expect(masking.apply(encodeURIComponent(secret))).toMatch(/^\*\*masked\*+$/);
  });

  it('hides what a cut left of a secret', () => {
    const masking = maskingOf('0123456789');
    expect(masking.apply('received `01234567…`')).toBe('received `********…`');
    expect(masking.apply('received "01234...')).toBe('received "*****...');
    expect(masking.apply('01234567 012345… 0123')).toBe('01234567 ******… 0123');
  });

  it('hides a part of a secret between two cuts, and its end behind one', () => {
    const masking = maskingOf('0123456789abcdef');
    expect(masking.apply('{{ …456789…')).toBe('{{ …******…');
    expect(masking.apply('....9abcdef }}')).toBe('....******* }}');
    expect(masking.apply('…456789 …abcd …xyz 0123')).toBe('…456789 …abcd …xyz 0123');
    expect(maskingOf('aaaaaaaaaa').apply('…aaaaaaa…')).toBe('…*******…');
  });

  it('takes values apart, and hides them in plain data', () => {
    const masking = new Masking();
    masking.addAll(['one-secret', { deep: 4711 }, null, true]);
    expect(masking.applyTo({ a: ['one-secret', 4711, 47, null, true], 'one-secret': 'x 4711' })).toEqual({
      a: ['**masked**', '****', 47, null, true],
      '**masked**': 'x ****',
    });
  });
});
