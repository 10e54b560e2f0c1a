import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFlowCache } from '@tiercel/flow-source';
import { createMemoryFlowStore, testRegistry, type MemoryFlowStore } from '@tiercel/flow-source/testing';
import { createMemoryBus } from '@tiercel/queue';
import { StoreError, type FlowStore } from '@tiercel/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFolderEvent, type FlowFolderEvent } from './events.ts';
import { FlowFolder, REMOVAL_GRACE_MS, RETURN_GRACE_MS } from './flow-folder.ts';

let folder: string;
let flows: MemoryFlowStore;
let clock: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-folder-'));
  flows = createMemoryFlowStore();
  clock = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const source = (id: string, extra = ''): string =>
  `id: ${id}\nnamespace: company.team\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Return\n${extra}`;

async function put(name: string, text: string): Promise<void> {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), text);
}

/** A folder of flows over the memory store, and what it told since one last looked. */
function bench(flowStore: FlowStore = flows): { scan(): Promise<readonly string[]>; flows: FlowFolder } {
  let told: FlowFolderEvent[] = [];
  const bus = createMemoryBus();
  const cache = createFlowCache({ flows: flowStore, bus, registry: testRegistry, now: () => clock });
  const subject = new FlowFolder({
    deps: { tenant: 'main', flowStore, bus, cache, registry: testRegistry },
    folder,
    elapsed: () => clock,
    tell: (event) => told.push(event),
  });
  return {
    flows: subject,
    async scan() {
      await subject.scan();
      const lines = told.map((event) => describeFolderEvent(event).replaceAll(`${folder}/`, ''));
      told = [];
      return lines;
    },
  };
}

/** `id@revision` of every living flow. */
const living = async (): Promise<readonly string[]> =>
  (await flows.list('main')).map(({ id, revision }) => `${id}@${revision}`).toSorted();

/** Long enough for what no file holds. */
async function later(scan: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const before = await scan();
  clock += REMOVAL_GRACE_MS;
  return [...before, ...(await scan())];
}

describe('a folder of flows', () => {
  it('creates and updates what changed, and nothing else', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await put('team/b.yml', source('b'));
    expect(await scan()).toEqual([
      'a.yaml: flow company.team.a is now revision 1',
      'team/b.yml: flow company.team.b is now revision 1',
    ]);
    await put('a.yaml', source('a', 'description: new\n'));
    await put('team/b.yml', source('b'));
    await put('c.yaml', source('c'));
    expect(await scan()).toEqual([
      'a.yaml: flow company.team.a is now revision 2',
      'c.yaml: flow company.team.c is now revision 1',
    ]);
    expect(await scan()).toEqual([]);
    expect(await living()).toEqual(['a@2', 'b@1', 'c@1']);
  });

  it('keeps the revision of what is unchanged since the last start', async () => {
    await put('a.yaml', source('a'));
    await bench().scan();
    expect(await bench().scan()).toEqual([]);
    expect(await living()).toEqual(['a@1']);
  });

  it('tells each mistake by file, line and column, and goes on with the others', async () => {
    const { scan } = bench();
    await put('bad.yaml', source('bad', 'x: 1\n'));
    await put('empty.yaml', '');
    await put('good.yaml', source('good'));
    await writeFile(join(folder, 'latin.yaml'), Buffer.from(source('latin', 'description: café\n'), 'latin1'));
    await put('no.yaml', 'id: [');
    const told = [...(await scan())];
    expect(told).toHaveLength(5);
    expect(told.splice(2, 1)).toEqual(['latin.yaml: is no text in UTF-8: save it as such']);
    expect(told[0]).toMatch(/^bad\.yaml:6:1: Unrecognized field "x"/);
    expect(told[1]).toMatch(/^empty\.yaml:1:1: Illegal flow yaml/);
    expect(told[2]).toMatch(/^no\.yaml:1:\d+: Illegal flow yaml/);
    expect(told[3]).toBe('good.yaml: flow company.team.good is now revision 1');
    expect(await scan()).toEqual([]);
    await put('bad.yaml', source('bad'));
    expect(await scan()).toEqual(['bad.yaml: flow company.team.bad is now revision 1']);
  });

  it('a file that is broken keeps its flow as it was', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await scan();
    await put('a.yaml', source('a', 'labels: 7\n'));
    expect(await later(scan)).toEqual([expect.stringMatching(/^a\.yaml:6:9: labels: expected/)]);
    expect(await living()).toEqual(['a@1']);
  });

  it('deletes the flow of a file that is gone, after a moment', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await put('b.yaml', source('b'));
    await scan();
    await rm(join(folder, 'a.yaml'));
    expect(await scan()).toEqual([]);
    clock += REMOVAL_GRACE_MS - 1;
    expect(await scan()).toEqual([]);
    clock += 1;
    expect(await scan()).toEqual(['a.yaml: flow company.team.a is deleted, because no file holds it any more']);
    expect(await living()).toEqual(['b@1']);
    await put('a.yaml', source('a'));
    expect(await scan()).toEqual(['a.yaml: flow company.team.a is now revision 3']);
  });

  it('a file that is renamed, or written anew by taking it away first, keeps its flow', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await put('b.yaml', source('b'));
    await scan();
    await mkdir(join(folder, 'deep'));
    await rename(join(folder, 'a.yaml'), join(folder, 'deep', 'z.yaml'));
    await rm(join(folder, 'b.yaml'));
    await scan();
    await put('b.yaml', source('b'));
    expect(await later(scan)).toEqual([]);
    expect(await living()).toEqual(['a@1', 'b@1']);
  });

  it('another id in a file is another flow, and the old one goes', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await scan();
    await put('a.yaml', source('b'));
    expect(await later(scan)).toEqual([
      'a.yaml: flow company.team.b is now revision 1',
      'a.yaml: flow company.team.a is deleted, because no file holds it any more',
    ]);
  });

  it('of two files with one flow the first holds it, and the second when the first is gone', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await put('b.yaml', source('a', 'description: of b\n'));
    expect(await scan()).toEqual([
      expect.stringMatching(/^b\.yaml: flow company\.team\.a stands in .*a\.yaml already; this file is left out$/),
      'a.yaml: flow company.team.a is now revision 1',
    ]);
    expect(await scan()).toEqual([]);
    await rm(join(folder, 'a.yaml'));
    expect(await later(scan)).toEqual(['b.yaml: flow company.team.a is now revision 2']);
  });

  it('deletes nothing when the folder is away or suddenly empty', async () => {
    const { scan } = bench();
    await put('a.yaml', source('a'));
    await put('b.yaml', source('b'));
    await scan();
    await rename(folder, `${folder}-away`);
    expect(await later(scan)).toEqual([expect.stringMatching(/cannot be loaded now: ENOENT/)]);
    await mkdir(folder);
    expect(await later(scan)).toEqual([expect.stringMatching(/is empty now; its 2 flows stay as they are$/)]);
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    expect(await later(scan)).toEqual([]);
    expect(await living()).toEqual(['a@1', 'b@1']);
  });

  it.each(['empty', 'away'])(
    'deletes nothing while the files of a folder that was %s come back one by one',
    async (was) => {
      const { scan } = bench();
      const ids = ['a', 'b', 'c'];
      for (const id of ids) await put(`${id}.yaml`, source(id));
      await scan();
      await rm(folder, { recursive: true });
      if (was === 'empty') await mkdir(folder);
      await later(scan);
      clock += 10 * RETURN_GRACE_MS;
      await scan();
      await put('b.yaml', source('b'));
      expect(await later(scan)).toEqual([]);
      clock += RETURN_GRACE_MS - REMOVAL_GRACE_MS - 1;
      await put('a.yaml', source('a'));
      expect(await scan()).toEqual([]);
      expect(await living()).toEqual(['a@1', 'b@1', 'c@1']);
      clock += REMOVAL_GRACE_MS;
      expect(await scan()).toEqual(['c.yaml: flow company.team.c is deleted, because no file holds it any more']);
      expect(await living()).toEqual(['a@1', 'b@1']);
    },
  );

  it('deletes nothing of a part that cannot be read', async () => {
    const { scan } = bench();
    await put('part/a.yaml', source('a'));
    await put('b.yaml', source('b'));
    await scan();
    await chmod(join(folder, 'part'), 0o000);
    await later(scan);
    await chmod(join(folder, 'part'), 0o700);
    expect(await living()).toEqual(['a@1', 'b@1']);
  });

  it('tries again when the store was away, and tells it once', async () => {
    let away = true;
    const writeAll: FlowStore['writeAll'] = async (batch) => {
      if (away) throw new StoreError('unavailable', 'no connection');
      return flows.writeAll(batch);
    };
    const { scan } = bench({ ...flows, writeAll });
    await put('a.yaml', source('a'));
    expect(await scan()).toEqual([expect.stringMatching(/cannot be loaded now: no connection$/)]);
    expect(await scan()).toEqual([]);
    away = false;
    expect(await scan()).toEqual(['a.yaml: flow company.team.a is now revision 1']);
  });

  it('a flow that can never be stored does not keep the others from it', async () => {
    const writeAll: FlowStore['writeAll'] = async (batch) => {
      if (batch.writes.some(({ id }) => id === 'bad')) throw new StoreError('bad-data', 'too strange');
      return flows.writeAll(batch);
    };
    const { scan } = bench({ ...flows, writeAll });
    for (const id of ['a', 'bad', 'c']) await put(`${id}.yaml`, source(id));
    expect(await scan()).toContain('bad.yaml: cannot be stored: too strange');
    expect(await living()).toEqual(['a@1', 'c@1']);
    expect(await scan()).toEqual([]);
  });

  it('two servers with one folder do not disturb each other', async () => {
    const [one, other] = [bench(), bench()];
    await put('a.yaml', source('a'));
    await Promise.all([one.scan(), other.scan()]);
    expect(await living()).toEqual(['a@1']);
    await put('a.yaml', source('a', 'description: new\n'));
    await Promise.all([one.scan(), other.scan()]);
    expect(await living()).toEqual(['a@2']);
    await rm(join(folder, 'a.yaml'));
    const told = await Promise.all([later(one.scan), later(other.scan)]);
    expect(told.flat()).toHaveLength(1);
    expect(await living()).toEqual([]);
  });

  it('says how many files it has loaded', async () => {
    const events: FlowFolderEvent[] = [];
    await put('a.yaml', source('a'));
    await put('b.yaml', 'id: b');
    const bus = createMemoryBus();
    const cache = createFlowCache({ flows, bus, registry: testRegistry, now: () => clock });
    const deps = { tenant: 'main', flowStore: flows, bus, cache, registry: testRegistry };
    await new FlowFolder({ deps, folder, elapsed: () => clock, tell: (event) => events.push(event) }).load();
    expect(describeFolderEvent(events.at(-1)!)).toBe(
      `${folder}: 2 files with flows loaded, 1 with mistakes; changes are watched`,
    );
  });
});
