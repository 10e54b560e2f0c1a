import { inputReader, type InputPorts, type InputReader } from '@tiercel/engine';
import { compilePattern } from '@tiercel/flow-source';
import { isDynamic, type Flow, type FlowInput, type Json, type JsonObject } from '@tiercel/model';
import { resolveDynamic, type DynamicVerdicts, type RenderInput } from './dynamic.ts';
import { fallbackOf, verdictOn } from './judge.ts';
import { inOrder } from './order.ts';
import { maskingOf, shownVerdicts, withoutSecrets } from './secrets.ts';
import { nested, valueOfInput, type GivenInputs, type ResolvedInput } from './verdict.ts';

/** The inputs of one flow, ready to judge values. */
export interface InputResolver {
  /**
   * One verdict for each input, in the order of the flow (execution-semantics.md §10.2). A promise only for flows whose inputs depend on
   * others, or hold expressions.
   */
  resolve(given: GivenInputs): readonly ResolvedInput[] | Promise<readonly ResolvedInput[]>;
  /** The same for people: no value, and nothing that there is to choose from, holds a secret in clear. */
  report(given: GivenInputs): readonly ResolvedInput[] | Promise<readonly ResolvedInput[]>;
  /**
   * Inputs for an execution that was started without any, and is not to be refused for it (§10.2, webhooks): the values that defaults give,
   * where some are expressions. Undefined: the engine's variables hold the defaults anyway.
   */
  defaults(): Promise<JsonObject | undefined> | undefined;
}

/** What the reading of inputs needs besides their definition. */
export interface ResolverPorts {
  /** Whether a text is an address of the internal storage. */
  readonly isAddress: (text: string) => boolean;
  /** Encrypts a secret. Absent: the server has no encryption key. */
  readonly seal?: ((text: string) => string) | undefined;
  readonly render: RenderInput;
}

const readerPorts = ({ isAddress, seal }: ResolverPorts): InputPorts => ({
  isFile: isAddress,
  seal,
  matcher: (source) => {
    const pattern = compilePattern(source);
    return (text) => pattern?.matches(text) ?? false;
  },
});

const needsMore = (input: FlowInput): boolean =>
  input.dependsOn !== undefined ||
  ('expression' in input && input.expression !== undefined) ||
  isDynamic(input.defaults);

/** Builds the resolver of a flow's inputs: given value, else default; typed, then validated. */
export function createInputResolver(flow: Flow, ports: ResolverPorts): InputResolver {
  const reading = readerPorts(ports);
  const { inputs } = flow;
  const readers = inputs.map((input): InputReader => inputReader(input, reading));
  if (!inputs.some(needsMore)) {
    const resolve = (given: GivenInputs): readonly ResolvedInput[] => {
      const verdicts = inputs.map((input, at) => resolveOne(input, readers[at]!, valueOfInput(given, input.id)));
      const masking = verdicts.some(({ error }) => error !== undefined) ? maskingOf(inputs, given) : undefined;
      return masking === undefined ? verdicts : withoutSecrets(verdicts, masking);
    };
    // No value comes from another input here: people see what they gave.
    return { resolve, report: resolve, defaults: () => undefined };
  }
  const order = inOrder(inputs);
  const judge = (given: GivenInputs): Promise<DynamicVerdicts> =>
    resolveDynamic({ flow, order, given, ports: reading, render: ports.render });
  const resolve = async (given: GivenInputs): Promise<readonly ResolvedInput[]> => (await judge(given)).verdicts;
  return {
    resolve,
    async report(given) {
      const { verdicts, masking } = await judge(given);
      return shownVerdicts(verdicts, masking);
    },
    defaults: () => (inputs.some(({ defaults }) => isDynamic(defaults)) ? defaultsOf(resolve({})) : undefined),
  };
}

async function defaultsOf(resolving: Promise<readonly ResolvedInput[]>): Promise<JsonObject> {
  const resolved = await resolving;
  return nested(
    resolved.flatMap(({ input, value, enabled, error }) =>
      enabled && error === undefined && value !== undefined && value !== null ? [[input.id, value] as const] : [],
    ),
  );
}

/** The resolver of each flow, built once: patterns are compiled with it. */
export function createResolvers(ports: ResolverPorts): (flow: Flow) => InputResolver {
  const known = new WeakMap<Flow, InputResolver>();
  return (flow) => {
    let resolver = known.get(flow);
    if (resolver === undefined) known.set(flow, (resolver = createInputResolver(flow, ports)));
    return resolver;
  };
}

function resolveOne(input: FlowInput, read: InputReader, given: unknown): ResolvedInput {
  const raw = (given as Json | undefined) ?? fallbackOf(input);
  return verdictOn(input, read, raw).verdict;
}
