import { describe, expect, test } from 'vitest';
import { toJson } from '../index.ts';
import { render } from '../testing.ts';

/** All results of a program on a JSON text, as JSON. */
function jq(input: string, program: string): string {
  return render('{{ vars.input | jq(vars.program) }}', { input, program });
}

describe('programs', () => {
  test.each([
    ['{"a":[1,2,{"b":3}]}', '[paths]', '[[["a"],["a",0],["a",1],["a",2],["a",2,"b"]]]'],
    ['{"a":[1,2]}', '.a[1] |= . + 1', '[{"a":[1,3]}]'],
    ['{"a":[1,2,3]}', 'del(.a[0], .a[2])', '[{"a":[2]}]'],
    ['[3,1,2]', 'map(select(. > 1)) | add', '[5]'],
    ['[1,null,2]', 'map(. // 0)', '[[1,0,2]]'],
    ['null', '.a.b', '[null]'],
    ['{"a":1}', 'with_entries(.value += 1)', '[{"a":2}]'],
    ['[[1,2],[3]]', 'transpose', '[[[1,3],[2,null]]]'],
    ['[1,2]', '. as [$a, $b] | {a: $a, $b}', '[{"a":1,"b":2}]'],
    ['{"x":1,"y":[2]}', '. as {x: $y, y: [$z]} | [$y, $z]', '[[1,2]]'],
    ['5', '[range(.)] | map(. * 2) | @csv', '["0,2,4,6,8"]'],
    ['[1,2,3]', 'reduce .[] as $x (0; . + $x)', '[6]'],
    ['[1,2,3]', '[foreach .[] as $x (0; . + $x; [$x, .])]', '[[[1,1],[2,3],[3,6]]]'],
    ['10', '10 / 2, 1 / 3, 3.0, 10 % 3, -7 % 3', '[5,0.3333333333333333,3.0,1,-1]'],
    ['1', 'try error("x") catch .', '["x"]'],
    ['1', 'try error({a: 1}) catch .a', '[1]'],
    ['1', '.a?', '[]'],
    ['{"a":{"b":1}}', '[.. | numbers]', '[[1]]'],
    ['[1,2,3]', 'label $f | .[] | ., (select(. == 2) | break $f)', '[1,2]'],
    ['{"b":2,"a":1}', 'keys, keys_unsorted, tojson', '[["a","b"],["b","a"],"{\\"b\\":2,\\"a\\":1}"]'],
    ['{"a":null}', 'tojson, has("a")', '["{\\"a\\":null}",true]'],
    ['[{"k":"b","v":1},{"k":"a","v":2}]', 'sort_by(.k) | map(.v), (.[0].k)', '[[2,1],"a"]'],
    ['[{"a":1,"b":2},{"a":1,"b":3}]', 'group_by(.a) | map({a: .[0].a, n: length})', '[[{"a":1,"n":2}]]'],
    ['"x y"', '@base64, ("eA==" | @base64d), @uri, @sh, @json', '["eCB5","x","x%20y","\'x y\'","\\"x y\\""]'],
    ['[1,2,3,4]', '.[1:3], .[-1], .[:-1], (.[1:] = [9])', '[[2,3],4,[1,2,3],[1,9]]'],
    ['{}', '.a.b.c = 1', '[{"a":{"b":{"c":1}}}]'],
    ['{"a":1}', '.a //= 5 | .b //= 6', '[{"a":1,"b":6}]'],
    ['"foo bar"', 'gsub("(?<x>o)"; "\\(.x)0")', '["fo0o0 bar"]'],
    ['"aXbxc"', '[splits("x"; "i")]', '[["a","b","c"]]'],
    ['"a,b, c"', 'split(", *"; null)', '[["a","b","c"]]'],
    ['"test"', 'capture("(?<a>t)(?<b>e)")', '[{"a":"t","b":"e"}]'],
    ['"a1b2"', '[scan("[0-9]")], [match("[a-z]"; "g").offset]', '[["1","2"],[0,2]]'],
    ['[1,[2,[3]]]', 'flatten, flatten(1)', '[[1,2,3],[1,2,[3]]]'],
    ['[1,[2]]', 'walk(if type == "number" then . + 1 else . end)', '[[2,[3]]]'],
    ['1', 'def f(x): x * 2; f(. + 1)', '[4]'],
    ['1', 'def f($a; $b): $a - $b; f(5; 3)', '[2]'],
    ['[1,2,3]', 'first(.[]), last(.[]), nth(1), nth(1; .[]), (limit(2; .[]))', '[1,3,2,2,1,2]'],
    [
      '0',
      '[while(. < 3; . + 1)], until(. > 100; . + 1), [recurse(if . < 2 then . + 1 else empty end)]',
      '[[0,1,2],101,[0,1,2]]',
    ],
    ['[[1,2],[3]]', '[combinations]', '[[[1,3],[2,3]]]'],
    ['{"a":{"b":1},"c":2}', '. * {a: {d: 3}}', '[{"a":{"b":1,"d":3},"c":2}]'],
    ['[1,2]', '"\\(.[0])+\\(.[1]) = \\(add)"', '["1+2 = 3"]'],
    [
      '[null,true,1,"a",[1],{"a":1}]',
      'map(type), (sort == .)',
      '[["null","boolean","number","string","array","object"],true]',
    ],
    ['[1,2,2]', 'unique, index(2), rindex(2), (. - [2]), any(. > 1), all(. > 1)', '[[1,2],1,2,[1],true,false]'],
    [
      '"abc"',
      'length, ascii_upcase, ltrimstr("a"), .[1:], explode, (explode | implode)',
      '[3,"ABC","bc","bc",[97,98,99],"abc"]',
    ],
    ['[1,2]', 'getpath([1]), setpath([0]; 9), (path(.[0])), [leaf_paths]', '[2,[9,2],[0],[[0],[1]]]'],
  ])('%s | %s', (input, program, expected) => {
    expect(jq(input, program)).toBe(expected);
  });

  test.each([
    '.[',
    'if . then 1 end',
    'nope',
    '$x',
    '1 as $x',
    'break $x',
    '{(1): 2}',
    '.a',
    'error("x")',
    'input',
    'env',
    'repeat(1)',
    '{} | .[0]',
    '1 / 0',
    'pick(.a)',
  ])('%s fails', (program) => {
    expect(() => jq('[1]', program)).toThrow();
  });
});

test('values that are not JSON become JSON first', () => {
  expect(render("{{ fromIon('{a: 2024-01-02T03:04:05Z, b: null}') | jq('.') | first }}")).toBe(
    '{"a":"2024-01-02T03:04:05Z"}',
  );
  expect(render("{% for e in {'a': 1} %}{{ e | jq('.a') }}{% endfor %}")).toBe('[1]');
});

test('large whole numbers keep their digits as long as nothing computes with them', () => {
  expect(jq('[12345678901234567890]', '.[0]')).toBe('[12345678901234567890]');
  expect(toJson([1n])).toBe('[1]');
});
