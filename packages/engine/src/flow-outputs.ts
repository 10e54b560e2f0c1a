import { toPlainValue } from '@tiercel/expressions';
import { parseTypedValue, type FlowOutput, type Json, type JsonObject } from '@tiercel/model';
import type { Renderer } from './flowables/index.ts';

/** Renders and types a flow's outputs (execution-semantics.md §10.4). Throws with the output's id. */
export function renderFlowOutputs(outputs: readonly FlowOutput[], render: Renderer): JsonObject {
  const values: Record<string, Json> = {};
  for (const output of outputs) {
    const rendered = toPlainValue(render.structure(output.value)) as Json;
    try {
      values[output.id] = parseTypedValue(output.type, rendered);
    } catch (error) {
      throw new Error(`Invalid output \`${output.id}\`: ${(error as Error).message}`, { cause: error });
    }
  }
  return values;
}
