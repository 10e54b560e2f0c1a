import { Failure, failLimit } from '../errors.ts';
import { isMap, makeMap, mapEntries, toDouble, type Value } from '../values.ts';
import type { Work } from '../work.ts';
import { natives } from './natives.ts';
import type { Definition, Node } from './nodes.ts';
import { assign } from './assign.ts';
import { Break, type Env, type Item } from './env.ts';
import type { Path } from './paths.ts';
import { bindPattern } from './patterns.ts';
import { prelude } from './prelude.ts';
import { formatText } from './formats.ts';
import { arithmetic, compare, indexValue, isTrue, JqError, jqFail, sliceValue, typeOf } from './values.ts';

const MAX_DEPTH = 1500;

/** Evaluates jq programs lazily: every node gives its results one after the other. */
export class Machine {
  readonly work: Work;
  readonly now: () => number;
  private depth = 0;

  constructor(work: Work, now: () => number) {
    this.work = work;
    this.now = now;
  }

  /** All results of a node on an input. */
  *values(node: Node, env: Env | undefined, input: Value): Generator {
    for (const { value } of this.run(node, env, { value: input, path: undefined })) yield value;
  }

  /** The results with their paths; `input.path` undefined: paths are not asked for. */
  *run(node: Node, env: Env | undefined, input: Item): Generator<Item> {
    this.work.step();
    const results = this.dispatch(node, env, input);
    for (;;) {
      // The depth is that of calls under way at this moment; a generator that waits is on no stack.
      this.depth += 1;
      if (this.depth > MAX_DEPTH) failLimit('The jq program calls itself too deeply');
      let next: IteratorResult<Item>;
      try {
        next = results.next();
      } finally {
        this.depth -= 1;
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  private *dispatch(node: Node, env: Env | undefined, input: Item): Generator<Item> {
    switch (node.kind) {
      case 'identity':
        yield input;
        return;
      case 'literal':
        yield this.fresh(node.value, input);
        return;
      case 'pipe':
        for (const item of this.run(node.left, env, input)) yield* this.run(node.right, env, item);
        return;
      case 'comma':
        yield* this.run(node.left, env, input);
        yield* this.run(node.right, env, input);
        return;
      case 'index':
      case 'slice':
      case 'iterate':
        yield* this.access(node, env, input);
        return;
      case 'recurse':
        yield* this.recurse(input);
        return;
      case 'if':
        for (const test of this.values(node.condition, env, input.value)) {
          yield* this.run(isTrue(test) ? node.yes : node.no, env, input);
        }
        return;
      case 'alternative':
        yield* this.alternative(node.left, node.right, env, input);
        return;
      case 'try':
        yield* this.attempt(node.body, node.handler, env, input);
        return;
      case 'bind':
        for (const value of this.values(node.source, env, input.value)) {
          for (const bound of bindPattern(this, node.pattern, value, env, input.value))
            yield* this.run(node.body, bound, input);
        }
        return;
      case 'def':
        yield* this.run(node.body, { kind: 'function', definition: node.definition, parent: env }, input);
        return;
      case 'label':
        yield* this.label(node.name, node.body, env, input);
        return;
      case 'break':
        throw new Break(this.labelMark(node.name, env));
      case 'reduce':
      case 'foreach':
        yield* this.fold(node, env, input);
        return;
      case 'call':
        yield* this.call(node.name, node.args, env, input);
        return;
      case 'assign':
        for (const value of assign(this, node.operator, node.left, node.right, env, input.value)) {
          yield this.fresh(value, input);
        }
        return;
      default:
        for (const value of this.plain(node, env, input.value)) yield this.fresh(value, input);
    }
  }

  /** A value that is no part of the input: fine by itself, an error where a path is needed of it. */
  fresh(value: Value, input: Item): Item {
    return { value, path: input.path === undefined ? undefined : NO_PATH };
  }

  /** Nodes whose results are never parts of their input. */
  private *plain(node: Node, env: Env | undefined, input: Value): Generator {
    switch (node.kind) {
      case 'variable':
        yield this.variable(node.name, env);
        return;
      case 'format':
        yield formatText(node.name, input, this.work);
        return;
      case 'text':
        yield* this.text(node.parts, 0, '', node.format ?? 'text', env, input);
        return;
      case 'array':
        yield node.body === undefined ? [] : this.collect(node.body, env, input);
        return;
      case 'object':
        yield* this.object(node.entries, 0, [], env, input);
        return;
      case 'negate':
        for (const value of this.values(node.operand, env, input)) yield arithmetic('-', 0, value, this.work);
        return;
      case 'and':
      case 'or':
        yield* this.logic(node.kind, node.left, node.right, env, input);
        return;
      case 'binary':
        for (const right of this.values(node.right, env, input)) {
          for (const left of this.values(node.left, env, input)) yield this.binary(node.operator, left, right);
        }
        return;
      default:
        return;
    }
  }

  collect(node: Node, env: Env | undefined, input: Value): Value[] {
    const all: Value[] = [];
    for (const value of this.values(node, env, input)) {
      this.work.step();
      all.push(value);
    }
    return all;
  }

  private binary(operator: string, left: Value, right: Value): Value {
    switch (operator) {
      case '==':
        return compare(left, right, this.work) === 0;
      case '!=':
        return compare(left, right, this.work) !== 0;
      case '<':
        return compare(left, right, this.work) < 0;
      case '<=':
        return compare(left, right, this.work) <= 0;
      case '>':
        return compare(left, right, this.work) > 0;
      case '>=':
        return compare(left, right, this.work) >= 0;
      default:
        return arithmetic(operator, left, right, this.work);
    }
  }

  private *logic(kind: 'and' | 'or', left: Node, right: Node, env: Env | undefined, input: Value): Generator {
    for (const first of this.values(left, env, input)) {
      if (isTrue(first) === (kind === 'or')) yield kind === 'or';
      else for (const second of this.values(right, env, input)) yield isTrue(second);
    }
  }

  private *text(
    parts: readonly (string | Node)[],
    index: number,
    done: string,
    format: string,
    env: Env | undefined,
    input: Value,
  ): Generator {
    const part = parts[index];
    if (part === undefined) {
      yield done;
    } else if (typeof part === 'string') {
      yield* this.text(parts, index + 1, done + part, format, env, input);
    } else {
      for (const value of this.values(part, env, input)) {
        const piece = formatText(format, value, this.work);
        this.work.text(done.length + piece.length);
        yield* this.text(parts, index + 1, done + piece, format, env, input);
      }
    }
  }

  private *object(
    entries: readonly (readonly [Node, Node])[],
    index: number,
    done: readonly (readonly [string, Value])[],
    env: Env | undefined,
    input: Value,
  ): Generator {
    const entry = entries[index];
    if (entry === undefined) {
      yield makeMap(new Map(done));
      return;
    }
    for (const key of this.values(entry[0], env, input)) {
      if (typeof key !== 'string') jqFail(`Object keys must be strings, not ${typeOf(key)}`);
      for (const value of this.values(entry[1], env, input)) {
        yield* this.object(entries, index + 1, [...done, [key, value]], env, input);
      }
    }
  }

  private step(item: Item, key: Value, value: Value): Item {
    if (item.path === undefined) return { value, path: undefined };
    if (item.path === NO_PATH) return jqFail('Invalid path expression');
    return { value, path: [...item.path, key] };
  }

  private *access(node: Node, env: Env | undefined, input: Item): Generator<Item> {
    if (node.kind === 'iterate') {
      for (const item of this.run(node.target, env, input)) yield* this.children(item);
    } else if (node.kind === 'index') {
      for (const item of this.run(node.target, env, input)) {
        for (const key of this.values(node.key, env, input.value)) {
          yield this.step(item, key, indexValue(item.value, key, this.work));
        }
      }
    } else if (node.kind === 'slice') {
      for (const item of this.run(node.target, env, input)) {
        for (const to of this.bound(node.to, env, input.value)) {
          for (const from of this.bound(node.from, env, input.value)) {
            const key = makeMap([
              ['start', from],
              ['end', to],
            ]);
            yield this.step(item, key, sliceValue(item.value, from, to, this.work));
          }
        }
      }
    }
  }

  private *bound(node: Node | undefined, env: Env | undefined, input: Value): Generator {
    if (node === undefined) yield null;
    else yield* this.values(node, env, input);
  }

  *children(item: Item): Generator<Item> {
    const { value } = item;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) {
        this.work.step();
        yield this.step(item, index, (value as Value[])[index] ?? null);
      }
    } else if (isMap(value)) {
      for (const [key, child] of mapEntries(value)) {
        this.work.step();
        yield this.step(item, key, child);
      }
    } else {
      jqFail(`Cannot iterate over ${typeOf(value)}`);
    }
  }

  private *recurse(input: Item): Generator<Item> {
    const stack = [[input][Symbol.iterator]() as Iterator<Item>];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.next();
      if (next.done === true) {
        stack.pop();
        continue;
      }
      yield next.value;
      if (Array.isArray(next.value.value) || isMap(next.value.value)) stack.push(this.children(next.value));
    }
  }

  private *alternative(left: Node, right: Node, env: Env | undefined, input: Item): Generator<Item> {
    let found = false;
    try {
      for (const item of this.run(left, env, input)) {
        if (!isTrue(item.value)) continue;
        found = true;
        yield item;
      }
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
    }
    if (!found) yield* this.run(right, env, input);
  }

  private *attempt(body: Node, handler: Node | undefined, env: Env | undefined, input: Item): Generator<Item> {
    const results = this.run(body, env, input);
    for (;;) {
      let next: IteratorResult<Item>;
      try {
        next = results.next();
      } catch (error) {
        if (!(error instanceof JqError)) throw error;
        if (handler !== undefined) yield* this.run(handler, env, this.fresh(error.value, input));
        return;
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  private variable(name: string, env: Env | undefined): Value {
    for (let at = env; at !== undefined; at = at.parent) {
      if (at.kind === 'variable' && at.name === name) return at.value;
    }
    throw new Failure(`The jq variable $${name} is not defined`);
  }

  private labelMark(name: string, env: Env | undefined): object {
    for (let at = env; at !== undefined; at = at.parent) {
      if (at.kind === 'label' && at.name === name) return at.mark;
    }
    throw new Failure(`The jq label $${name} is not defined`);
  }

  private *label(name: string, body: Node, env: Env | undefined, input: Item): Generator<Item> {
    const mark = {};
    try {
      yield* this.run(body, { kind: 'label', name, mark, parent: env }, input);
    } catch (error) {
      if (!(error instanceof Break) || error.mark !== mark) throw error;
    }
  }

  private *fold(
    node: Extract<Node, { kind: 'reduce' | 'foreach' }>,
    env: Env | undefined,
    input: Item,
  ): Generator<Item> {
    for (const init of this.values(node.init, env, input.value)) {
      let state = init;
      for (const value of this.values(node.source, env, input.value)) {
        for (const bound of bindPattern(this, node.pattern, value, env, input.value)) {
          this.work.step();
          if (node.kind === 'reduce') {
            // The last result counts; without one the state becomes null, as in jq 1.6.
            let last: Value = null;
            for (const next of this.values(node.update, bound, state)) last = next;
            state = last;
          } else {
            for (const next of this.values(node.update, bound, state)) {
              state = next;
              if (node.extract === undefined) yield this.fresh(next, input);
              else for (const shown of this.values(node.extract, bound, next)) yield this.fresh(shown, input);
            }
          }
        }
      }
      if (node.kind === 'reduce') yield this.fresh(state, input);
    }
  }

  private *call(name: string, args: readonly Node[], env: Env | undefined, input: Item): Generator<Item> {
    for (let at = env; at !== undefined; at = at.parent) {
      if (at.kind === 'closure' && at.name === name && args.length === 0) {
        yield* this.run(at.body, at.env, input);
        return;
      }
      if (at.kind === 'function' && at.definition.name === name && at.definition.params.length === args.length) {
        yield* this.invoke(at.definition, args, at, env, input);
        return;
      }
    }
    const signature = `${name}/${args.length}`;
    const native = natives.get(signature);
    if (native !== undefined) {
      yield* native({ machine: this, env, args, input });
      return;
    }
    const definition = prelude().get(signature);
    if (definition === undefined) throw new Failure(`The jq function ${signature} is not defined`);
    yield* this.invoke(definition, args, { kind: 'function', definition, parent: undefined }, env, input);
  }

  /** Calls a definition: parameters are closures over the caller; `$name` ones are evaluated first. */
  private *invoke(
    definition: Definition,
    args: readonly Node[],
    home: Env,
    caller: Env | undefined,
    input: Item,
  ): Generator<Item> {
    yield* this.withParams(definition, args, 0, home, caller, input);
  }

  private *withParams(
    definition: Definition,
    args: readonly Node[],
    index: number,
    inner: Env,
    caller: Env | undefined,
    input: Item,
  ): Generator<Item> {
    const param = definition.params[index];
    const arg = args[index];
    if (param === undefined || arg === undefined) {
      yield* this.run(definition.body, inner, input);
      return;
    }
    if (!param.startsWith('$')) {
      const closure: Env = { kind: 'closure', name: param, body: arg, env: caller, parent: inner };
      yield* this.withParams(definition, args, index + 1, closure, caller, input);
      return;
    }
    const name = param.slice(1);
    for (const value of this.values(arg, caller, input.value)) {
      const literal: Node = { kind: 'literal', value };
      const closure: Env = { kind: 'closure', name, body: literal, env: undefined, parent: inner };
      const variable: Env = { kind: 'variable', name, value, parent: closure };
      yield* this.withParams(definition, args, index + 1, variable, caller, input);
    }
  }

  /** The paths that a node gives on an input. */
  *paths(node: Node, env: Env | undefined, input: Value): Generator<Path> {
    for (const { path } of this.run(node, env, { value: input, path: [] })) {
      if (path === undefined || path === NO_PATH) jqFail('Invalid path expression');
      yield path;
    }
  }

  /** The first result of an argument as a number. */
  number(value: Value, what: string): number {
    return typeOf(value) === 'number' ? toDouble(value) : jqFail(`${what} must be a number`);
  }
}

/** Stands for "this value has no path" where paths are asked for. */
const NO_PATH: Path = ['no path'];
