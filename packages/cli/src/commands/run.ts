import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ExecutionJson } from '@tiercel/contracts';
import type { LogLevel } from '@tiercel/model';
import { createApi, type Api } from '../client/api.ts';
import { exitCodeOf, followExecution, startExecution } from '../client/executions.ts';
import { deployFlow, readFlows } from '../client/flows.ts';
import { inputForm } from '../client/form.ts';
import type { Terminal } from '../client/terminal.ts';
import { CommandError, EXIT } from '../errors.ts';
import type { LocalServer } from '../local/local-server.ts';
import { onSignals } from '../local/signals.ts';
import { withInputs, withLevel, type InputOptions } from './execution.ts';

interface RunOptions extends InputOptions {
  readonly level: LogLevel;
  readonly data?: string;
  readonly json?: true;
}

/** `tiercel run`: a server of its own for one execution. */
export function runCommand(program: Command, terminal: Terminal): void {
  withLevel(withInputs(program.command('run').description('run a flow from a file; no server is needed')))
    .argument('<flow.yaml>', 'file with the flow')
    .option(
      '--data <folder>',
      'folder that keeps executions, files and the key-value store; default is one that goes with the run',
    )
    .option('--json', 'print only the ended execution, as JSON')
    .action(async (path: string, options: RunOptions) => {
      const [file, ...more] = await readFlows([path]);
      if (file === undefined || more.length > 0) throw new CommandError(`${path} must be one file with one flow.`);
      const form = await inputForm(options.input ?? [], options.file ?? []);
      await withServerOfItsOwn(options.data, async (api, interrupted) => {
        const { flow } = await deployFlow(api, file);
        const { id } = await startExecution(api, { namespace: flow.namespace, id: flow.id, form });
        interrupted(async () => {
          terminal.note('The execution is killed …');
          await api.call(`/executions/${id}/kill`, { method: 'DELETE', allow: [409] });
        });
        const shown = options.json === true ? { ...terminal, log: () => undefined } : terminal;
        report(terminal, options, await followExecution(api, shown, id, options.level));
      });
    });
}

function report(terminal: Terminal, { json }: RunOptions, execution: ExecutionJson): void {
  if (json === true) terminal.print(JSON.stringify(execution, undefined, 2));
  else terminal.ended(execution);
  process.exitCode = exitCodeOf(execution);
}

const RUN_PREFIX = 'tiercel-run-';

/** Removes what killed runs have left. A PostgreSQL whose folder is gone ends by itself within a minute. */
async function sweep(): Promise<void> {
  const { isAbandoned } = await import('../local/data-folder.ts');
  const names = await readdir(tmpdir());
  for (const name of names.filter((candidate) => candidate.startsWith(RUN_PREFIX))) {
    const folder = join(tmpdir(), name);
    if (await isAbandoned(folder)) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Says what to do when the user interrupts; when that was before, it is done at once. */
type OnInterrupt = (work: () => Promise<void>) => void;

async function withServerOfItsOwn(
  dataDir: string | undefined,
  work: (api: Api, interrupted: OnInterrupt) => Promise<void>,
): Promise<void> {
  // Loaded only here: the other commands need nothing of the server and are quick without it.
  const { startLocalServer } = await import('../local/local-server.ts');
  await sweep();
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), RUN_PREFIX)));
  const asked = new AbortController();
  let local: LocalServer | undefined;
  const release = onSignals((count) => {
    asked.abort();
    if (count === 1) return;
    local?.abandon();
    process.exit(EXIT.unable);
  });
  try {
    // Others on this machine can reach the port, so it wants a password that only this process knows.
    const password = randomBytes(24).toString('base64url');
    const environment = {
      ...process.env,
      TIERCEL_GATEWAY_USERNAME: 'run',
      TIERCEL_GATEWAY_PASSWORD: password,
      // A folder of flows is for servers that stay.
      TIERCEL_GATEWAY_FLOW_PATH: '',
    };
    local = await startLocalServer({ dataDir: folder, port: 0, environment, logLevel: 'error', signal: asked.signal });
    try {
      await work(createApi({ server: local.url!, user: `run:${password}` }), (kill) => {
        const interrupt = (): void =>
          void kill().catch((error: unknown) => process.stderr.write(`${(error as Error).message}\n`));
        if (asked.signal.aborted) interrupt();
        else asked.signal.addEventListener('abort', interrupt, { once: true });
      });
    } finally {
      await local.stop();
    }
  } finally {
    release();
    if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
  }
}
