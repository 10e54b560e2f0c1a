import type { Value } from '../values.ts';
import type { Env } from './env.ts';
import type { Node } from './nodes.ts';
import { deletePaths, getPath, type Path, updatePath } from './paths.ts';
import type { Machine } from './run.ts';
import { arithmetic, isTrue } from './values.ts';

/** `=`, `|=`, `+=` and the like. */
export function* assign(
  machine: Machine,
  operator: string,
  left: Node,
  right: Node,
  env: Env | undefined,
  input: Value,
): Generator {
  if (operator === '|=') {
    yield update(machine, left, right, env, input);
    return;
  }
  for (const value of machine.values(right, env, input)) {
    let result = input;
    for (const path of machine.paths(left, env, input)) {
      result = updatePath(result, path, (old) => assigned(machine, operator, old, value), machine.work);
    }
    yield result;
  }
}

function assigned(machine: Machine, operator: string, old: Value, value: Value): Value {
  if (operator === '=') return value;
  if (operator === '//=') return isTrue(old) ? old : value;
  return arithmetic(operator.slice(0, -1), old, value, machine.work);
}

/** `|=`: the first result of the right side; a place without one is deleted. */
function update(machine: Machine, left: Node, right: Node, env: Env | undefined, input: Value): Value {
  let result = input;
  const gone: Path[] = [];
  for (const path of machine.paths(left, env, input)) {
    const old = getPath(result, path, machine.work);
    const first = machine.values(right, env, old).next();
    if (first.done === true) gone.push(path);
    else result = updatePath(result, path, () => first.value, machine.work);
  }
  return gone.length === 0 ? result : deletePaths(result, gone, machine.work);
}
