import type { Context } from '../context.ts';
import {
  type ArgValues,
  type FunctionDefinition,
  optionalBoolean,
  optionalText,
  required,
  textArg,
} from '../definitions.ts';
import { fail } from '../errors.ts';
import { performed } from '../io.ts';
import { getNamed } from '../attributes.ts';
import { isMap, MISSING, typeName, type Value } from '../values.ts';

const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

/** Arguments by name, without those that were not given. */
function given(params: readonly string[], args: ArgValues): Record<string, Value> {
  const named: Record<string, Value> = {};
  params.forEach((name, index) => {
    const value = args[index];
    if (value !== undefined && value !== null) named[name] = value;
  });
  return named;
}

/** A function on a file: its address or path, and optionally a namespace as later versions have it. */
function onFile(name: string): FunctionDefinition {
  const params = ['path', 'namespace'];
  return {
    params,
    io: true,
    call: (args, context) => {
      textArg(args, 0, `The argument \`path\` of \`${name}\``);
      optionalText(args, 1, `The argument \`namespace\` of \`${name}\``);
      return performed(name, given(params, args), context);
    },
  };
}

const KV_PARAMS = ['key', 'namespace', 'errorOnMissing'];

function kv(args: ArgValues, context: Context): Value {
  const key = textArg(args, 0, 'The argument `key` of `kv`');
  if (!KEY.test(key)) return fail(`\`${key}\` is no valid key: letters, digits, \`.\`, \`_\` and \`-\` are allowed`);
  optionalText(args, 1, 'The argument `namespace` of `kv`');
  const errorOnMissing = optionalBoolean(args, 2, 'The argument `errorOnMissing` of `kv`', false);
  const value = performed('kv', given(KV_PARAMS, args), context);
  if (value === null && errorOnMissing) return fail(`The key \`${key}\` does not exist`);
  return value;
}

function secret(args: ArgValues, context: Context): Value {
  const key = textArg(args, 0, 'The argument `key` of `secret`');
  const value = performed('secret', { key }, context);
  if (typeof value !== 'string') return fail(`Cannot find secret for key '${key}'.`);
  context.env.onSecret?.(value);
  return value;
}

const HTTP_PARAMS = ['uri', 'method', 'query', 'body', 'contentType', 'headers', 'options', 'accept'];

/** The address of a namespace file: no I/O, its existence is not checked (expressions.md §12.3). */
function fileUri(args: ArgValues, context: Context): Value {
  const path = textArg(args, 0, 'The argument `path` of `fileURI`');
  const flow = context.lookup('flow');
  const own = flow === MISSING || !isMap(flow) ? MISSING : getNamed(flow, 'namespace', context.work);
  const namespace = optionalText(args, 1, 'The argument `namespace` of `fileURI`') ?? own;
  if (typeof namespace !== 'string') return fail('`fileURI` needs the namespace of a flow');
  if (path.includes('../') || path.split('/').includes('..')) return fail('A path must not leave its folder with `..`');
  const relative = path.startsWith('/') ? path.slice(1) : path;
  return `kestra:///${namespace.replaceAll('.', '/')}/_files/${relative}`;
}

/** Functions that a host performs (expressions.md §12.3, §12.4, §17). */
export const ioFunctions: Readonly<Record<string, FunctionDefinition>> = {
  read: onFile('read'),
  fileSize: onFile('fileSize'),
  fileExists: onFile('fileExists'),
  isFileEmpty: onFile('isFileEmpty'),
  fileURI: { params: ['path', 'namespace'], reads: [['flow', 'namespace']], call: fileUri },
  kv: { params: KV_PARAMS, io: true, call: kv },
  secret: { params: ['key'], io: true, call: secret },
  errorLogs: { params: [], io: true, call: (_args, context) => performed('errorLogs', {}, context) },
  http: {
    params: HTTP_PARAMS,
    io: true,
    call: (args, context) => {
      const uri = required(args, 0, 'The argument `uri` of `http`');
      if (typeof uri !== 'string') return fail(`The argument \`uri\` of \`http\` must be a text, not ${typeName(uri)}`);
      return performed('http', given(HTTP_PARAMS, args), context);
    },
  },
};
