import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tiercel/platform';
import { createFakeClock, waitUntil } from '@tiercel/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolderWatch, type FolderWatch } from './watch.ts';

let folder: string;
let watches: FolderWatch[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-watch-'));
  watches = [];
});
afterEach(async () => {
  for (const watch of watches) await watch.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A watch that counts its looks instead of looking. */
async function started(clock = systemClock as Parameters<typeof createFolderWatch>[0]['clock']) {
  const state = { looks: 0, due: undefined as number | undefined };
  const flows = {
    load: async () => undefined,
    scan: async () => {
      state.looks += 1;
      return state.due;
    },
  };
  const watch = createFolderWatch({ folder, flows, clock, tell: () => undefined });
  watches.push(watch);
  await watch.start();
  return { state, watch };
}

/** Waits for a look that comes after what the work does. */
async function looksAfter(state: { readonly looks: number }, work: () => Promise<unknown>): Promise<void> {
  const before = state.looks;
  await work();
  await waitUntil(() => state.looks > before, { timeoutMs: 8_000, what: 'another look' });
}

describe('the watch of a folder', () => {
  it('looks again when a file is written, saved by rename, made in a new folder, or gone', async () => {
    const { state } = await started();
    // The first one comes when the watch stands.
    await looksAfter(state, async () => undefined);
    await looksAfter(state, () => writeFile(join(folder, 'a.yaml'), 'id: a'));
    await looksAfter(state, async () => {
      await writeFile(join(folder, '.a.yaml.swp'), 'id: b');
      await rename(join(folder, '.a.yaml.swp'), join(folder, 'a.yaml'));
    });
    await looksAfter(state, () => mkdir(join(folder, 'team')));
    await looksAfter(state, () => writeFile(join(folder, 'team', 'b.yaml'), 'id: b'));
    await looksAfter(state, () => rm(join(folder, 'team'), { recursive: true }));
  });

  it('looks now and then without being asked, and when a look asks for it', async () => {
    const clock = createFakeClock();
    const { state } = await started(clock);
    await clock.advanceAsync(10_000);
    const asked = state.looks;
    expect(asked).toBeGreaterThan(0);
    state.due = 500;
    await clock.advanceAsync(10_000);
    expect(state.looks).toBeGreaterThan(asked);
    const before = state.looks;
    await clock.advanceAsync(500);
    expect(state.looks).toBeGreaterThan(before);
  });

  it('looks no more once it is stopped', async () => {
    const clock = createFakeClock();
    const { state, watch } = await started(clock);
    await watch.stop();
    const before = state.looks;
    await clock.advanceAsync(60_000);
    expect(state.looks).toBe(before);
  });

  it('says so when there is no such folder, or it is a file', async () => {
    const file = join(folder, 'a.yaml');
    await writeFile(file, '');
    const flows = { load: async () => undefined, scan: async () => undefined };
    const of = (path: string): FolderWatch =>
      createFolderWatch({ folder: path, flows, clock: systemClock, tell: () => undefined });
    await expect(of(join(folder, 'none')).start()).rejects.toThrow(/folder of flows .*none cannot be read: ENOENT/);
    await expect(of(file).start()).rejects.toThrow(/is no folder/);
  });
});
