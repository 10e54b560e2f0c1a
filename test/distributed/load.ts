import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@tiercel/testkit';
import type { ExecutionShape } from '../e2e/server.ts';
import { WEBHOOK_KEY, type Shape } from '../evidence/flows.ts';
import type { Cluster, ServiceName } from './cluster.ts';

/** One call, as its caller saw it. */
export interface Call {
  readonly at: number;
  readonly ms: number;
  /** 0: no answer at all, so nobody knows. */
  readonly status: number;
  readonly what: string;
}

export interface LoadOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Of these the seed chooses. */
  readonly shapes: readonly Shape[];
  readonly random: Random;
}

/** A caller gives up after this, ms: what takes longer hangs. */
const HANGS_MS = 15_000;
const CALLERS = 12;

/** Those who make executions, over the API and by webhook, and what they were told. */
export class Load {
  /** Executions for whose creation a 2xx came. */
  readonly accepted = new Set<string>();
  /** Deliveries for which a 2xx came; each was made until one did. */
  readonly delivered = new Set<string>();
  readonly calls: Call[] = [];
  private readonly options: LoadOptions;
  private deliveries = 0;

  constructor(options: LoadOptions) {
    this.options = options;
  }

  /** Calls without an answer: each may have made an execution, or not. */
  get unanswered(): number {
    return this.calls.filter(({ status }) => status === 0).length;
  }

  /** Answers to calls that began and ended between two moments, by status; 0 for no answer. */
  statuses(from = 0, to = Infinity): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const call of this.calls)
      if (call.at >= from && call.at + call.ms <= to) counts[call.status] = (counts[call.status] ?? 0) + 1;
    return counts;
  }

  /** The call that took longest, ms. */
  slowest(from = 0, to = Infinity): number {
    return Math.max(0, ...this.calls.filter(({ at }) => at >= from && at <= to).map(({ ms }) => ms));
  }

  /** Makes so many executions as fast as some callers can, of one flow or of all; a call that is refused or not answered is made again. */
  async burst(count: number, flow?: string): Promise<void> {
    let left = count;
    const caller = async (): Promise<void> => {
      while (left-- > 0) await this.one(flow);
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }

  /** Makes executions at a steady rate until told to stop; the answer resolves when the last call has been answered with 2xx. */
  steady(perSecond: number, flow?: string): () => Promise<void> {
    let stopped = false;
    const underWay = new Set<Promise<void>>();
    const pace = async (): Promise<void> => {
      for (let next = performance.now(); !stopped; next += 1_000 / perSecond) {
        // One that is not answered keeps no other from being made, but the crowd is limited.
        if (underWay.size < 100) {
          const one = this.one(flow).finally(() => underWay.delete(one));
          underWay.add(one);
        }
        await delay(Math.max(0, next - performance.now()));
      }
    };
    const pacing = pace();
    return async () => {
      stopped = true;
      await pacing;
      await Promise.all(underWay);
    };
  }

  /** One execution of a flow, or of a shape that the seed chooses, called for until it is accepted. */
  private async one(flow?: string): Promise<void> {
    const { shapes, random } = this.options;
    const id = flow ?? random.pick(shapes).id;
    const delivery = id === 'chain' && random.chance(0.5) ? `delivery-${this.deliveries++}` : undefined;
    while (!(delivery === undefined ? await this.create(id) : await this.deliver(id, delivery))) await delay(100);
  }

  private async create(flow: string): Promise<boolean> {
    const body = await this.call('gateway', `/api/v1/executions/${this.options.namespace}/${flow}`, {});
    if (body !== undefined) this.accepted.add(body.id);
    return body !== undefined;
  }

  /** With the same id each time: a repeat must not become another execution. */
  private async deliver(flow: string, id: string): Promise<boolean> {
    const path = `/api/v1/executions/webhook/${this.options.namespace}/${flow}/${WEBHOOK_KEY}`;
    const key = `${this.options.namespace}-${id}`;
    const body = await this.call('webhook', path, { 'Idempotency-Key': key });
    if (body === undefined) return false;
    this.accepted.add(body.id);
    this.delivered.add(key);
    return true;
  }

  /** Undefined: not accepted. */
  private async call(
    service: ServiceName,
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<ExecutionShape | undefined> {
    const [to] = this.options.cluster.of(service);
    if (to === undefined) return undefined;
    const at = Date.now();
    const began = performance.now();
    const note = (status: number, what: string): void =>
      void this.calls.push({ at, ms: performance.now() - began, status, what });
    try {
      const signal = AbortSignal.timeout(HANGS_MS);
      const answer = await fetch(`${to.url}${path}`, { method: 'POST', headers, signal });
      const text = await answer.text();
      note(answer.status, answer.ok ? service : `${service}: ${text.slice(0, 200)}`);
      return answer.ok ? (JSON.parse(text) as ExecutionShape) : undefined;
    } catch (error) {
      const { name, message, cause } = error as Error;
      note(
        0,
        name === 'TimeoutError'
          ? `${service} hangs`
          : `${service}: ${(cause as Error | undefined)?.message ?? message}`,
      );
      return undefined;
    }
  }
}
