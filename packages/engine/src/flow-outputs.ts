import { toPlainValue } from '@tiercel/expressions';
import { sealed, type FlowOutput, type Json, type JsonObject } from '@tiercel/model';
import type { Renderer } from './flowables/index.ts';
import { readValue, shownValue, ValueProblem, type ValuePorts } from './values/index.ts';

/**
 * Renders and types a flow's outputs (execution-semantics.md §10.4): by the rules of inputs, without bounds and patterns. SECRET becomes
 * an encrypted value. Throws with the output's id; the message may quote the value, and is not masked.
 */
export function renderFlowOutputs(
  outputs: readonly FlowOutput[],
  render: Renderer,
  seal: ValuePorts['seal'],
): JsonObject {
  const ports: ValuePorts = { isFile: (text) => text.startsWith('kestra:///'), seal };
  const values: Record<string, Json> = {};
  for (const output of outputs) {
    const rendered = toPlainValue(render.structure(output.value)) as Json;
    try {
      values[output.id] = valueOf(output, rendered, ports);
    } catch (error) {
      throw new Error(`Invalid output \`${output.id}\`: ${(error as Error).message}`, { cause: error });
    }
  }
  return values;
}

function valueOf({ type, required }: FlowOutput, rendered: Json, ports: ValuePorts): Json {
  if (rendered === null) {
    if (required === false) return null;
    throw new ValueProblem(`Expected \`${type}\` but received \`${shownValue(rendered)}\``);
  }
  const value = readValue(type, rendered, ports);
  return type === 'SECRET' ? { ...sealed(value as string) } : value;
}
