// The few calls of the REST API that the measurements need.
import { setTimeout as delay } from 'node:timers/promises';

const ENDED = new Set(['SUCCESS', 'WARNING', 'FAILED', 'KILLED', 'CANCELLED']);

export function apiOf(url, namespace) {
  const call = async (method, path, body, type) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      body,
      headers: type === undefined ? {} : { 'content-type': type },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    save: (source) => call('POST', '/flows', source, 'application/x-yaml'),
    hook: (flow) => call('POST', `/executions/webhook/${namespace}/${flow}/load`),
    create: (flow, wait) => call('POST', `/executions/${namespace}/${flow}?wait=${wait}`),
    /** The execution once it has ended. */
    async ended(id, limitMs, everyMs = 100) {
      const end = performance.now() + limitMs;
      for (;;) {
        const execution = await call('GET', `/executions/${id}`);
        if (ENDED.has(execution.state.current) || performance.now() > end) return execution;
        await delay(everyMs);
      }
    },
    search: (flow, from, size = 1, page = 1) =>
      call(
        'GET',
        `/executions/search?namespace=${namespace}&flowId=${flow}&state=SUCCESS&size=${size}&page=${page}&startDate=${encodeURIComponent(from)}`,
      ),
    find: (query) => call('GET', `/executions/search?${query}`),
  };
}

/** From creation to end, ms. */
export function spanOf({ state: { histories } }) {
  return Date.parse(histories.at(-1).date) - Date.parse(histories[0].date);
}

/** The value below which the part `q` of some numbers lies. */
export function quantile(numbers, q) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
