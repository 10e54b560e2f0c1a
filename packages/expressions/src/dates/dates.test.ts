import { describe, expect, test } from 'vitest';
import { render } from '../testing.ts';

const d = '2013-09-08T15:04:05.123456Z';

describe('named formats in Europe/Paris', () => {
  test.each([
    ['iso', '2013-09-08T17:04:05.123456+02:00'],
    ['iso_sec', '2013-09-08T17:04:05+02:00'],
    ['sql', '2013-09-08 17:04:05.123456'],
    ['sql_seq', '2013-09-08 17:04:05'],
    ['iso_date_time', '2013-09-08T17:04:05.123456+02:00[Europe/Paris]'],
    ['iso_zoned_date_time', '2013-09-08T17:04:05.123456+02:00[Europe/Paris]'],
    ['iso_local_date_time', '2013-09-08T17:04:05.123456'],
    ['iso_date', '2013-09-08+02:00'],
    ['iso_local_date', '2013-09-08'],
    ['iso_time', '17:04:05.123456+02:00'],
    ['iso_local_time', '17:04:05.123456'],
    ['iso_offset_time', '17:04:05.123456+02:00'],
    ['iso_instant', '2013-09-08T15:04:05.123456Z'],
    ['iso_ordinal_date', '2013-251+02:00'],
    ['iso_week_date', '2013-W36-7+02:00'],
    ['rfc_1123_date_time', 'Sun, 8 Sep 2013 17:04:05 +0200'],
  ])('%s', (format, expected) => {
    expect(render(`{{ vars.d | date('${format}', timeZone='Europe/Paris') }}`, { d })).toBe(expected);
  });
});

describe('patterns', () => {
  test.each([
    ['yyyy yy y u G', '2013 13 2013 2013 AD'],
    ['Q QQ QQQ QQQQ', '3 03 Q3 3rd quarter'],
    ['MMMM MMMMM L LLL', 'September S 9 Sep'],
    ['d D E EEEE EEEEE', '8 251 Sun Sunday S'],
    ['e w W Y', '1 37 2 2013'],
    ['a H k K h hh', 'PM 17 17 5 5 05'],
    ['S SSSSSS n N A', '1 123456 123456000 61445123456000 61445123'],
    ['VV z zzzz O OOOO', 'Europe/Paris CEST Central European Summer Time GMT+2 GMT+02:00'],
    ['X XX XXX x xx xxx Z ZZZZ ZZZZZ', '+02 +0200 +02:00 +02 +0200 +02:00 +0200 GMT+02:00 +02:00'],
  ])('%s', (pattern, expected) => {
    expect(render(`{{ vars.d | date(vars.p, timeZone='Europe/Paris') }}`, { d, p: pattern })).toBe(expected);
  });

  test.each(['b', 'yyyy-bb', 'ddd', 'HHH', 'V', '{', "'open", ']'])('%s fails', (pattern) => {
    expect(() => render('{{ vars.d | date(vars.p) }}', { d, p: pattern })).toThrow('is no date pattern');
  });

  test('week numbers follow the locale', () => {
    expect(render("{{ vars.d | date('e w', timeZone='UTC', locale='de_DE') }}", { d })).toBe('7 36');
    expect(render("{{ '2021-01-03' | date('w Y', locale='de_DE') }} {{ '2021-01-03' | date('w Y') }}")).toBe(
      '53 2020 2 2021',
    );
  });
});

describe('reading', () => {
  test.each([
    ["'20240115' | date('yyyy-MM-dd', existingFormat='yyyyMMdd')", '2024-01-15'],
    ["'15/Jan/2024 3:05 PM' | date(existingFormat='dd/MMM/yyyy h:mm a')", '2024-01-15T15:05:00.000000Z'],
    ["'2024-01-15 10:00:00.5' | date('sql', existingFormat='yyyy-MM-dd HH:mm:ss[.S]')", '2024-01-15 10:00:00.500000'],
    ["'2024-02-31' | date('iso_local_date', existingFormat='yyyy-MM-dd')", '2024-02-29'],
    ["'2024-01-15T10:00:00+0200' | date('iso_sec', existingFormat=\"yyyy-MM-dd'T'HH:mm:ssZ\")", '2024-01-15T08:00:00Z'],
    ["'2024-W03-1' | date('iso_local_date', existingFormat='iso_week_date')", '2024-01-15'],
    ["'2024-060' | date('iso_local_date', existingFormat='iso_ordinal_date')", '2024-02-29'],
    ["'2024-01-15T10:00' | date('iso_sec', timeZone='GMT+2')", '2024-01-15T10:00:00+02:00'],
    ["'2024-01-15T10:00+02:00' | date('iso_sec')", '2024-01-15T08:00:00Z'],
  ])('%s', (expression, expected) => {
    expect(render(`{{ ${expression} }}`)).toBe(expected);
  });

  test.each([
    "'2024-01-15 10:00:00' | date",
    "'10:00' | date",
    "'2024-13-01' | date",
    "'2024-02-30' | date",
    "'2024-01' | date(existingFormat='yyyy-MM')",
    'true | date',
    '1.5 | date',
    "'2024-01-15' | date(timeZone='EST')",
    "'2024-01-15' | date(timeZone='europe')",
    "'2024-01-15' | date(locale='no such')",
  ])('%s fails', (expression) => {
    expect(() => render(`{{ ${expression} }}`)).toThrow();
  });

  test('a gap moves forward, an overlap takes the earlier offset', () => {
    const iso = (text: string): string => render(`{{ '${text}' | date('iso_sec', timeZone='Europe/Paris') }}`);
    expect(iso('2024-03-31T02:30:00')).toBe('2024-03-31T03:30:00+02:00');
    expect(iso('2024-10-27T02:30:00')).toBe('2024-10-27T02:30:00+02:00');
  });
});

describe('adding', () => {
  test.each([
    ["'2024-01-31T00:00:00Z' | dateAdd(1, 'MONTHS', 'iso_sec')", '2024-02-29T00:00:00Z'],
    ["'2024-02-29' | dateAdd(-1, 'MILLENNIA', 'iso_local_date')", '1024-02-29'],
    ["'2024-03-30T12:00:00+01:00' | dateAdd(1, 'DAYS', 'iso_sec', 'Europe/Paris')", '2024-03-31T13:00:00+02:00'],
    ["'2024-03-30T12:00:00' | dateAdd(1, 'WEEKS', 'iso_sec', 'Europe/Paris')", '2024-04-06T12:00:00+02:00'],
    ["0 | dateAdd(1, 'NANOS', 'n')", '1'],
    ["'2024-01-01T00:00:00Z' | dateAdd(-1, 'SECONDS', 'iso_sec')", '2023-12-31T23:59:59Z'],
  ])('%s', (expression, expected) => {
    expect(render(`{{ ${expression} }}`)).toBe(expected);
  });
});

test('seconds, and the known scale of micros', () => {
  expect(render('{{ vars.d | timestamp }} {{ vars.d | timestampMicro }} {{ vars.d | timestampNano }}', { d })).toBe(
    '1378652645 1378652645000123456 1378652645123456000',
  );
});

test('now comes from the environment', () => {
  expect(render("{{ now('iso_sec', 'Asia/Tokyo') }}")).toBe('2025-01-31T19:20:30+09:00');
  expect(render('{{ now() }}', {}, { zone: 'Europe/Paris' })).toBe('2025-01-31T11:20:30.123000+01:00');
});
