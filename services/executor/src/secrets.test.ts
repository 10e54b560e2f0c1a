import { describe, expect, it } from 'vitest';
import { taskQueue, type TaskJob } from '@tiercel/contracts';
import { flowOf, ifTask, inline, worker } from '@tiercel/engine/testing';
import { createCipher } from '@tiercel/expressions';
import { sealed, type Flow } from '@tiercel/model';
import { bench } from './testing/bench.ts';

describe('the secrets of an execution', () => {
  const cipher = createCipher('MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', (size) => new Uint8Array(size).fill(7));
  const inputs: Flow['inputs'] = [{ id: 'pw', type: 'SECRET', defaults: 'kwxzqjvbn' }];
  const condition = "{{ kv('k') ~ inputs.pw | number }}";
  const logOf = (b: ReturnType<typeof bench>): string =>
    [...b.store.inspect.logs()].map(({ message }) => message).join('\n');

  it('are masked in the lines of the engine', async () => {
    const b = bench({ f: flowOf([ifTask('if', condition, [inline('then')])], { inputs }) }, { server: { cipher } });
    await b.executor.start();
    expect(b.stateOf(await b.submit('f'))).toBe('FAILED');
    expect(logOf(b)).toContain('`true**masked*` is no number');
  });

  it('are masked in the reason for which a step is given up, also in the log of the server', async () => {
    const logged: unknown[] = [];
    const b = bench(
      { f: flowOf([ifTask('if', condition, [inline('then')])], { inputs }) },
      {
        server: { cipher },
        perform: () => Promise.reject(new Error('no kwxzqjvbn here')),
        log: { warn: () => undefined, error: (fields) => void logged.push((fields as { error: Error }).error.message) },
      },
    );
    await b.executor.start();
    expect(b.stateOf(await b.submit('f'))).toBe('FAILED');
    expect([logOf(b), ...logged]).toEqual(['The execution could not go on: no **masked* here', 'no **masked* here']);
  });

  it('are in no message of a queue', async () => {
    const b = bench({ f: flowOf([worker('a', { message: '{{ inputs.pw }}' })], { inputs }) }, { server: { cipher } });
    const jobs: TaskJob[] = [];
    b.queue.consume<TaskJob>(taskQueue('default'), { concurrency: 1 }, async (job) => void jobs.push(job));
    await b.executor.start();
    await b.submit('f');
    expect(jobs).toMatchObject([{ sealed: true, variables: { inputs: { pw: sealed(cipher.seal('kwxzqjvbn')) } } }]);
    expect(JSON.stringify(jobs)).not.toContain('kwxzqjvbn');
  });
});
