import type { Flow, JsonObject } from '@tiercel/model';
import { z } from 'zod';
import type { RawMap, Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportUnknownField, reportUnsupported } from '../unknown-names.ts';
import { WORKER_GROUP } from './common-task.ts';
import { described, FLOW_ID, NAMESPACE } from './names.ts';

/** Properties of a flow (execution-semantics.md §10.1) that this version does. The last four are the server's; they are ignored in a source. */
const KNOWN = [
  'id',
  'namespace',
  'description',
  'labels',
  'inputs',
  'outputs',
  'variables',
  'tasks',
  'errors',
  'finally',
  'afterExecution',
  'listeners',
  'triggers',
  'pluginDefaults',
  'taskDefaults',
  'concurrency',
  'sla',
  'retry',
  'workerGroup',
  'disabled',
  'revision',
  'deleted',
  'tenantId',
  'updated',
] as const;

/** Properties of later versions of the language. */
const UNSUPPORTED = new Set(['checks']);

export const FLOW_PROPERTIES = z.object({
  id: described(FLOW_ID, 'Id, unique within the namespace.'),
  namespace: described(NAMESPACE, 'Namespace, with dots: `company.team`.'),
  description: described(z.string().optional(), 'What the flow is for, in Markdown.'),
  disabled: described(z.boolean().optional(), 'Whether the flow starts no executions; default false.'),
  deleted: z.boolean().optional(),
  // Ignored, whatever it says.
  revision: z.number().int().optional(),
  variables: described(z.record(z.string(), z.unknown()).optional(), 'Values for `vars` in expressions.', true),
  workerGroup: described(WORKER_GROUP.optional(), 'Workers on which its tasks run.'),
});

export interface FlowProperties {
  readonly id: string;
  readonly namespace: string;
  readonly description?: string;
  readonly disabled: boolean;
  readonly variables?: JsonObject;
  readonly workerGroup?: NonNullable<Flow['workerGroup']>;
}

/** Reads what a flow says of itself, and refuses properties that nobody knows or that this version would ignore. */
export function readFlowProperties(reader: Reader, raw: RawMap): FlowProperties | undefined {
  for (const name of Object.keys(raw)) {
    if (UNSUPPORTED.has(name)) reportUnsupported(reader, [name], `"${name}"`);
    else if (!(KNOWN as readonly string[]).includes(name)) reportUnknownField(reader, [], name, KNOWN);
  }
  for (const name of KNOWN) if (raw[name] === null) delete raw[name];
  if (!checkSchema(reader, FLOW_PROPERTIES, raw, [])) return undefined;
  const { id, namespace, description, disabled, variables, workerGroup } = FLOW_PROPERTIES.parse(raw);
  return {
    id,
    namespace,
    disabled: disabled ?? false,
    ...(description === undefined ? {} : { description }),
    ...(variables === undefined ? {} : { variables: variables as JsonObject }),
    ...(workerGroup === undefined ? {} : { workerGroup: workerGroup as NonNullable<Flow['workerGroup']> }),
  };
}
