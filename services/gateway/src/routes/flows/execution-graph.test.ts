import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestDoors, type TestDoors } from '../../testing/doors.ts';
import { anExecution, aTaskRun } from '../../testing/fakes.ts';
import { requestsTo } from '../../testing/requests.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors();
});
afterEach(() => doors.stop());
const { get, send } = requestsTo(() => doors);

const RETURN = 'io.kestra.plugin.core.debug.Return';
const SOURCE = `id: looped
namespace: company.team
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - {id: inner, type: ${RETURN}, format: "{{ secret('x') }}"}
  - {id: last, type: ${RETURN}}
triggers:
  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: hidden}
`;

describe('the graph of an execution', () => {
  it('has the run of each task, in a loop the last one with its values, and nothing that only the flow may tell', async () => {
    await send('POST', '/flows', SOURCE);
    const execution = anExecution({ flowId: 'looped' });
    const runs = [
      aTaskRun(execution.id, 0, { taskId: 'each' }),
      aTaskRun(execution.id, 1, { taskId: 'inner', parent: 0, value: 'a' }),
      aTaskRun(execution.id, 2, { taskId: 'inner', parent: 0, value: 'b' }),
    ];
    doors.executions.put(execution, runs);
    const { status, body } = await get(`/executions/${execution.id}/graph`);
    expect(status).toBe(200);
    const node = (uid: string) => body.nodes.find((one: any) => one.uid === uid);
    expect(node('root.each.inner')).toMatchObject({
      task: { id: 'inner', type: RETURN },
      taskRun: { id: runs[2]!.id, taskId: 'inner', value: 'b', state: { current: 'CREATED' } },
      values: ['b'],
    });
    expect(node('root.each').taskRun.id).toBe(runs[0]!.id);
    expect(node('root.each').values).toBeUndefined();
    expect(node('root.last').taskRun).toBeUndefined();
    expect(body.clusters.find((one: any) => one.cluster.uid === 'cluster_root.each').cluster.taskNode.taskRun.id).toBe(
      runs[0]!.id,
    );
    expect(JSON.stringify(body)).not.toMatch(/hidden|secret/);
  });

  it('is that of the revision that was executed', async () => {
    await send('POST', '/flows', SOURCE);
    await send('PUT', '/flows/company.team/looped', SOURCE.replace('id: last', 'id: renamed'));
    const execution = anExecution({ flowId: 'looped', flowRevision: 1 });
    doors.executions.put(execution);
    const { body } = await get(`/executions/${execution.id}/graph`);
    expect(body.nodes.map(({ uid }: any) => uid)).toContain('root.last');
  });

  it('of an unknown execution, or of a flow that is unknown, is not found', async () => {
    expect((await get('/executions/4qGkxRm2lVjXeZyMjm5LAt/graph')).status).toBe(404);
    const execution = anExecution({ flowId: 'nobody' });
    doors.executions.put(execution);
    expect((await get(`/executions/${execution.id}/graph`)).status).toBe(404);
  });
});
