import { createHash } from 'node:crypto';
import { JsonDepthError, parseJson, type Flow, type FlowRef, type Json } from '@tiercel/model';
import { IntakeError } from './errors.ts';
import { maskingOf } from './inputs/secrets.ts';
import type { GivenInputs } from './inputs/verdict.ts';

/** Texts by name; a name can come several times. Names of headers are in lower case. */
export type Multimap = Readonly<Record<string, readonly string[]>>;

/** A call of a webhook, free of HTTP. */
export interface WebhookRequest {
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  /** From the path, decoded. */
  readonly key: string;
  readonly headers: Multimap;
  readonly parameters: Multimap;
  /** Reads the body, at most the bytes of intake's limit; called only when flow and key are right. */
  readonly body: () => Promise<Buffer>;
}

/** What a body is for expressions: a JSON object or list as such, any other text as text, nothing when it is empty (rest-api.md §7.1). */
export function bodyValue(bytes: Buffer): Json | undefined {
  if (bytes.length === 0) return undefined;
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (text === '') return undefined;
  const first = /^\s*(.)/su.exec(text.slice(0, 1000))?.[1];
  if (first !== '{' && first !== '[') return text;
  try {
    return parseJson(text) as Json;
  } catch {
    // Not JSON (or too deep to be handled as such): the sender meant text.
    return text;
  }
}

/** Query parameter that fills the flow's inputs. */
const INPUTS_PARAMETER = 'inputs';

/**
 * Values for inputs from `?inputs={"greeting":"hey"}` or `?inputs=greeting:hey`, repeatable; undefined without the parameter.
 * Throws `invalid-request` for anything else.
 */
export function inputsParameter(parameters: Multimap): Readonly<Record<string, unknown>> | undefined {
  const values = parameters[INPUTS_PARAMETER];
  if (values === undefined || values.length === 0) return undefined;
  return Object.fromEntries(values.flatMap((text) => Object.entries(inputsOfText(text))));
}

/** Parameters as the variable `trigger` holds them: the values of secret inputs are kept as inputs only, encrypted. */
export function withoutSecretInputs(flow: Flow, given: GivenInputs, parameters: Multimap): Multimap {
  const masking = maskingOf(flow.inputs, given);
  const texts = parameters[INPUTS_PARAMETER];
  if (masking === undefined || texts === undefined) return parameters;
  return { ...parameters, [INPUTS_PARAMETER]: texts.map((text) => masking.apply(text)) };
}

function inputsOfText(text: string): Readonly<Record<string, unknown>> {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  if (trimmed.startsWith('{')) return inputsOfJson(trimmed);
  const colon = trimmed.indexOf(':');
  if (colon < 1) throw badInputs();
  return { [trimmed.slice(0, colon).trim()]: trimmed.slice(colon + 1).trim() };
}

function inputsOfJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(text);
    // It begins with a brace, so it is an object.
    return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw badInputs(error);
  }
}

const badInputs = (cause?: unknown): IntakeError =>
  new IntakeError(
    'invalid-request',
    cause instanceof JsonDepthError
      ? `the JSON of the query parameter \`inputs\` is ${cause.message}`
      : 'the query parameter `inputs` must be a JSON object or key:value',
    { cause },
  );

/**
 * Headers by which senders name a delivery, so that its repeat can be told: GitHub, Standard Webhooks, Svix, Shopify, and the general one.
 * `x-request-id` is none: proxies make a new one for each try.
 */
const DELIVERY_HEADERS = ['x-github-delivery', 'webhook-id', 'svix-id', 'x-shopify-webhook-id', 'idempotency-key'];
const MAX_DELIVERY_ID = 200;

/** The key of a delivery, unique among tenants, flows and triggers; undefined when the sender names none. */
export function deliveryKey(flow: FlowRef, triggerId: string, headers: Multimap): string | undefined {
  for (const header of DELIVERY_HEADERS) {
    const id = headers[header]?.[0]?.trim();
    if (id === undefined || id === '') continue;
    // A long id is as good as its hash.
    const short = id.length > MAX_DELIVERY_ID ? createHash('sha256').update(id).digest('hex') : id;
    return [flow.tenant, flow.namespace, flow.id, triggerId, header, short].join('/');
  }
  return undefined;
}
