import { describe, expect, it } from 'vitest';
import { flowWith, messages, parse } from './testing/parse.ts';

const LOG = 'io.kestra.plugin.core.log.Log';
const CONDITION = 'io.kestra.plugin.core.condition.';

const trigger = (text: string): string => `triggers: [{id: d, type: io.kestra.plugin.core.trigger.${text}}]`;

describe('limits of a flow', () => {
  it('are read, and told to have no effect yet', () => {
    const { flow, problems, warnings } = parse(
      flowWith(`concurrency: {limit: 2}
retry: {type: constant, interval: PT1S, maxAttempts: 3, behavior: CREATE_NEW_EXECUTION}
workerGroup: {key: gpu, fallback: WAIT}
sla:
  - {id: quick, type: MAX_DURATION, duration: PT1H, behavior: FAIL, labels: {sla: missed}}
  - {id: sound, type: EXECUTION_ASSERTION, assert: "{{ outputs is defined }}", behavior: NONE}
`),
    );
    expect(problems).toEqual([]);
    expect(flow).toMatchObject({
      concurrency: { limit: 2, behavior: 'QUEUE' },
      retry: { type: 'constant', interval: 'PT1S', maxAttempt: 3 },
      workerGroup: { key: 'gpu' },
      sla: [{ id: 'quick', duration: 'PT1H', labels: [{ key: 'sla', value: 'missed' }] }, { id: 'sound' }],
    });
    expect(warnings.map((text) => text.split(':')[0])).toEqual(['concurrency', 'retry', 'sla']);
  });

  it.each([
    ['concurrency: {limit: 0}', 'concurrency.limit: must be greater than or equal to 1'],
    ['concurrency: {behavior: QUEUE}', 'concurrency.limit: must not be null'],
    ['concurrency: {limit: 1, behaviour: FAIL}', 'did you mean "behavior"?'],
    ['concurrency: 3', 'concurrency: expected a map, but got number'],
    ['retry: {type: constant}', 'retry.interval: must not be null'],
    ['retry: {type: constant, interval: soon}', "retry.interval: 'soon' is not a duration"],
    ['retry: {type: random, minInterval: PT9S, maxInterval: PT5S}', "'minInterval' must be less than 'maxInterval'"],
    ['sla: {a: b}', 'sla: expected a list, but got map'],
    ['sla: [{id: a, type: NOPE, behavior: FAIL}]', 'sla[0].type: must be one of [MAX_DURATION, EXECUTION_ASSERTION]'],
    ['sla: [{id: a, type: MAX_DURATION, behavior: FAIL, duration: x}]', "sla[0].duration: 'x' is not a duration"],
    ['sla: [{id: a, type: EXECUTION_ASSERTION, behavior: FAIL}]', 'sla[0].assert: must not be null'],
    ['sla: [{id: a, type: MAX_DURATION, behavior: FAIL, duration: PT1S, asert: x}]', 'Unrecognized field "asert"'],
    ['retry: {type: wrong}', 'retry.type: must be one of [constant, exponential, random], but is "wrong"'],
    ['retry: {type: constant, interval: PT-5S}', "'PT-5S' is a negative duration"],
    ['sla: [{id: a, type: MAX_DURATION, behavior: FAIL, duration: PT-1H}]', "'PT-1H' is a negative duration"],
    [trigger('ScheduleOnDates, dates: [2030-01-01T09:00:00Z, nope]'), 'must be a date with its time'],
    [trigger('ScheduleOnDates, dates: [5]'), 'must be a date with its time'],
    [trigger('ScheduleOnDates, dates: [2030-02-41T00:00:00Z]'), 'must be a date with its time'],
    [trigger('Webhook, key: ""'), 'triggers[0].key: must not be blank'],
    ['workerGroup: {kye: x}', 'Unrecognized field "kye"'],
  ])('%s is refused', (line, message) => {
    const found = messages(flowWith(line));
    expect(
      found.some((text) => text.includes(message)),
      found.join('\n'),
    ).toBe(true);
  });
});

describe('texts that are no expressions', () => {
  it.each([
    ['sla: [{id: a, type: EXECUTION_ASSERTION, behavior: FAIL, assert: "{{ foo( }}"}]', 'sla[0].assert'],
    [
      `listeners: [{conditions: [{type: ${CONDITION}Expression, expression: "{{ foo( }}"}], tasks: [{id: l, type: ${LOG}, message: m}]}]`,
      'listeners[0]',
    ],
  ])('%s is told', (line, path) => {
    const { problems } = parse(flowWith(line));
    expect(problems.map((problem) => problem.path)).toEqual([expect.stringContaining(path)]);
  });
});

describe('tasks around a flow', () => {
  const source = (extra = ''): string =>
    flowWith(`finally:
  - {id: clean, type: ${LOG}, message: bye}
afterExecution:
  - {id: tell, type: ${LOG}, message: ended}
listeners:
  - description: on failure
    conditions:
      - {type: ${CONDITION}ExecutionStatusCondition, in: [FAILED]}
    tasks:
      - {id: heard, type: ${LOG}, message: failed}
${extra}`);

  it('are read, told to have no effect yet, and older forms are told of', () => {
    const { flow, problems, warnings, deprecations, infos } = parse(source());
    expect(problems).toEqual([]);
    expect(flow).toMatchObject({
      finally: [{ id: 'clean' }],
      afterExecution: [{ id: 'tell' }],
      listeners: [{ description: 'on failure', conditions: [{ in: ['FAILED'] }], tasks: [{ id: 'heard' }] }],
    });
    expect(warnings.map((text) => text.split(':')[0])).toEqual(['finally', 'afterExecution', 'listeners']);
    expect(deprecations).toEqual(['listeners']);
    expect(infos).toEqual([`${CONDITION}ExecutionStatusCondition is replaced by ${CONDITION}ExecutionStatus`]);
  });

  it('have ids of their own, and are checked as all tasks are', () => {
    expect(messages(source().replace('id: clean', 'id: heard'))[0]).toContain('Duplicate task id with name [heard]');
    expect(messages(source().replace('message: bye', 'message: "{{ 1 +"'))[0]).toContain('finally[0].message');
    expect(messages(source().replace('in: [FAILED]', 'in: [LOST]'))[0]).toContain('listeners[0].conditions[0].in[0]');
  });

  it('a listener without tasks is refused', () => {
    expect(messages(flowWith('listeners:\n  - description: x'))[0]).toContain('listeners[0].tasks: must not be empty');
    expect(messages(flowWith('listeners:\n  - '))[0]).toContain('listeners[0]: must not be null');
  });
});

describe('triggers', () => {
  const trigger = (type: string, lines: string): readonly string[] =>
    messages(flowWith(`triggers:\n  - id: t\n    type: io.kestra.plugin.core.${type}\n${lines}`));

  it.each(['0 9 * * 1-5', '*/5 0,12 1-15/2 JAN-MAR sun', '@daily', '0 0 29 2 *', '0 0 * * 7'])(
    'cron %s is sound',
    (cron) => {
      expect(trigger('trigger.Schedule', `    cron: "${cron}"\n    timezone: Europe/Paris`)).toEqual([]);
    },
  );

  it.each([
    ['cron: "* * * *"', 'it has 4 fields instead of 5'],
    ['cron: "0 * * * * *"', 'six need `withSeconds: true`'],
    ['cron: "60 * * * *"', 'invalid cron expression'],
    ['cron: "0 0 L * *"', '"L" is not supported'],
    ['cron: "0 0 * * 1#2"', '"#" is not supported'],
    ['cron: "30-10 * * * *"', 'runs backwards'],
    ['cron: "@fortnightly"', 'the known names are'],
    ['cron: "* * * * *"\n    timezone: Mars/Olympus', "'Mars/Olympus' is not a valid time-zone ID"],
    ['cron: "* * * * *"\n    lateMaximumDelay: soon', 'is no duration'],
    ['cron: "* * * * *"\n    recoverMissedSchedules: SOME', 'must be one of [ALL, LAST, NONE]'],
  ])('Schedule with %j is refused', (lines, message) => {
    expect(trigger('trigger.Schedule', `    ${lines}`).join('\n')).toContain(message);
  });

  it('six fields with seconds, and the time zones that people write', () => {
    expect(trigger('trigger.Schedule', '    cron: "*/10 * * * * *"\n    withSeconds: true')).toEqual([]);
    for (const zone of ['UTC', '+02:00', 'GMT+2', 'America/New_York', 'Z'])
      expect(trigger('trigger.Schedule', `    cron: "@hourly"\n    timezone: "${zone}"`)).toEqual([]);
  });

  it.each([
    ['conditions:\n      - {type: X.DayWeek, dayOfWeek: MONTAG}', 'dayOfWeek: must be one of [MONDAY'],
    ['conditions:\n      - {type: X.DateTimeBetween}', 'needs `after`, `before` or both'],
    ['conditions:\n      - {type: X.DateTimeBetween, after: "2024-02-30T00:00:00Z"}', 'is no date-time'],
    ['conditions:\n      - {type: X.TimeBetween, after: "08:00"}', 'is no time of day with an offset'],
    ['conditions:\n      - {type: X.Weekend, dat: x}', 'did you mean "date"?'],
    ['conditions:\n      - {type: X.Weekand}', 'did you mean'],
    ['conditions:\n      - {type: X.Or, conditions: []}', 'conditions[0].conditions: must not be empty'],
  ])('a schedule with %j is refused', (lines, message) => {
    const found = trigger('trigger.Schedule', `    cron: "@daily"\n    ${lines.replaceAll('X.', CONDITION)}`);
    expect(found.join('\n')).toContain(message);
  });

  it.each([
    ['preconditions: {flows: []}', 'preconditions.id: must not be null'],
    [
      'preconditions: {id: p, timeWindow: {type: SLIDING_WINDOW, deadline: "09:00"}}',
      'does not belong to a time window',
    ],
    ['preconditions: {id: p, timeWindow: {type: DAILY_TIME_WINDOW, startTime: "09:00"}}', 'endTime: is required by'],
    [
      'preconditions: {id: p, where: [{id: w, filters: [{field: STATE, type: IN, value: x}]}]}',
      'values: is required by',
    ],
    ['preconditions: {id: p, flows: [{flowId: x}]}', 'flows[0].namespace: must not be null'],
    ['states: [GONE]', 'states[0]: must be one of'],
  ])('a Flow trigger with %j is refused', (lines, message) => {
    expect(trigger('trigger.Flow', `    ${lines}`).join('\n')).toContain(message);
  });

  it('an http trigger needs an address', () => {
    expect(trigger('http.Trigger', '    interval: PT30S').join('\n')).toContain('uri: must not be null');
    expect(trigger('http.Trigger', '    uri: https://example.com')).toEqual([]);
  });
});
