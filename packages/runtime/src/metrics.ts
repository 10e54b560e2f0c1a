import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Metrics of one service: names get the prefix `tiercel_`, every sample the label `service`. */
export interface MetricsRegistry {
  /** `help` says what is counted; labels must have few values. */
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: () => number | Promise<number>,
  ): Gauge<L>;
  /** Buckets in seconds by default, from 1 ms to 30 s. */
  histogram<L extends string>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>;
  /** The exposition format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Creates the registry of a service. `process`: also CPU, memory, event-loop lag of the process (default true). */
export function createMetrics(service: string, options: { readonly process?: boolean } = {}): MetricsRegistry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (options.process !== false) collectDefaultMetrics({ register: registry, prefix: 'tiercel_' });
  const registers = [registry];
  return {
    counter: (name, help, labels = []) => new Counter({ name: `tiercel_${name}`, help, labelNames: labels, registers }),
    gauge: (name, help, labels = [], collect) =>
      new Gauge({
        name: `tiercel_${name}`,
        help,
        labelNames: labels,
        registers,
        ...(collect === undefined
          ? {}
          : {
              async collect() {
                this.set(await collect());
              },
            }),
      }),
    histogram: (name, help, labels = [], buckets = SECONDS) =>
      new Histogram({ name: `tiercel_${name}`, help, labelNames: labels, buckets: [...buckets], registers }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
