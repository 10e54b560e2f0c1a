import { describe, expect, it } from 'vitest';
import { PLANTED } from './planted.ts';
import { simulate } from './world.ts';

/** Seeds in which each planted bug has to show. */
const WITHIN = 200;

describe('a simulated cluster', () => {
  it('keeps what is promised under faults, in every one of some hundred seeds', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { violations, executions, faults } = await simulate({ seed });
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      expect(executions).toBeGreaterThanOrEqual(5);
      expect(faults).toBeGreaterThanOrEqual(3);
    }
  }, 300_000);

  it('replays a seed exactly', async () => {
    const traced = async (): Promise<readonly string[]> => {
      const lines: string[] = [];
      await simulate({ seed: 4711, trace: (at, message) => lines.push(`${at} ${message}`) });
      return lines;
    };
    const first = await traced();
    expect(first.length).toBeGreaterThan(20);
    expect(await traced()).toEqual(first);
  });
});

describe('the simulator finds', () => {
  it.each(Object.values(PLANTED))(
    'in the $room: $what',
    async ({ patch }) => {
      for (let seed = 1; seed <= WITHIN; seed++) {
        const { violations } = await simulate({ seed, patch });
        if (violations.length > 0) return;
      }
      expect.fail(`nothing was found in ${WITHIN} seeds`);
    },
    300_000,
  );
});
