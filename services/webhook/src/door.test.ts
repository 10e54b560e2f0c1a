import { afterEach, describe, expect, it } from 'vitest';
import { IntakeError, type Intake, type WebhookOutcome, type WebhookRequest } from '@tiercel/intake';
import { newId, type Execution } from '@tiercel/model';
import { StoreError } from '@tiercel/store';
import { createPublicDoor, type PublicDoor } from './door.ts';

const NOW = Date.UTC(2026, 0, 1);
const ID = newId(NOW);
const EXECUTION: Execution = {
  id: ID,
  tenant: 'main',
  namespace: 'company.team',
  flowId: 'hook',
  flowRevision: 1,
  history: [{ state: 'CREATED', date: NOW }],
  labels: [],
  originalId: ID,
  attemptNumber: 1,
  originalCreatedDate: NOW,
};

let open: PublicDoor | undefined;
afterEach(async () => open?.stop());

/** A door whose intake does what the test says. */
async function doorWith(handleWebhook: (request: WebhookRequest) => Promise<WebhookOutcome>): Promise<string> {
  const intake = { limits: { maxBodyBytes: 100 }, handleWebhook } as unknown as Intake;
  open = createPublicDoor({
    door: { intake, executions: { get: async () => undefined }, clock: () => NOW },
    log: { error: () => undefined },
    drain: 100,
  });
  return `http://127.0.0.1:${await open.start(0, '127.0.0.1')}`;
}

const PATH = '/api/v1/executions/webhook/company.team/hook/a%20key';
const accept = async (): Promise<WebhookOutcome> => ({ kind: 'accepted', execution: EXECUTION });

describe('the public door for webhooks', () => {
  it('hands place, parameters and body to intake and answers the execution', async () => {
    let seen: WebhookRequest | undefined;
    let body = '';
    const url = await doorWith(async (request) => {
      seen = request;
      body = (await request.body()).toString();
      return accept();
    });
    const answer = await fetch(`${url}${PATH}?a=1&a=2`, {
      method: 'POST',
      body: '{"x":1}',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: ID, state: { current: 'CREATED' } });
    expect(seen).toMatchObject({
      tenant: 'main',
      namespace: 'company.team',
      flowId: 'hook',
      key: 'a key',
      parameters: { a: ['1', '2'] },
    });
    expect(body).toBe('{"x":1}');
  });

  it('answers GET and PUT alike, also below the tenant', async () => {
    const url = await doorWith(accept);
    expect((await fetch(url + PATH)).status).toBe(200);
    expect((await fetch(url + PATH.replace('/v1/', '/v1/main/'), { method: 'PUT' })).status).toBe(200);
  });

  it('answers 204 without a body when the conditions say no', async () => {
    const url = await doorWith(async () => ({ kind: 'conditions-false' }));
    const answer = await fetch(url + PATH);
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  it('answers refusals in the shape of the API', async () => {
    const url = await doorWith(async () => {
      throw new IntakeError('webhook-not-found', 'Webhook not found');
    });
    const answer = await fetch(url + PATH);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ message: 'Not Found: Webhook not found', _links: { self: { href: PATH } } });
  });

  it('answers 404 to other paths, 405 to other methods, 400 to broken encoding, 413 to a body over the limit', async () => {
    const url = await doorWith(async (request) => {
      await request.body();
      return accept();
    });
    expect((await fetch(`${url}/api/v1/flows/search`)).status).toBe(404);
    expect((await fetch(url + PATH, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(url + PATH.replace('%20', '%E0%A4%A'))).status).toBe(400);
    expect(
      (
        await fetch(url + PATH, {
          method: 'POST',
          body: 'x'.repeat(101),
          headers: { 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(413);
  });

  it('answers 503 while the store is away, so that the sender comes again', async () => {
    const url = await doorWith(async () => {
      throw new StoreError('unavailable', 'down');
    });
    const answer = await fetch(url + PATH);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });
});
