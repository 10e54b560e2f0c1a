import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createdAt, newId, taskRunIdOf, withState, type Execution, type TaskRun } from '@tiercel/model';
import { durationText, renderReport } from './report.ts';
import { timelineOf } from './timeline.ts';

const NOON = Date.UTC(2026, 0, 2, 12);
const id = newId(NOON);
const done = withState(withState(createdAt(NOON), 'RUNNING', NOON + 1000), 'SUCCESS', NOON + 10_000);
const execution: Execution = {
  id,
  tenant: 'main',
  namespace: 'company.team',
  flowId: 'hello',
  flowRevision: 2,
  history: done,
  labels: [{ key: 'env', value: '<b>dev</b>' }],
  originalId: id,
  attemptNumber: 1,
  originalCreatedDate: NOON,
  inputs: { user: '"><script>alert(1)</script>' },
  outputs: { rows: { count: 3 } },
};
const taskRun = (seq: number, given: Partial<TaskRun> = {}): TaskRun => ({
  branch: 'main',
  history: done,
  attempts: [],
  dispatch: 1,
  sent: true,
  taskId: `task${seq}`,
  ...given,
  seq,
  id: taskRunIdOf(id, seq),
});
const view = { execution, taskRuns: [taskRun(0), taskRun(1, { parent: 0, value: 'a&b' })], taskRunCount: 2 };
const logs = [
  {
    namespace: 'company.team',
    flowId: 'hello',
    executionId: id,
    taskId: 'task0',
    level: 'WARN' as const,
    timestamp: NOON,
    message: '<img src=x>',
  },
];

const folder = mkdtempSync(join(tmpdir(), 'tiercel-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the report', () => {
  const page = renderReport(view, logs, { now: NOON + 60_000 });

  it('shows states, inputs, outputs, labels, task runs and logs', () => {
    for (const text of [
      'hello',
      'company.team · revision 2',
      'SUCCESS',
      '&quot;count&quot;: 3',
      'env: ',
      'task1',
      'a&amp;b',
      'WARN',
      id,
    ]) {
      expect(page).toContain(text);
    }
  });

  it('escapes everything that comes from users, and needs nothing from elsewhere', () => {
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<b>dev');
    expect(page).not.toMatch(/(src|href)=|url\(|@import/);
  });

  it('says when it does not show all', () => {
    const cut = { ...view, taskRunCount: 5000, taskRunCounts: { SUCCESS: 4999, FAILED: 1 } };
    const shown = renderReport(cut, logs, { now: NOON, logsTruncated: true });
    expect(shown).toContain('4999 SUCCESS, 1 FAILED');
    expect(shown).toContain('Only the first 1 lines are shown');
  });

  it('is drawn by a template of the user, with filters of the expression language', () => {
    writeFileSync(
      join(folder, 'report.hbs'),
      '{{upper execution.flowId}} {{date execution.state.startDate "yyyy-MM-dd"}} {{#each logs}}{{message}}{{/each}} {{default missing "none"}}',
    );
    expect(renderReport(view, logs, { now: NOON, templates: folder })).toBe(
      'HELLO 2026-01-02 &lt;img src&#x3D;x&gt; none',
    );
  });

  it('falls back to the built-in template', () => {
    expect(renderReport(view, logs, { now: NOON, templates: join(folder, 'nothing-here') })).toContain(
      '<!doctype html>',
    );
  });
});

describe('the timeline', () => {
  it('places bars within the time of the execution', () => {
    const [first, second] = timelineOf(execution, view.taskRuns, NOON + 60_000);
    expect(first).toMatchObject({ depth: 0, duration: 10_000 });
    expect(first?.segments).toEqual([
      { state: 'CREATED', left: 0, width: 10 },
      { state: 'SUCCESS', left: 10, width: 90 },
    ]);
    expect(second).toMatchObject({ depth: 1, value: 'a&b' });
  });

  it('draws what still runs up to now', () => {
    const running = withState(createdAt(NOON), 'RUNNING', NOON + 500);
    const bars = timelineOf({ ...execution, history: running }, [taskRun(0, { history: running })], NOON + 1000);
    expect(bars[0]?.segments.at(-1)).toEqual({ state: 'RUNNING', left: 50, width: 50 });
  });
});

describe('durations for people', () => {
  it('have their two largest units', () => {
    expect([12, 3456, 62_000, 3_720_000, 200_000_000].map(durationText)).toEqual([
      '12 ms',
      '3.5 s',
      '1 min 2 s',
      '1 h 2 min',
      '2 d 7 h',
    ]);
  });
});
