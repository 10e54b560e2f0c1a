import { INPUT_TYPES, isSealed, type FlowInput, type InputType, type Json } from '@tiercel/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTimes, inputReader, readValue, ValueProblem, type InputPorts } from './index.ts';

const ports: InputPorts = {
  isFile: (text) => text.startsWith('kestra:///'),
  seal: (text) => `sealed(${text})`,
  matcher: (pattern) => (text) => new RegExp(`^(?:${pattern})$`).test(text),
};
const read = (type: InputType, raw: Json, itemType?: InputType): Json => readValue(type, raw, ports, itemType);
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof ValueProblem) return error.message;
    throw error;
  }
  throw new Error('was not refused');
};

describe('reading a value', () => {
  it.each<[InputType, Json, Json]>([
    ['STRING', 5, '5'],
    ['STRING', { a: [1] }, '{"a":[1]}'],
    ['ENUM', 'A', 'A'],
    ['INT', '-0', 0],
    ['FLOAT', '42.42', 42.42],
    ['FLOAT', '16777217', 16777216],
    ['BOOLEAN', 'TRUE', true],
    ['BOOLEAN', 'yes', false],
    ['DATETIME', '2019-10-06T18:27:49Z', '2019-10-06T18:27:49Z'],
    ['DATETIME', '2019-10-06T18:27:49.120+02:00', '2019-10-06T16:27:49.120Z'],
    ['DATETIME', '2019-10-06T18:27+00:00', '2019-10-06T18:27:00Z'],
    ['DATETIME', '+285000000-12-31T23:59:59Z', '+285000000-12-31T23:59:59Z'],
    ['DATE', '+999999999-12-31', '+999999999-12-31'],
    ['DATE', '2024-02-29', '2024-02-29'],
    ['TIME', '18:27', '18:27:00'],
    ['TIME', '18:27:49.5', '18:27:49.500'],
    ['DURATION', 'PT1H30M', 'PT1H30M'],
    ['DURATION', 'P1DT90S', 'PT24H1M30S'],
    ['DURATION', '-PT0.5S', 'PT-0.5S'],
    ['DURATION', '90', 'PT1M30S'],
    ['DURATION', 0.25, 'PT0.25S'],
    ['FILE', 'kestra:///a/b', 'kestra:///a/b'],
    ['JSON', '{"a": [1, null]}', { a: [1, null] }],
    ['JSON', { a: 1 }, { a: 1 }],
    ['YAML', 'a:\n  - one\n  - 2024-01-02', { a: ['one', '2024-01-02'] }],
    ['YAML', 'n: 123456789012345678901', { n: 123456789012345680000 }],
    ['YAML', { a: 1 }, { a: 1 }],
    ['URI', 'https://www.google.com', 'https://www.google.com'],
    ['URI', 'http://localhost:8080/a?b=c', 'http://localhost:8080/a?b=c'],
    ['EMAIL', 'me@kestra.io', 'me@kestra.io'],
    ['SECRET', 'top', 'sealed(top)'],
    ['ARRAY', '[1, "a"]', [1, 'a']],
  ])('%s takes %j as %j', (type, raw, expected) => {
    expect(read(type, raw)).toEqual(expected);
  });

  it('elements have their own type; secret ones say that they are encrypted', () => {
    expect(read('ARRAY', '["1", 2]', 'INT')).toEqual([1, 2]);
    expect(read('ARRAY', ['2024-01-01'], 'DATE')).toEqual(['2024-01-01']);
    expect(read('MULTISELECT', '[1, "a"]', 'STRING')).toEqual(['1', 'a']);
    expect((read('ARRAY', ['x'], 'SECRET') as Json[]).every(isSealed)).toBe(true);
  });

  it.each<[InputType, Json, string]>([
    ['INT', '4.2', 'For input string: "4.2"'],
    ['INT', '9'.repeat(100_000), 'For input string: "999'],
    ['FLOAT', '1e60', 'For input string: "1e60"'],
    ['DATETIME', 'yesterday', 'Expected `DATETIME` but received `yesterday` with errors:\n```\n'],
    ['DATETIME', '2019-10-06T18:27:49', 'an offset'],
    ['DATETIME', '+999999999-01-01T00:00:00Z', 'Expected `DATETIME`'],
    ['DATE', '+1000000000-01-01', 'Expected `DATE`'],
    ['DATE', '2019-13-45', 'Expected `DATE` but received `2019-13-45`'],
    ['DATE', '2023-02-29', 'Expected `DATE`'],
    ['DATE', '2023-02-28T00:00:00Z', 'Expected `DATE`'],
    ['TIME', '25:61', 'Expected `TIME` but received `25:61`'],
    ['DURATION', '5 minutes', 'Expected `DURATION` but received `5 minutes`'],
    ['DURATION', 'P1Y', 'without months and years'],
    ['DURATION', `PT${'9'.repeat(15)}H`, 'Expected `DURATION`'],
    ['FILE', '/etc/passwd', 'Expected `FILE` but received `/etc/passwd`'],
    ['JSON', '{"a": ', 'Expected `JSON` but received `{"a": ` with errors:'],
    ['YAML', 'a: [1, 2', 'Expected `YAML` but received `a: [1, 2` with errors:'],
    ['YAML', '', 'Expected `YAML`'],
    ['URI', 'http:/bla', 'Expected `URI` but received `http:/bla`'],
    ['URI', 'javascript:alert(1)', 'Expected `URI`'],
    ['ARRAY', 'no list', 'Expected `ARRAY` but received `no list` with errors:'],
    ['MULTISELECT', '{}', 'Expected `MULTISELECT` but received `{}`'],
  ])('%s refuses %j', (type, raw, message) => {
    expect(refusal(() => read(type, raw))).toContain(message);
  });

  it('tells of the element that is wrong, but not what was secret', () => {
    expect(refusal(() => read('ARRAY', '["s1", "s2"]', 'INT'))).toBe('Unable to parse array element as `INT` on `s1`');
    expect(refusal(() => read('ARRAY', '["2024-02-30"]', 'DATE'))).toContain('as `DATE` on `2024-02-30`');
    expect(refusal(() => readValue('ARRAY', ['hush'], { ...ports, seal: undefined }, 'SECRET'))).not.toContain('hush');
    expect(refusal(() => read('ARRAY', [null], 'STRING'))).toContain('on `null`');
  });

  it('needs a key for secrets', () => {
    expect(refusal(() => readValue('SECRET', 'x', { ...ports, seal: undefined }))).toBe(
      'Unable to use a `SECRET` input/output as encryption is not configured',
    );
  });

  it('what was read reads the same again', () => {
    const types = INPUT_TYPES.filter((type) => !['SECRET', 'JSON', 'YAML'].includes(type));
    const raw = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true }),
      fc.integer(),
      fc.boolean(),
      fc.jsonValue() as fc.Arbitrary<Json>,
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.tuple(fc.integer(), fc.nat(999_999_999)).map(([s, n]) => `PT${s}.${String(n).padStart(9, '0')}S`),
      fc.tuple(fc.nat(25), fc.nat(60), fc.nat(60)).map((part) => part.map((n) => String(n).padStart(2, '0')).join(':')),
      fc.webUrl(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), raw, (type, value) => {
        fc.pre(value !== null);
        let once: Json;
        try {
          once = read(type, value);
        } catch (error) {
          if (error instanceof ValueProblem) return;
          throw error;
        }
        expect(read(type, once)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, InputType, () => string]>([
    ['deep JSON', 'JSON', () => '['.repeat(1_000_000)],
    ['deep YAML in brackets', 'YAML', () => '['.repeat(1_000_000)],
    ['deep YAML by indentation', 'YAML', () => Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['large YAML', 'YAML', () => 'a: b\n'.repeat(1_000_000)],
    ['YAML of many small parts', 'YAML', () => `[${'a,'.repeat(900_000)}]`],
    ['a long text that is no duration', 'DURATION', () => `P${'1'.repeat(1_000_000)}`],
    ['a long text that is no URI', 'URI', () => `a://${'a'.repeat(1_000_000)} `],
    ['a long text that is no number', 'FLOAT', () => `${'1'.repeat(1_000_000)}x`],
    ['a long text that is no date-time', 'DATETIME', () => `2019-10-06T${'1'.repeat(1_000_000)}`],
  ])('refuses %s at once', (_what, type, make) => {
    const began = performance.now();
    expect(refusal(() => read(type, make())).length).toBeLessThan(1000);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('aliases of YAML do not multiply', () => {
    const bomb = `a: &a [x, x]\n${'bcdefghijklmnopqrstuvwxyz'
      .split('')
      .map((name, i) => `${name}: &${name} [*${'abcdefghijklmnopqrstuvwxyz'[i]}, *${'abcdefghijklmnopqrstuvwxyz'[i]}]`)
      .join('\n')}`;
    expect(JSON.stringify(read('YAML', bomb)).length).toBeLessThan(1000);
  });
});

describe('rules of an input', () => {
  it.each<[FlowInput, Json, string]>([
    [{ id: 'x', type: 'DATE', after: '2023-01-01' }, '2022-12-31', 'it must be after `2023-01-01`'],
    [{ id: 'x', type: 'DATE', before: '2023-12-31' }, '2024-01-01', 'it must be before `2023-12-31`'],
    [
      { id: 'x', type: 'DATETIME', after: '2023-01-01T00:00:00Z' },
      '2023-01-01T01:00:00+02:00',
      'it must be after `2023-01-01T00:00:00Z`',
    ],
    [{ id: 'x', type: 'TIME', after: '01:00:00' }, '00:00:01', 'it must be after `01:00`'],
    [{ id: 'x', type: 'TIME', before: '11:59:59' }, '14:00', 'it must be before `11:59:59`'],
    [{ id: 'x', type: 'DURATION', min: 'PT10S' }, 'PT9.999999999S', 'It must be more than `PT10S`'],
    [{ id: 'x', type: 'DURATION', max: 'PT20S' }, 'PT30S', 'It must be less than `PT20S`'],
    [{ id: 'x', type: 'INT', min: 10 }, 9, 'it must be more than `10`'],
    [{ id: 'x', type: 'FLOAT', max: 0.5 }, '0.51', 'it must be less than `0.5`'],
    [{ id: 'x', type: 'ENUM', values: ['A', 'B'] }, 'C', 'it must match the values `[A, B]`'],
    [{ id: 'x', type: 'SELECT', values: ['A'] }, 'C', 'it must match the values `[A]`'],
    [{ id: 'x', type: 'MULTISELECT', values: ['A'], required: false }, '["A", "D"]', 'it must match the values `[A]`'],
    [{ id: 'x', type: 'MULTISELECT', options: ['X'] }, ['A'], 'it must match the values `[X]`'],
    [
      { id: 'x', type: 'MULTISELECT', values: ['A'], options: ['A'] },
      ['A'],
      "you can't define both `values` and `options`",
    ],
    [{ id: 'x', type: 'EMAIL' }, 'nobody', 'The input must be a valid email'],
    [{ id: 'x', type: 'STRING', validator: '[A-Z]+' }, 'ABc', 'it must match the pattern `[A-Z]+`'],
    [{ id: 'x', type: 'SECRET', validator: '[A-Z]+' }, 'ABc', 'it must match the pattern `[A-Z]+`'],
    [
      { id: 'x', type: 'FILE', allowedFileExtensions: ['.csv', '.txt'] },
      'kestra:///a/b.pdf',
      'File type not allowed. Accepted extensions: .csv, .txt',
    ],
  ])('%j refuses %j', (input, raw, message) => {
    expect(refusal(() => inputReader(input, ports)(raw))).toBe(message);
  });

  it.each<[FlowInput, Json]>([
    [{ id: 'x', type: 'DATE', after: '2023-01-01', before: '2023-01-01' }, '2023-01-01'],
    [{ id: 'x', type: 'ENUM', values: ['A'], required: false }, 'C'],
    [{ id: 'x', type: 'SELECT', values: ['A'], allowCustomValue: true }, 'C'],
    [{ id: 'x', type: 'MULTISELECT', values: ['A'], allowCustomValue: true }, ['A', 'C']],
    [{ id: 'x', type: 'MULTISELECT', values: ['1'], itemType: 'INT' }, ['1']],
    [{ id: 'x', type: 'MULTISELECT', values: ['18:27', 'late'], itemType: 'TIME' }, ['18:27']],
    [{ id: 'x', type: 'MULTISELECT', values: ['1.10'], itemType: 'FLOAT' }, [1.1]],
    [{ id: 'x', type: 'EMAIL' }, ''],
    [{ id: 'x', type: 'FILE', allowedFileExtensions: ['.csv'] }, 'kestra:///a/B.CSV'],
  ])('%j takes %j', (input, raw) => {
    expect(() => inputReader(input, ports)(raw)).not.toThrow();
  });

  it('a secret is judged before it is encrypted', () => {
    const secret = inputReader({ id: 'x', type: 'SECRET', validator: '[A-Z]+' }, ports);
    expect(secret('ABC')).toEqual({ stored: 'sealed(ABC)', plain: 'ABC' });
  });

  it('moments are compared as moments', () => {
    expect(compareTimes('DATETIME', '2023-01-01T00:00:00Z', '2023-01-01T00:00:00.000000001Z')).toBeLessThan(0);
    expect(compareTimes('DATE', '+10000-01-01', '9999-12-31')).toBeGreaterThan(0);
    expect(compareTimes('DURATION', 'PT60S', 'PT1M')).toBe(0);
  });
});
