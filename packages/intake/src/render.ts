import { renderAsync, renderText, type RenderEnv } from '@tiercel/expressions';
import type { Flow } from '@tiercel/model';
import type { IntakeDeps } from './deps.ts';

const refuseIo = (): Promise<never> =>
  Promise.reject(new Error('expressions that need input or output are not available here'));

/** Renders a text on behalf of a flow, performing the I/O that it asks for. Throws ExpressionError, and what the I/O throws. */
export function renderFor(
  deps: Pick<IntakeDeps, 'now' | 'perform' | 'rendering'>,
  flow: Flow,
  template: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { perform } = deps;
  const env: RenderEnv = { ...deps.rendering, now: deps.now, random: Math.random };
  return renderAsync(
    (withMemo) => renderText(template, variables, withMemo),
    env,
    perform === undefined ? refuseIo : (calls) => perform(flow, calls),
  );
}
