import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';
import { createHelpers, ExpressionError, helperNames, renderText, type RenderEnv } from '@tiercel/expressions';
import { registerHelpers } from './helpers.ts';

const env: RenderEnv = { now: () => Date.UTC(2026, 0, 2, 12), random: () => 0.5 };

function render(text: string, context: object = {}, limits: RenderEnv['limits'] = {}): string {
  const handlebars = Handlebars.create();
  const renderWith = registerHelpers(handlebars, { text, name: 'page.hbs' });
  return renderWith(createHelpers({ ...env, limits }), () => handlebars.compile(text)(context));
}

function errorOf(text: string, context: object = {}): ExpressionError {
  try {
    render(text, context);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} renders`);
}

const context = { name: 'é Text', list: [3, 1, 2], map: { a: 1 }, start: '2026-01-02T03:04:05Z', empty: '', id: 'own' };

describe('filters and functions of the expression language', () => {
  it.each([
    ['{{upper name}}', '{{ name | upper }}'],
    ['{{date start "yyyy" }}', "{{ start | date('yyyy') }}"],
    [
      '{{date start format="HH:mm" timeZone="Europe/Paris"}}',
      "{{ start | date(format='HH:mm', timeZone='Europe/Paris') }}",
    ],
    [
      '{{default missing "x"}}{{default empty "y"}}{{default name "z"}}',
      "{{ missing | default('x') }}{{ empty | default('y') }}{{ name | default('z') }}",
    ],
    ['{{join (sort list) "-"}}', "{{ list | sort | join('-') }}"],
    ['{{sort list}}{{{toJson map}}}', '{{ list | sort }}{{ map | toJson }}'],
    ['{{max 1 2 3}}{{now "yyyy-MM-dd"}}', "{{ max(1, 2, 3) }}{{ now('yyyy-MM-dd') }}"],
    ['{{numberFormat 1234.5 "#,##0.00"}}', "{{ 1234.5 | numberFormat('#,##0.00') }}"],
    ['{{length missing}}', '{{ missing | length }}'.replace('missing', '(missing ?? null)')],
    ['{{first (jq map ".a")}}', "{{ map | jq('.a') | first }}"],
    ['{{#each (split "a,b" ",")}}<{{this}}>{{/each}}', "{% for i in 'a,b' | split(',') %}<{{ i }}>{% endfor %}"],
  ])('%s is %s', (template, expression) => {
    expect(render(template, context)).toBe(renderText(expression, context, env));
  });

  it('are all there, and nothing that sees variables or the outside', () => {
    expect(helperNames()).toEqual(
      expect.arrayContaining(['upper', 'jq', 'toIon', 'dateAdd', 'sha256', 'range', 'fromJson', 'isWeekend']),
    );
    for (const name of ['secret', 'kv', 'read', 'http', 'render', 'printContext', 'env', 'block', 'errorLogs']) {
      expect(helperNames()).not.toContain(name);
    }
  });

  it('stand behind the members of their name', () => {
    expect(render('{{id}} {{date}} {{upper}}', { id: 'own', date: 'today' })).toBe('own today ');
    expect(render('{{uuid}}')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keep what they are made of to themselves', () => {
    expect(render('{{@expressions}}{{@expressions.call}}{{#each @expressions}}{{@key}}{{/each}}')).toBe('');
    expect(render('{{#each @root}}{{@key}} {{/each}}', { a: 1 })).toBe('a ');
  });

  it('are escaped like everything else', () => {
    expect(render('{{lower "<B>"}}')).toBe('&lt;b&gt;');
  });
});

describe('their errors', () => {
  it.each([
    ['a bad value', 'first\n  {{numberFormat "x"}}', '`numberFormat` needs a number, not text (page.hbs:2)', undefined],
    [
      'an argument that is none',
      'first\n  {{date "2026-01-02" fromat="x"}}',
      '`date` has no argument `fromat` (page.hbs:2)',
      'format',
    ],
    ['a helper that nobody knows', 'first\n  {{uper "x"}}', 'Filter [uper] does not exist. (page.hbs:2)', 'upper'],
  ])('name line and column and show the place: %s', (_, template, message, suggestion) => {
    const error = errorOf(template);
    expect(error).toMatchObject({ message, line: 2, column: 3, suggestion });
    expect(error.describe()).toContain(`${template.split('\n')[1]}\n  ^`);
  });

  it.each(['upper name', 'first', 'pretty name', 'eq name 1', 'lookup this "name"', 'uper name'])(
    'come where one is used as a block, whose answer nobody escapes: %s',
    (call) => {
      const name = call.split(' ')[0]!;
      const error = errorOf(`first\n  {{#${call}}}text{{/${name}}}`, { name: '<b>', first: '<b>' });
      expect(error).toMatchObject({ line: 2, column: 3 });
      expect(error.message).toContain('(page.hbs:2)');
    },
  );

  it('come when a page takes too much work, all its helpers together', () => {
    const many = { list: Array.from({ length: 200 }, (_, i) => i) };
    const page = '{{#each list}}{{join (range 1 50) ","}}{{/each}}';
    expect(render(page, many).length).toBeGreaterThan(1000);
    expect(() => render(page, many, { maxSteps: 5000 })).toThrow('takes more than 5000 steps (page.hbs:1)');
  });
});
