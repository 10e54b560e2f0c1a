// What hostile templates are made of.

export const repeat = (text, count) => text.repeat(count);
const FOREVER = 'for i in 1..1000000';
export const loop = (body, before = '') => `${before}{% ${FOREVER} %}${body}{% endfor %}`;
export const doubled = (times, start = "'a'") =>
  `{% set a = ${start} %}{% for i in 1..${times} %}{% set a = a ~ a %}{% endfor %}`;
/** `a` is a list of 2^times elements. */
export const grown = (times, start = '[1]') =>
  `{% set a = ${start} %}{% for i in 1..${times} %}{% set a = a + a %}{% endfor %}`;
/** `a` holds itself twice at each of 2^100 places, in a hundred objects. */
export const SHARED = "{% set a = ['x'] %}{% for i in 1..100 %}{% set a = [a, a] %}{% endfor %}";
export const SHARED_MAP = "{% set a = {'k': 1} %}{% for i in 1..100 %}{% set a = {'l': a, 'r': a} %}{% endfor %}";
export const jq = (program, input = 'null') => `{{ fromJson('${input}') ?? 1 | jq('${program}') }}`;
export const LONG = 'a'.repeat(5_000_000);
