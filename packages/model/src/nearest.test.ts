import { expect, it } from 'vitest';
import { nearestNames } from './nearest.ts';

it.each([
  ['randomPort', ['randomInt'], []],
  ['radnomInt', ['randomInt'], ['randomInt']],
  ['ramdonInt', ['randomInt'], ['randomInt']],
  ['key', ['keys'], ['keys']],
  ['abcd', ['abxy'], []],
  ['abcdef', ['abxyef'], ['abxyef']],
  ['abcdefghijkl', ['abcdefghixyz'], []],
  ['abcdefghijklm', ['abcdefghijxyz'], ['abcdefghijxyz']],
  [`${'a'.repeat(30)}bcde`, [`${'a'.repeat(30)}wxyz`], []],
])('%s of %j gives %j', (name, known, expected) => {
  expect(nearestNames(name, known)).toEqual(expected);
});
