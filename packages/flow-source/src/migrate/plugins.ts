import type { PluginRegistry } from '@tiercel/plugin-kit';
import { isMap, isSeq, type Node } from 'yaml';
import type { Path } from '../problem.ts';
import { NESTED_TASK_PROPERTIES } from '../walk.ts';
import { itemsOf, pairOf, pairsOf, rename, textOf, type Edits } from './edits.ts';

const ECHO = 'io.kestra.plugin.core.debug.Echo';
const LOG = 'io.kestra.plugin.core.log.Log';
const PROCESS = 'io.kestra.plugin.core.runner.Process';

const TASK_LISTS = ['tasks', 'errors', 'finally', 'afterExecution'] as const;
const CONDITIONS = ['conditions', 'scheduleConditions'] as const;

/** Rewrites the plugins of a flow: only where the language has some, since maps elsewhere are data, whatever `type` they name. */
export function migratePlugins(edits: Edits, registry: PluginRegistry, root: Node): void {
  const defaults = ['pluginDefaults', 'taskDefaults'] as const;
  const plugins = new Plugins(
    edits,
    registry,
    defaults.some((name) => concernsEcho(registry, pairOf(root, name)?.value)),
  );
  for (const name of TASK_LISTS) plugins.tasks(pairOf(root, name)?.value, [name]);
  plugins.triggers(pairOf(root, 'triggers')?.value, ['triggers']);
  for (const [index, listener] of itemsOf(pairOf(root, 'listeners')?.value).entries()) {
    plugins.tasks(pairOf(listener, 'tasks')?.value, ['listeners', index, 'tasks']);
    plugins.conditions(listener, ['listeners', index]);
  }
  for (const name of defaults) plugins.defaults(pairOf(root, name)?.value, [name]);
}

/**
 * Whether an entry may hold for Echo or for Log, by one of their names or the beginning of one: Log could then get other values than Echo.
 * What cannot be told, such as an entry that is merged from elsewhere, counts.
 */
function concernsEcho(registry: PluginRegistry, defaults: Node | null | undefined): boolean {
  const names = [ECHO, LOG].flatMap((type) => [type, ...(registry.get(type)?.aliases ?? [])]);
  return itemsOf(defaults).some((entry) => {
    const type = textOf(pairOf(entry, 'type')?.value);
    return type === undefined || names.some((name) => name.startsWith(type));
  });
}

function canonicalOf(registry: PluginRegistry, node: Node | null | undefined): string | undefined {
  const type = textOf(node);
  return type === undefined ? undefined : registry.canonical(type);
}

class Plugins {
  private readonly edits: Edits;
  private readonly registry: PluginRegistry;
  /** There are defaults of Echo, which those that became Log would not get, or of Log, which they would. */
  private readonly echoHasDefaults: boolean;

  constructor(edits: Edits, registry: PluginRegistry, echoHasDefaults: boolean) {
    this.edits = edits;
    this.registry = registry;
    this.echoHasDefaults = echoHasDefaults;
  }

  tasks(list: Node | null | undefined, at: Path): void {
    for (const [index, item] of itemsOf(list).entries()) {
      // An entry of a Dag wraps its task.
      const wrapped = pairOf(item, 'type') === undefined ? pairOf(item, 'task')?.value : undefined;
      if (wrapped === undefined || wrapped === null) this.task(item, [...at, index]);
      else this.task(wrapped, [...at, index, 'task']);
    }
  }

  private task(task: Node, at: Path): void {
    this.plugin(task, at);
    this.runner(task, at);
    const taskRunner = pairOf(task, 'taskRunner')?.value;
    if (isMap(taskRunner)) this.plugin(taskRunner, [...at, 'taskRunner']);
    const kind = this.registry.get(textOf(pairOf(task, 'type')?.value) ?? '')?.kind;
    if (kind === 'task') return;
    for (const name of NESTED_TASK_PROPERTIES) {
      const value = pairOf(task, name)?.value;
      if (isSeq(value)) this.tasks(value, [...at, name]);
      else for (const { key, value: list } of pairsOf(value)) this.tasks(list, [...at, name, textOf(key) ?? '']);
    }
  }

  triggers(list: Node | null | undefined, at: Path): void {
    for (const [index, trigger] of itemsOf(list).entries()) {
      const here = [...at, index];
      this.plugin(trigger, here);
      rename(this.edits, trigger, here, 'minLogLevel', 'logLevel');
      this.conditions(trigger, here);
      rename(this.edits, trigger, here, 'scheduleConditions', 'conditions');
    }
  }

  /** Conditions of a trigger or listener, and of a condition: a list, or a map of them. */
  conditions(owner: Node, at: Path): void {
    for (const name of CONDITIONS) {
      const value = pairOf(owner, name)?.value;
      for (const [index, item] of itemsOf(value).entries()) this.condition(item, [...at, name, index]);
      for (const { key, value: item } of pairsOf(value)) {
        if (isMap(item)) this.condition(item, [...at, name, textOf(key) ?? '']);
      }
    }
  }

  private condition(condition: Node, at: Path): void {
    this.plugin(condition, at);
    this.conditions(condition, at);
  }

  defaults(list: Node | null | undefined, at: Path): void {
    for (const [index, entry] of itemsOf(list).entries()) {
      this.plugin(entry, [...at, index]);
      const values = pairOf(entry, 'values')?.value;
      if (isMap(values)) this.runner(values, [...at, index, 'values']);
    }
  }

  /** The type of a plugin. */
  private plugin(map: Node, at: Path): void {
    const node = pairOf(map, 'type')?.value;
    const type = textOf(node);
    const canonical = canonicalOf(this.registry, node);
    if (type === undefined || node === undefined || node === null || canonical === undefined) return;
    const path = [...at, 'type'];
    if (canonical === ECHO) {
      this.echo(map, node, type, at);
      return;
    }
    if (canonical !== type) this.edits.replaceScalar(node, canonical, path, `${type} is called ${canonical} now`);
    const definition = this.registry.get(canonical);
    if (definition?.deprecated === true) {
      const what = [`${canonical} is deprecated`, definition.description].filter((text) => text !== undefined);
      this.edits.leave(node, path, what.join(': '));
    }
  }

  /** Echo is Log with another name for its message. What merges it, or gives it defaults, would have to change, too. */
  private echo(map: Node, node: Node, type: string, at: Path): void {
    const isShared = (map as { readonly anchor?: string }).anchor !== undefined || this.echoHasDefaults;
    if (isShared || pairOf(map, 'format') === undefined || pairOf(map, 'message') !== undefined) {
      this.edits.leave(node, [...at, 'type'], `${type} is deprecated: use ${LOG}, whose \`message\` is the \`format\``);
      return;
    }
    this.edits.replaceScalar(node, LOG, [...at, 'type'], `${type} is replaced by ${LOG}`);
    rename(this.edits, map, at, 'format', 'message');
  }

  /** `runner` and `docker` of script tasks, which became `taskRunner`. */
  private runner(map: Node, at: Path): void {
    const pair = pairOf(map, 'runner');
    if (pair?.value === undefined || pair.value === null) return;
    const path = [...at, 'runner'];
    if (textOf(pair.value) === 'PROCESS' && pairOf(map, 'taskRunner') === undefined) {
      const text = `taskRunner: {type: ${PROCESS}}`;
      this.edits.replace(pair.key, pair.value, text, path, '`runner` became `taskRunner`');
    } else if (textOf(pair.value) === 'DOCKER') {
      const message = '`runner: DOCKER` is deprecated: name a task runner with containers in `taskRunner`';
      this.edits.leave(pair.key, path, message);
    }
  }
}
