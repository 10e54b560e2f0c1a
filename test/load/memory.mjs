// Memory of a process tree, from Linux' /proc; undefined elsewhere.
import { readdir, readFile } from 'node:fs/promises';

const read = (path) => readFile(path, 'utf8').catch(() => '');

async function childrenOf(pid) {
  const children = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The fields after the name, which may hold blanks and brackets.
    const parent = (await read(`/proc/${name}/stat`)).split(') ').at(-1)?.split(' ')[1];
    if (Number(parent) === pid) children.push(Number(name));
  }
  return children;
}

/** Proportional memory in MB: what is shared counts once over all that share it. */
async function megabytes(pid) {
  const found = /^Pss:\s+(\d+)/m.exec(await read(`/proc/${pid}/smaps_rollup`));
  return Number(found?.[1] ?? 0) / 1024;
}

/** { server, children } in MB. */
export async function memoryOf(pid) {
  if (process.platform !== 'linux') return undefined;
  const descend = async (parent) => {
    let sum = 0;
    for (const child of await childrenOf(parent)) sum += (await megabytes(child)) + (await descend(child));
    return sum;
  };
  return { server: Math.round(await megabytes(pid)), children: Math.round(await descend(pid)) };
}
