import { describe, expect, it } from 'vitest';
import { parse } from '../testing/parse.ts';

const RETURN = 'io.kestra.plugin.core.debug.Return';
const task = (id: string, format: string): string => `{id: ${id}, type: ${RETURN}, format: "${format}"}`;

const warnings = (tasks: string, rest = ''): readonly string[] => {
  const { warnings: found, problems } = parse(`id: f
namespace: company.team
inputs:
  - {id: name, type: STRING}
  - {id: nested.one, type: STRING}
variables: {limit: 3}
tasks:
${tasks}
${rest}`);
  expect(problems).toEqual([]);
  return found;
};

describe('names in expressions', () => {
  it.each([
    [
      '{{ outputs.frist.value }}',
      'this flow has no task "frist", so `outputs.frist` will not be found; did you mean "first"?',
    ],
    ["{{ tasks['gone'].state }}", 'this flow has no task "gone"'],
    ['{{ inputs.nmae }}', 'this flow has no input "nmae"'],
    [
      '{{ vars.limits }}',
      'this flow has no variable "limits", so `vars.limits` will not be found; did you mean "limit"?',
    ],
    ['{% if inputs.nobody %}x{% endif %}', 'this flow has no input "nobody"'],
  ])('%s is told of, with its place', (text, message) => {
    const found = warnings(`  - ${task('first', 'x')}\n  - ${task('t', text)}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^tasks\[1\]\.format: .* \(line 9, column \d+\)$/);
    expect(found[0]).toContain(message);
  });

  it.each([
    '{{ outputs.first.value }} {{ inputs.name }} {{ inputs.nested.one }} {{ vars.limit }} {{ tasks.first.state }}',
    '{{ inputs.gone ?? 1 }} {{ vars.gone | default(2) }} {{ outputs.gone is defined }}',
    '{% if inputs.gone is defined %}{{ inputs.gone }}{% endif %}',
    '{{ inputs.name is defined ? outputs.gone : 1 }}',
    '{{ inputs.name == 1 and outputs.gone.x }}',
    '{{ outputs[inputs.name].x }} {{ execution.id }} {{ trigger.body }} {{ taskrun.value }} {{ labels.x }}',
  ])('nothing is said of %s', (text) => {
    expect(warnings(`  - ${task('first', 'x')}\n  - ${task('t', text)}`)).toEqual([]);
  });

  it('triggers are left alone: their inputs are those of other flows', () => {
    const trigger = `triggers:
  - id: h
    type: io.kestra.plugin.core.trigger.Webhook
    key: "{{ inputs.gone }}"`;
    expect(warnings(`  - ${task('t', 'x')}`, trigger)).toEqual([]);
  });

  it('values of flow outputs may read every task', () => {
    const outputs = (of: string): string => `outputs:\n  - {id: o, type: STRING, value: "{{ outputs.${of}.value }}"}`;
    expect(warnings(`  - ${task('t', 'x')}`, outputs('t'))).toEqual([]);
    expect(warnings(`  - ${task('t', 'x')}`, outputs('u'))[0]).toContain('outputs[0].value: this flow has no task "u"');
  });
});

describe('tasks that cannot have run yet', () => {
  const late = (id: string): string => `\`outputs.${id}.value\` is not there yet: the task "${id}" runs later`;
  const reads = (id: string): string => `{{ outputs.${id}.value }}`;

  it('a later one, also inside another, and the task itself', () => {
    expect(warnings(`  - ${task('a', reads('b'))}\n  - ${task('b', 'x')}`)[0]).toContain(late('b'));
    expect(warnings(`  - ${task('a', reads('a'))}`)).toEqual([]);
    const inside = `  - id: seq
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - ${task('a', reads('c'))}
      - ${task('b', reads('a'))}
  - id: if
    type: io.kestra.plugin.core.flow.If
    condition: "true"
    then:
      - ${task('c', reads('b'))}`;
    expect(warnings(inside)).toEqual([expect.stringContaining(late('c'))]);
  });

  it('nothing is said of what runs beside, in loops, in other branches and after errors', () => {
    const dag = `  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task: ${task('a', reads('b'))}
      - task: ${task('b', 'x')}`;
    expect(warnings(dag)).toEqual([]);
    const branches = `  - id: if
    type: io.kestra.plugin.core.flow.If
    condition: "true"
    then:
      - ${task('a', reads('b'))}
    else:
      - ${task('b', 'x')}`;
    expect(warnings(branches, `errors:\n  - ${task('e', reads('b'))}`)).toEqual([]);
  });
});
