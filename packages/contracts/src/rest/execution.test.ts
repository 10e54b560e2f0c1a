import { describe, expect, it } from 'vitest';
import { createdAt, newId, taskRunIdOf, withState, type Execution } from '@tiercel/model';
import { executionToJson, stateToJson, taskRunToJson } from './execution.ts';

const NOON = Date.UTC(2026, 0, 2, 12);
const id = newId(NOON);
const execution: Execution = {
  id,
  tenant: 'main',
  namespace: 'a',
  flowId: 'f',
  flowRevision: 2,
  history: createdAt(NOON),
  labels: [],
  originalId: id,
  attemptNumber: 1,
  originalCreatedDate: NOON,
};

describe('the state of an execution', () => {
  it('grows in duration only before its second entry, and ends when terminal or paused', () => {
    const created = createdAt(NOON);
    expect(stateToJson(created, NOON + 5000)).toMatchObject({ current: 'CREATED', duration: 'PT5S' });
    const running = withState(created, 'RUNNING', NOON + 100);
    expect(stateToJson(running, NOON + 5000)).toMatchObject({ duration: 'PT0.1S' });
    expect(stateToJson(running, NOON)).not.toHaveProperty('endDate');
    expect(stateToJson(withState(running, 'PAUSED', NOON + 200), NOON)).toHaveProperty(
      'endDate',
      '2026-01-02T12:00:00.200Z',
    );
  });
});

describe('an execution', () => {
  it('leaves out what it does not have', () => {
    const json = executionToJson({ execution: { ...execution, inputs: {}, outputs: {} }, taskRuns: [] }, { now: NOON });
    expect(Object.keys(json).toSorted()).toEqual(
      ['deleted', 'flowId', 'flowRevision', 'id', 'labels', 'metadata', 'namespace', 'originalId', 'state'].toSorted(),
    );
  });

  it('of a webhook has no labels at all when its flow has none', () => {
    const trigger = {
      id: 'hook',
      type: 'io.kestra.plugin.core.trigger.Webhook',
      variables: { body: null, headers: {} },
    };
    const json = executionToJson({ execution: { ...execution, trigger }, taskRuns: [] }, { now: NOON });
    expect(json).not.toHaveProperty('labels');
    expect(json.trigger).toEqual({ id: 'hook', type: trigger.type, variables: { headers: {} } });
  });

  it('carries its tenant only when it is not the default one', () => {
    expect(executionToJson({ execution: { ...execution, tenant: 'acme' }, taskRuns: [] }, { now: NOON }).tenantId).toBe(
      'acme',
    );
  });
});

describe('a task run', () => {
  const base = {
    seq: 3,
    id: taskRunIdOf(id, 3),
    taskId: 't',
    branch: 'main',
    attempts: [],
    dispatch: 0,
    sent: false,
  } as const;

  it('has null outputs until it begins, then always an object', () => {
    const created = { ...base, history: createdAt(NOON) };
    expect(taskRunToJson(execution, created, { now: NOON }).outputs).toBeNull();
    const running = { ...base, history: withState(created.history, 'RUNNING', NOON) };
    expect(taskRunToJson(execution, running, { now: NOON }).outputs).toEqual({});
  });

  it('names its parent, its value and its attempts', () => {
    const json = taskRunToJson(
      execution,
      {
        ...base,
        parent: 1,
        value: 'v',
        history: createdAt(NOON),
        attempts: [{ history: createdAt(NOON), logFile: 'kestra:///l' }],
      },
      { now: NOON },
    );
    expect(json).toMatchObject({
      parentTaskRunId: taskRunIdOf(id, 1),
      value: 'v',
      attempts: [{ logFile: 'kestra:///l' }],
    });
  });
});
