import { describe, expect, it } from 'vitest';
import { childLogger, createLogger } from './logger.ts';

describe('the logger', () => {
  it('writes JSON lines with the fields of its children, and no secrets', () => {
    const lines: string[] = [];
    const logger = createLogger({ service: 'worker', destination: { write: (line) => void lines.push(line) } });
    childLogger(logger, { executionId: 'abc', taskRunId: 'def' }).info(
      { password: 'x', request: { authorization: 'y' } },
      'ran',
    );
    logger.debug('not at this level');
    logger.error({ error: new Error('broken') }, 'failed');
    expect(lines).toHaveLength(2);
    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({
      level: 'info',
      service: 'worker',
      executionId: 'abc',
      taskRunId: 'def',
      msg: 'ran',
      password: '***',
    });
    expect(first.request.authorization).toBe('***');
    expect(second.error).toMatchObject({ message: 'broken', type: 'Error' });
  });
});
