import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../yaml/read.ts';
import { replaceTask } from './replace-task.ts';
import { setDisabled } from './set-disabled.ts';

const valueOf = (source: string | undefined): unknown => readYaml(source ?? '').document?.value;

describe('setDisabled', () => {
  it.each([
    ['id: a\ndisabled: false # why\nx: 1\n', true, 'id: a\ndisabled: true # why\nx: 1\n'],
    ['id: a\ndisabled: "true"\n', false, 'id: a\ndisabled: false\n'],
    ['id: a\n# the end\n', true, 'id: a\n# the end\ndisabled: true\n'],
    ['id: a', true, 'id: a\ndisabled: true\n'],
    ['id: a\nx: |+\n  text\n\n\n', true, 'id: a\nx: |+\n  text\n\n\ndisabled: true\n'],
    ['id: a\nx: |\n  text', true, 'id: a\nx: |\n  text\ndisabled: true\n'],
    ['---\nid: a\n...\n', true, '---\ndisabled: true\nid: a\n...\n'],
    ['  id: a\n  x: 1\n', true, '  disabled: true\n  id: a\n  x: 1\n'],
    ['id: a\r\nx: 1\r\n', true, 'id: a\r\nx: 1\r\ndisabled: true\r\n'],
  ])('edits %j', (source, disabled, expected) => {
    expect(setDisabled(source, disabled)).toBe(expected);
  });

  it.each([
    '{id: a, x: [1]}\n',
    'id: a\ndisabled:\n',
    'id: a\ndisabled: # empty\nx: 1\n',
    'a: &a {disabled: false}\n<<: *a\n',
  ])('means what it should in %j', (source) => {
    const edited = setDisabled(source, true);
    expect(valueOf(edited)).toEqual({ ...(valueOf(source) as object), disabled: true });
  });

  it('leaves alone what is no map, and never throws', () => {
    for (const source of ['', '- a', 'text', 'a: [1', 'a: 1\na: 2\n'])
      expect(setDisabled(source, true)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (source) => {
        setDisabled(`id: a\n${source}`, true);
      }),
    );
  });
});

describe('replaceTask', () => {
  const flow = (id: string): string => `id: f\ntasks:\n  - {id: ${id}, type: Return, format: a}\n`;

  it.each(['123', '0x1F', 'on', '1e3', '"on"'])('finds a task whose id is written %s', (id) => {
    const name = id.replaceAll('"', '');
    expect(replaceTask(flow(id), name, { id: name, type: 'Return', format: 'b' })).toMatchObject({ kind: 'replaced' });
  });

  it('leaves a text alone that says it already', () => {
    const source = flow('a');
    expect(replaceTask(source, 'a', { id: 'a', type: 'Return', format: 'a' })).toEqual({ kind: 'replaced', source });
  });

  it('keeps the line ends of Windows', () => {
    const source = 'id: f\r\ntasks:\r\n  - id: a\r\n    type: Return\r\n';
    const edited = replaceTask(source, 'a', { id: 'a', type: 'Return', format: 'a' });
    expect(edited).toEqual({ kind: 'replaced', source: `${source}    format: a\r\n` });
  });
});

const FLOW = `# a flow
id: f   # its id
tasks:
  - id: seq
    type: flow.Sequential
    tasks:
      # first
      - id: one
        type: Return # of course
        format: a

        # last words
        level: 'INFO'
      - {id: two, type: Return, format: b} # two
errors:
- id: three
  type: Script
  script: |
    echo 1
      echo 2

# the end
labels: {a: b}
`;

const replaced = (source: string, id: string, task: Record<string, unknown>): string => {
  const result = replaceTask(source, id, task);
  if (result.kind !== 'replaced') throw new Error(result.kind);
  return result.source;
};

describe('replaceTask', () => {
  it('changes the property that differs, and nothing else', () => {
    const task = { id: 'one', type: 'Return', format: 'x: y', level: 'INFO' };
    expect(replaced(FLOW, 'one', task)).toBe(FLOW.replace('format: a', 'format: "x: y"'));
    expect(replaced(FLOW, 'two', { id: 'two', type: 'Return', format: 'c' })).toBe(
      FLOW.replace('{id: two, type: Return, format: b}', '{ id: two, type: Return, format: c }'),
    );
    const script = { id: 'three', type: 'Script', script: 'ls\n' };
    expect(replaced(FLOW, 'three', script)).toContain('# the end\nlabels: {a: b}\n');
  });

  it('adds and removes properties', () => {
    const edited = replaced(FLOW, 'one', { id: 'one', type: 'Return', env: { A: 'yes', B: ['1', 2] }, format: null });
    expect(edited).toContain('type: Return # of course');
    expect(edited).toContain('- {id: two, type: Return, format: b} # two');
    expect(edited).toContain('# a flow\nid: f   # its id\n');
    expect((valueOf(edited) as { tasks: { tasks: unknown[] }[] }).tasks[0]!.tasks[0]).toEqual({
      id: 'one',
      type: 'Return',
      env: { A: 'yes', B: ['1', 2] },
    });
  });

  it('finds tasks in every kind of branch, and tells of those that are not there', () => {
    const source = `tasks:
  - id: if
    then: [{id: a}]
    cases: {x: [{id: b}]}
  - id: dag
    tasks:
      - task:
          id: c
        dependsOn: []
listeners:
  - tasks: [{id: d}]
`;
    for (const id of ['a', 'b', 'c', 'd', 'dag']) {
      expect(JSON.stringify(valueOf(replaced(source, id, { id, new: id })))).toContain(`{"id":"${id}","new":"${id}"}`);
    }
    expect(replaceTask(source, 'e', { id: 'e' })).toEqual({ kind: 'absent' });
    expect(replaceTask('- a', 'e', { id: 'e' })).toEqual({ kind: 'not-editable' });
  });

  it('an anchor that others use keeps the task from being edited; an alias is written out', () => {
    const source = 'tasks:\n  - &t {id: a, x: 1}\n  - <<: *t\n    id: b\n  - *t\n';
    expect(replaceTask(source, 'a', { id: 'a', x: 2 }).kind).toBe('not-editable');
    expect(valueOf(replaced(source, 'b', { id: 'b', x: 2 }))).toEqual({
      tasks: [
        { id: 'a', x: 1 },
        { id: 'b', x: 2 },
        { id: 'a', x: 1 },
      ],
    });
  });

  it('whatever the values are, the source says them afterwards', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const task = { id: 'one', type: 'Return', value };
        const result = replaceTask(FLOW, 'one', task);
        // What YAML here does not take, such as NUL, is refused.
        if (result.kind === 'replaced') expect(result.source).toContain('# the end');
        else expect(result.kind).toBe('not-editable');
      }),
    );
  });
});
