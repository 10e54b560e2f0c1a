import type { Request, Response } from 'express';
import type { Execution, Json, JsonObject } from '@tiercel/model';
import { inputFile, safeFileName, toUri } from '@tiercel/storage';
import { readForm, type FilePart } from './http/uploads.ts';
import type { RouteDeps } from './deps.ts';

interface StoredInput {
  readonly inputId: string;
  readonly path: string;
}

/** Puts a value under a dotted name: `a.b` becomes `{a: {b: …}}`. */
function nest(target: Record<string, Json>, name: string, value: Json): void {
  const parts = name.split('.');
  const last = parts.pop()!;
  let at = target;
  for (const part of parts) {
    const next = Object.hasOwn(at, part) ? at[part] : undefined;
    at = (typeof next === 'object' && next !== null && !Array.isArray(next) ? next : defineOn(at, part, {})) as Record<
      string,
      Json
    >;
  }
  defineOn(at, last, value);
}

/** Defines a member without ever touching a prototype (`__proto__` is a name as any other). */
const defineOn = (target: Record<string, Json>, name: string, value: Json): Json => {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  return value;
};

/**
 * Inputs of a resume as they were sent: texts, and URIs of files that were stored with the execution. A file part is named by its
 * input: in the field's name, or, under the field `files`, in the file's name (rest-api.md §5, §19). Undefined without a form.
 */
export async function readInputs(
  { storage, tenant, config }: RouteDeps,
  req: Request,
  res: Response,
  execution: Execution,
): Promise<JsonObject | undefined> {
  const place = { namespace: execution.namespace, flowId: execution.flowId, executionId: execution.id };
  const form = await readForm<StoredInput>(
    req,
    res,
    {
      async store({ field, fileName, content }: FilePart) {
        const inputId = safeFileName(field === 'files' ? fileName : field);
        const path = inputFile(place, inputId, safeFileName(fileName));
        await storage.put(tenant, path, content);
        return { inputId, path };
      },
      discard: ({ path }) => storage.delete(tenant, path),
    },
    { fileSize: config.uploadLimit, fieldSize: config.jsonLimit },
  );
  if (form.fields.length === 0 && form.files.length === 0) return undefined;
  const inputs: Record<string, Json> = {};
  for (const [name, value] of form.fields) nest(inputs, name, value);
  for (const { inputId, path } of form.files) nest(inputs, inputId, toUri(path));
  return inputs;
}
