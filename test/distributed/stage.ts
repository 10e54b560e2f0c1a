import { whyNoRedis } from '@tiercel/testkit';
import { afterAll, beforeEach, expect, onTestFailed } from 'vitest';
import { Cluster, type ClusterOptions, type ServiceName } from './cluster.ts';
import { Scene, type Outcome, type SceneOptions } from './scene.ts';
import { SEED } from './sizes.ts';

/** Why faults cannot be tried on this machine; undefined when they can. */
export const missing = whyNoRedis();

export interface StageOptions extends ClusterOptions {
  readonly count?: Partial<Record<ServiceName, number>>;
}

/** What a fault's test has to say: what it has seen, and its figures in a few words. */
export interface Played extends Outcome {
  readonly notes: readonly string[];
}

/** One cluster for the tests of a file, made anew after a test that failed. */
export function useStage(options: StageOptions = {}) {
  let cluster: Cluster | undefined;
  beforeEach(async () => {
    if (cluster !== undefined) return;
    const made = await Cluster.make(options);
    cluster = made;
    await made.startAll(options.count);
  }, 60_000);
  afterAll(async () => {
    await cluster?.remove();
    cluster = undefined;
  });
  const discard = async (): Promise<void> => {
    const failed = cluster;
    cluster = undefined;
    for (const service of failed?.services ?? [])
      process.stderr.write(`the ${service.name} said last:\n${service.output.slice(-3_000)}\n`);
    await failed?.remove();
  };
  return {
    /** Tries one fault: prints what was measured, and holds it to what is promised. */
    async play(name: string, act: (scene: Scene) => Promise<Played>, sceneOptions: SceneOptions = {}): Promise<void> {
      onTestFailed(discard);
      const scene = await Scene.open(cluster!, name, sceneOptions);
      try {
        const { executions, breaches, notes } = await act(scene);
        const { begun, again } = await scene.scripts();
        const { accepted } = scene.load;
        const ended = executions.length - (await scene.open());
        process.stdout.write(
          `fault ${name} (seed ${SEED}): ${accepted.size} accepted, ${ended} of ${executions.length} ended, answers ${JSON.stringify(scene.load.statuses())}, ` +
            `${begun} scripts begun, ${again} ran again, ${(await scene.handedOutAgain()).length} tasks handed out again; ${notes.join('; ')}\n`,
        );
        expect(breaches).toEqual([]);
        expect(executions.length).toBeGreaterThanOrEqual(accepted.size);
      } finally {
        await scene.close();
      }
    },
  };
}
