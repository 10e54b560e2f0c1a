import { sealed } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import { LazyMap, openVariables, renderStructure, renderText, renderTyped, type Value } from './index.ts';
import { toPlainValue } from './plain.ts';
import { testEnv } from './testing.ts';

/** Every map of the data computed on demand. */
class Lazy extends LazyMap {
  private readonly map: ReadonlyMap<string, Value>;
  constructor(map: object) {
    super();
    this.map = new Map(Object.entries(map));
  }
  override get = (key: string): Value => (this.map.has(key) ? lazy(this.map.get(key)) : undefined);
  override has = (key: string): boolean => this.map.has(key);
  override keys = (): Iterable<string> => this.map.keys();
}

function lazy(value: Value): Value {
  if (Array.isArray(value)) return value.map(lazy);
  return typeof value === 'object' && value !== null ? new Lazy(value) : value;
}

const DATA = {
  v: { a: 1, b: 'x', c: null, '7': [1, { d: 2.5 }], text: '{{ name }}', '{{ name }}': 'key' },
  same: { b: 'x', a: 1 },
  other: { a: 1, b: 'y' },
  empty: {},
  deep: { one: { two: { three: ['t'] } } },
  list: [{ k: 'p', n: 2 }, { k: 'q', n: 1 }, [3, 1]],
  texts: { p: 'a b', q: 'b' },
};

const EXPRESSIONS = `o
o.v
o.v.a
o.v['b']
o.v['7']
o.v[7]
o.v.c
o.v.none ?? 'none'
o.v.c ?? 'null'
o.v ~ ''
o.v | toJson
o.v | json
o.v | yaml
o.v | toIon
o.v | keys
o.v | values
o.v | length
o.v | first
o.v | default('none')
o.empty | default('none')
o.v | className
o.v | upper
o.texts | upper
o.texts | replace({'a': 'z'})
'a b' | replace(o.texts)
o.v | jq('.')
o.v | jq('.a')
o.v | jq('keys')
o | jq('.deep.one.two.three[]')
o | jq('[.. | numbers]')
o.deep | jq('paths')
o.v | merge(o.other)
o.other | merge({'z': 1})
{'z': 1} | merge(o.other)
o.list | merge(o.same)
[o.same, o.other] | distinct
[o.same, {'b': 'x', 'a': 1}] | distinct
o.list | join('-')
o.list | sort
o.list | reverse
o.list | flatten
o.list | chunk(2)
o.list | last
o.list | slice(1)
o.list contains {'k': 'p', 'n': 2}
o.list - {'k': 'p', 'n': 2}
o.list + o.same
o.v contains 'a'
o.v contains 'zzz'
'a' in o.v
o.same == {'a': 1, 'b': 'x'}
{'a': 1, 'b': 'x'} == o.same
o.same == o.other
o.same != o.other
o.v is map
o.v is iterable
o.v is empty
o.empty is empty
o.v is null
o.v.none is defined
o.v.c is defined
o.v is json
o.v is even
o.v + 1
o.v + 'text'
o.v > 1
o.v ? 'yes' : 'no'
o.empty ? 'yes' : 'no'
not o.v
o.v.size()
o.v.isEmpty()
o.v.containsKey('a')
o.v.keySet()
o.deep.values()
o.v.entrySet()
o.v.get('a')
o.v.get('none')
o.v.getOrDefault('none', 3)
o.v.toString()
o.v.constructor ?? 'none'
o.v.class
o.v.non
render(o)
render(o.v)
render(o.v).text
render(o.list)
render(o.deep, recursive=false)
renderOnce(o.v)
printContext()
max(o.v, 1)
range(0, o.v)
yaml(o.v)
json(o.v | toJson)
o.v | urlencode
o.v | numberFormat
o.v | date
o.v | sha256
o.v | string
o.v | md5
o.v | startsWith('{')
o.v | escapeChar('single')`.split('\n');

const STATEMENTS = [
  '{% for e in o.v %}{{ e.key }}={{ e.value }};{{ loop.length }} {% endfor %}',
  '{% for e in o.v %}{{ e }}{% endfor %}',
  '{% for e in o.empty %}x{% else %}none{% endfor %}',
  '{% set m = o.v %}{{ m.a }}{{ m }}',
  '{% if o.v %}yes{% endif %}',
  '{% if o.v is map %}yes{% endif %}',
];

/** The result, or what is wrong. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

const eager = { o: DATA, name: 'N' };
const onDemand = { o: lazy(DATA), name: 'N' };

describe('a map that is computed on demand is like any other', () => {
  it.each([...EXPRESSIONS.map((text) => `{{ ${text} }}`), ...STATEMENTS])('%s', (template) => {
    const text = (vars: object): unknown => outcome(() => renderText(template, { ...vars }, testEnv()));
    const typed = (vars: object): unknown => outcome(() => toPlainValue(renderTyped(template, { ...vars }, testEnv())));
    expect(text(onDemand)).toEqual(text(eager));
    expect(typed(onDemand)).toEqual(typed(eager));
  });

  it('as a structure that a host has rendered', () => {
    const rendered = (o: Value): unknown => toPlainValue(renderStructure(o, eager, testEnv()));
    expect(rendered(onDemand.o)).toEqual(rendered(DATA));
    expect(rendered(DATA)).toMatchObject({ v: { text: 'N', N: 'key' } });
  });
});

it('rendering what a task gave is the same with and without something encrypted', () => {
  const variables = {
    inputs: { s: sealed('secret') },
    outputs: { v: { value: '{{ inputs.s }}!', n: 1 } },
    trigger: { body: '{{ inputs.s }}' },
  };
  const opened = openVariables(variables, (text) => text);
  const plain = { ...variables, inputs: { s: 'secret' } };
  for (const text of ['outputs', 'outputs.v', 'outputs.v.value', 'trigger', '[outputs.v]']) {
    const shown = renderText(`{{ render(${text}) }}`, opened, testEnv());
    expect(shown).toBe(renderText(`{{ render(${text}) }}`, plain, testEnv()));
    expect(shown).toContain('secret');
  }
});

it('rendering a map that is computed on demand is work', () => {
  class Endless extends LazyMap {
    override get = (): Value => new Endless();
    override has = (): boolean => true;
    override keys = (): readonly string[] => ['a', 'b'];
  }
  expect(() => renderText('{{ render(o) }}', { o: new Endless() }, testEnv())).toThrow(/nested too deeply|limit|steps/);
});
