import { compileFlow, type FlowGraph } from '@tiercel/engine';
import { flowOf, forEach, ifTask, inline, sequential, TEST_TYPES, worker } from '@tiercel/engine/testing';
import type { Flow, State } from '@tiercel/model';

/** A kind of execution: its flow and what comes of it when nobody interferes. */
export interface Shape {
  readonly name: string;
  readonly graph: FlowGraph;
  readonly end: State;
  /** Task runs in the end. */
  readonly runs: number;
}

/** A worker task: `ms` how long it takes at least and at most, `failTimes` how many attempts fail, `lines` what it logs. */
const work = (id: string, ms: readonly [number, number], more: object = {}): ReturnType<typeof worker> =>
  worker(id, { ms, lines: 3, failTimes: 0, ...more });

const QUICK = [2, 40] as const;
const USUAL = [20, 1_500] as const;
const LONG = [4_000, 16_000] as const;
const ALWAYS = 1_000;

const shape = (name: string, end: State, runs: number, tasks: Flow['tasks'], more: Partial<Flow> = {}): Shape => ({
  name,
  end,
  runs,
  graph: compileFlow(flowOf(tasks, { id: name, ...more }), TEST_TYPES),
});

export const SHAPES: readonly Shape[] = [
  shape(
    'chain',
    'SUCCESS',
    5,
    ['a', 'b', 'c', 'd', 'e'].map((id) => inline(id)),
    {
      outputs: [{ id: 'last', type: 'STRING', value: '{{ outputs.e.of }}' }],
    },
  ),
  shape('workers', 'SUCCESS', 4, [work('a', QUICK), work('b', USUAL), inline('c'), work('d', QUICK)]),
  shape('wide', 'SUCCESS', 13, [
    forEach('each', ['1', '2', '3', '4'], [work('a', USUAL), inline('b'), work('c', QUICK)], { concurrencyLimit: 0 }),
  ]),
  shape('narrow', 'SUCCESS', 12, [
    forEach('each', ['1', '2', '3', '4', '5'], [work('a', QUICK), work('b', USUAL)], {
      concurrencyLimit: 2,
      errors: [work('never', QUICK)],
    }),
    inline('last'),
  ]),
  shape(
    'failing',
    'FAILED',
    7,
    [
      sequential('outer', [
        work('soft', QUICK, { failTimes: ALWAYS, allowFailure: true }),
        ifTask('if', '{{ outputs.soft != null }}', [work('hard', QUICK, { failTimes: ALWAYS }), inline('unreached')], {
          errors: [work('local', QUICK)],
        }),
      ]),
    ],
    { errors: [inline('global'), work('last', USUAL)] },
  ),
  shape(
    'torn',
    'FAILED',
    6,
    [
      forEach('each', ['1', '2', '3'], [work('a', USUAL, { failValue: '2' })], { concurrencyLimit: 0 }),
      inline('unreached'),
    ],
    { errors: [work('e1', QUICK), work('e2', QUICK)] },
  ),
  shape(
    'flaky',
    'SUCCESS',
    4,
    [
      work('a', QUICK),
      sequential('s', [work('b', USUAL, { failTimes: 1 })], { errors: [work('local', QUICK)] }),
      work('c', QUICK),
    ],
    { errors: [work('e', QUICK)] },
  ),
  shape('retried', 'SUCCESS', 3, [
    work('a', QUICK, { failTimes: 2, retry: { type: 'constant', interval: 'PT0.7S', maxAttempt: 4 } }),
    sequential('s', [work('b', USUAL, { failTimes: 1 })], {
      retry: { type: 'constant', interval: 'PT2S', maxAttempt: 2 },
    }),
  ]),
  shape('asking', 'SUCCESS', 3, [
    ifTask('if', "{{ kv('answer') == 42 }}", [
      work('then', QUICK),
      inline('b', { runIf: '{{ outputs.then.of == "then" }}' }),
    ]),
  ]),
  shape('long', 'SUCCESS', 2, [work('a', LONG), work('b', USUAL)]),
];

export const shapeOf = (flowId: string): Shape => SHAPES.find((one) => one.name === flowId)!;
