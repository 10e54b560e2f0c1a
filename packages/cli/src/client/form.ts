import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CommandError } from '../errors.ts';

/** A pair `name=value` of the command line. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Collects a repeated option `name=value`. */
export function collectPair(text: string, earlier: readonly Pair[] = []): readonly Pair[] {
  const at = text.indexOf('=');
  if (at < 1) throw new CommandError(`'${text}' is no pair: write name=value.`);
  return [...earlier, { name: text.slice(0, at), value: text.slice(at + 1) }];
}

/** Inputs of an execution as a form: values as fields, files as streams from disk. Undefined: there are none. */
export async function inputForm(inputs: readonly Pair[], files: readonly Pair[]): Promise<FormData | undefined> {
  if (inputs.length === 0 && files.length === 0) return undefined;
  const form = new FormData();
  for (const { name, value } of inputs) form.append(name, value);
  // The field `files` with the input's id as file name is what every version of the API takes.
  for (const { name, value } of files) form.append('files', await contentOf(value), name);
  return form;
}

/** A file as something that is read only while it is sent. */
async function contentOf(path: string): Promise<Blob> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    return await openAsBlob(path);
  } catch (error) {
    throw new CommandError(`The file ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
