import { renderValue } from '@tiercel/engine';
import { renderAsync, renderStructure, renderText, renderTyped, toJson, type RenderEnv } from '@tiercel/expressions';
import { Masking, type Flow, type Json, type JsonObject } from '@tiercel/model';
import type { IntakeDeps } from './deps.ts';
import type { OnSecret, RenderInput } from './inputs/dynamic.ts';
import { flowVariables, type ServerVariables } from './variables.ts';

type RenderDeps = Pick<IntakeDeps, 'now' | 'perform' | 'rendering'>;

const refuseIo = (): Promise<never> =>
  Promise.reject(new Error('expressions that need input or output are not available here'));

/** Renders on behalf of a flow, performing the I/O that is asked for. Throws ExpressionError, and what the I/O throws. */
function rendering<T>(
  { now, perform, rendering: settings }: RenderDeps,
  flow: Flow,
  onSecret: OnSecret,
  render: (env: RenderEnv) => T,
): Promise<T> {
  const env: RenderEnv = { ...settings, now, random: Math.random, clock: () => performance.now(), onSecret };
  return renderAsync(render, env, perform === undefined ? refuseIo : (calls) => perform(flow, calls));
}

/**
 * Renders a text on behalf of a flow, performing the I/O that it asks for. Throws ExpressionError, and what the I/O throws; when that
 * tells a secret that was read, an error without it.
 */
export async function renderFor(
  deps: RenderDeps,
  flow: Flow,
  template: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<string> {
  const masking = new Masking();
  try {
    return await rendering(
      deps,
      flow,
      (secret) => masking.add(secret),
      (env) => renderText(template, variables, env),
    );
  } catch (error) {
    const { message } = error as Error;
    const masked = masking.apply(message);
    // Neither stack nor cause of the first one: they say it again.
    throw masked === message ? error : new Error(masked);
  }
}

/** Renders what inputs hold: they see the flow and other inputs; there is no execution yet (execution-semantics.md §10.2). */
export function createInputRenderer(deps: RenderDeps, server: ServerVariables): RenderInput {
  const variablesOf = (flow: Flow, inputs: JsonObject): Record<string, unknown> => ({
    ...flowVariables(flow, server),
    inputs,
  });
  return {
    typed: (flow, template, inputs, onSecret) =>
      rendering(deps, flow, onSecret, (env) => renderTyped(template, variablesOf(flow, inputs), env)),
    data: async (flow, value, inputs, onSecret) => {
      const variables = variablesOf(flow, inputs);
      const rendered = await rendering(deps, flow, onSecret, (env) =>
        typeof value === 'string' ? renderValue(value, variables, env) : renderStructure(value, variables, env),
      );
      return JSON.parse(toJson(rendered)) as Json;
    },
  };
}
