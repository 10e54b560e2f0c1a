import { getNamed, getSubscript } from '../attributes.ts';
import type { Context } from '../context.ts';
import { type ArgValues, type FunctionDefinition, optionalBoolean, required, textArg } from '../definitions.ts';
import { fail, UndefinedName } from '../errors.ts';
import { renderValueIn } from '../render.ts';
import { isList, isMap, listItems, makeMap, mapEntries, mapGet, MISSING, typeName, type Value } from '../values.ts';

function noRecursiveMode(context: Context, name: string): void {
  if (context.env.recursive === true) fail(`Function or Macro [${name}] does not exist`);
}

function render(args: ArgValues, context: Context): Value {
  noRecursiveMode(context, 'render');
  const value = required(args, 0, 'The argument `toRender` of `render`');
  const recursive = optionalBoolean(args, 1, 'The argument `recursive` of `render`', true);
  return renderValueIn(context, value, recursive);
}

function block(args: ArgValues, context: Context): Value {
  const run = context.template.blocks.get(textArg(args, 0, 'The argument `name` of `block`'));
  if (run === undefined) return '';
  return context.work.nested(() => context.capture(() => run(context)));
}

/** The value of the loop that a task run stands in, if it stands in one. */
function loopValue(of: Value, context: Context): Value | typeof MISSING {
  const taskrun = getNamed(of, 'taskrun', context.work);
  return taskrun === MISSING || !isMap(taskrun) ? MISSING : getSubscript(taskrun, 'value', context.work);
}

/** The outputs of a task for the present iteration of all loops (expressions.md §12.4). */
function currentEachOutput(args: ArgValues, context: Context): Value {
  let outputs = required(args, 0, 'The argument `outputs` of `currentEachOutput`');
  if (!isMap(outputs)) return fail(`\`currentEachOutput\` needs a map, not ${typeName(outputs)}`);
  const parents = context.lookup('parents');
  const loops = parents === MISSING || !isList(parents) ? [] : listItems(parents).toReversed();
  const values = loops.map((parent) => loopValue(parent, context)).filter((value) => value !== MISSING);
  const taskrun = context.lookup('taskrun');
  const own = taskrun === MISSING ? MISSING : getNamed(taskrun, 'value', context.work);
  if (own === MISSING) return fail('`currentEachOutput` can only be used inside of a loop');
  for (const value of [...values, own]) {
    const next = getSubscript(outputs, value, context.work);
    if (next === MISSING) throw new UndefinedName(String(value), context.position, () => []);
    outputs = next;
  }
  return outputs;
}

function env(args: ArgValues, context: Context): Value {
  const name = textArg(args, 0, 'The argument `name` of `env`');
  const envs = context.lookup('envs');
  const value = envs === MISSING ? MISSING : getNamed(envs, name, context.work);
  if (value !== MISSING && value !== null) return value;
  return args[1] === undefined ? null : args[1];
}

/** Runs of tasks in a state, from the variable `tasks` (expressions.md §17). */
function tasksWithState(args: ArgValues, context: Context): Value {
  const state = textArg(args, 0, 'The argument `state` of `tasksWithState`').toUpperCase();
  const tasks = context.lookup('tasks');
  if (tasks === MISSING || !isMap(tasks)) return [];
  const found: Value[] = [];
  for (const [taskId, runs] of mapEntries(tasks)) {
    if (!isMap(runs)) continue;
    const own = mapGet(runs, 'state');
    if (typeof own === 'string') {
      if (own === state)
        found.push(
          makeMap([
            ['taskId', taskId],
            ['state', own],
          ]),
        );
      continue;
    }
    for (const [value, run] of mapEntries(runs)) {
      context.work.step();
      if (isMap(run) && mapGet(run, 'state') === state) {
        found.push(
          makeMap([
            ['taskId', taskId],
            ['value', value],
            ['state', state],
          ]),
        );
      }
    }
  }
  return found;
}

const allVariables: FunctionDefinition = { params: [], dynamic: true, call: (_args, context) => context.root };

/** Functions that see the variables (expressions.md §12.1, §12.4). */
export const contextFunctions: Readonly<Record<string, FunctionDefinition>> = {
  render: { params: ['toRender', 'recursive'], dynamic: true, call: render },
  renderOnce: {
    params: ['toRender'],
    dynamic: true,
    call: (args, context) => {
      noRecursiveMode(context, 'renderOnce');
      return renderValueIn(context, required(args, 0, 'The argument `toRender` of `renderOnce`'), false);
    },
  },
  printContext: allVariables,
  fetchContext: allVariables,
  block: { params: ['name'], call: block },
  currentEachOutput: { params: ['outputs'], reads: [['parents'], ['taskrun', 'value']], call: currentEachOutput },
  tasksWithState: { params: ['state'], reads: [['tasks']], call: tasksWithState },
  env: { params: ['name', 'default'], reads: [['envs']], call: env },
};
