import { describe, expect, it } from 'vitest';
import { PartFinder } from './masked-parts.ts';
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

  it('hides a secret as URL parsers, forms and other languages write it', () => {
    const secret = "pä s[5]{x}|q'!(*)^`~%#+$&=/?:@;,<>";
    const masking = maskingOf(secret);
    const url = new URL('http://host/');
    url.searchParams.set('k', secret);
    const encoded = encodeURIComponent(secret);
    const strict = encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    const json = JSON.stringify(secret);
    for (const text of [
      url.search.slice(3),
      encoded.replace(/%../g, (escape) => escape.toLowerCase()),
      strict,
      strict.replaceAll('%20', '+'),
      json.slice(1, -1).replace('ä', '\\u00e4'),
      json.slice(1, -1).replace('ä', '\\u00E4'),
    ])
      expect(masking.apply(`<${text}>`)).toMatch(/^<\*\*masked\*+>$/);
  });

  it.each(["pä s[5]{x}|q'r", 'a ^b`c{d}%~', 'x "y" <z>'])('hides %s in every part of a parsed URL', (secret) => {
    const masking = maskingOf(secret);
    for (const place of ['http://h/?k=', 'http://h/p/', 'http://h/#', 'foo://h/?k=']) {
      const shown = masking.apply(new URL(`${place}${secret}&end`).href);
      expect(shown.slice(place.length)).toMatch(/^\*\*masked\*+&end$/);
    }
    const url = new URL('http://h/');
    url.password = secret;
    expect(masking.apply(url.href)).toMatch(/^http:\/\/:\*\*masked\*+@h\/$/);
  });

  it('hides a secret without the line breaks at its end', () => {
    expect(maskingOf('s3cret\n').apply('is s3cret.')).toBe('is ******.');
    expect(maskingOf('s3cret\r\n\n').apply('s3cret\r\n\n')).toBe('**masked*');
    expect(maskingOf('\n').apply('text')).toBe('text');
  });

  it('hides parts of secrets that repeat themselves', () => {
    expect(maskingOf('A'.repeat(20_000)).apply(`${'AAAA…'.repeat(1000)}b`)).toBe(`${'****…'.repeat(1000)}b`);
    expect(maskingOf('A'.repeat(41)).apply(`${'A'.repeat(40)}...`)).toBe(`**masked*${'*'.repeat(31)}...`);
    expect(maskingOf('ababac').apply('xababab… …babac')).toBe('xab****… …*****');
  });
});

describe('the search for parts', () => {
  const placesOf = (secret: string, text: string, most?: number): { places: number[][]; steps: number } => {
    const finder = new PartFinder([secret], most);
    const places: number[][] = [];
    finder.find(text, (from, to) => places.push([from, to]));
    return { places, steps: finder.steps };
  };

  it.each([
    ['A', 'A'.repeat(40_000), ' ...'],
    ['A', 'AAAA…'.repeat(10_000), 'b'],
    ['.', '.'.repeat(40_000), ''],
    ['A', 'A'.repeat(39_999), 'B…'],
  ])('takes steps in proportion to the text: %s', (unit, text, end) => {
    const { steps } = placesOf(unit.repeat(1000), text + end);
    expect(steps).toBeLessThan(3 * text.length + 1000 * (text.split('…').length + 1));
  });

  it('takes all beside cuts for parts where it would take too long', () => {
    const { places } = placesOf('AAAAAAAA', 'some words … and more …', 0);
    expect(places).toEqual([]);
    const bounded = placesOf('AAAAAAAA', 'more AAAAAAA … and then some', 2);
    expect(bounded.places).toEqual([
      [5, 13],
      [14, 22],
    ]);
  });
});
