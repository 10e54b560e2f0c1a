// Ends the PostgreSQL of the tests and removes its folder as soon as no test run that uses it is alive any more, however
// those runs ended. A process of its own in plain JavaScript: it has to outlive every test process, killed ones too.
// Arguments: the folder (see shared-postgres.ts).
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = process.argv[2];
const lock = `${folder}.lock`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const users = async () => (await readdir(join(folder, 'users'))).map(Number).filter(alive);

const isLockHeld = async () => alive(Number(await readFile(lock, 'utf8').catch(() => '0')) || -1);

/** Undefined while a test process holds the lock: it is about to become a user. */
const takeLock = async () => {
  try {
    return await open(lock, 'wx');
  } catch {
    if (!(await isLockHeld())) await rm(lock, { force: true });
    return undefined;
  }
};

const stopPostgres = async () => {
  const text = await readFile(join(folder, 'pg', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!(pid > 0) || !alive(pid)) return;
  // Immediate shutdown: nobody will ever start on this data again.
  process.kill(pid, 'SIGQUIT');
  for (let waited = 0; alive(pid) && waited < 10_000; waited += 20) await pause(20);
  if (alive(pid)) process.kill(pid, 'SIGKILL');
};

for (;;) {
  await pause(200);
  if ((await users()).length > 0) continue;
  const held = await takeLock();
  if (held === undefined) continue;
  await writeFile(lock, String(process.pid));
  await held.close();
  if ((await users()).length > 0) {
    await rm(lock, { force: true });
    continue;
  }
  try {
    await stopPostgres();
    await rm(folder, { recursive: true, force: true });
  } finally {
    await rm(lock, { force: true });
  }
  break;
}
