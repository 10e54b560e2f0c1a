import { Readable } from 'node:stream';
import { isId } from '@tiercel/model';
import { describe, expect, it } from 'vitest';
import { IntakeError } from './errors.ts';
import type { UploadSession } from './upload-session.ts';
import { bench, flowSource, NOW, type Bench } from './testing/bench.ts';

const TEAM = { tenant: 'main', namespace: 'company.team' };
const request = (flowId: string, extra: object = {}): { tenant: string; namespace: string; flowId: string } => ({
  ...TEAM,
  flowId,
  ...extra,
});

const refusal = async (promise: Promise<unknown>): Promise<{ code: string; message: string; violations: unknown }> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof IntakeError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return { code: error.code, message: error.message, violations: error.violations };
};

function withInputs(inputs: string): Bench {
  const b = bench();
  b.save(flowSource('f', `inputs:\n${inputs}`));
  return b;
}

describe('preparing an execution', () => {
  it('makes a CREATED row with the labels of flow, request and correlation', async () => {
    const b = bench();
    b.save(flowSource('hello', 'labels: {team: data, system.readOnly: "true"}'));
    const { execution, startAt } = await b.intake.prepare({
      ...request('hello'),
      labels: [{ key: 'env', value: 'a,b' }],
    });
    expect(isId(execution.id)).toBe(true);
    expect(startAt).toBeUndefined();
    expect(execution).toEqual({
      id: execution.id,
      tenant: 'main',
      namespace: 'company.team',
      flowId: 'hello',
      flowRevision: 1,
      history: [{ state: 'CREATED', date: NOW }],
      labels: [
        { key: 'team', value: 'data' },
        { key: 'env', value: 'a,b' },
        { key: 'system.correlationId', value: execution.id },
      ],
      originalId: execution.id,
      attemptNumber: 1,
      originalCreatedDate: NOW,
    });
  });

  it('keeps a correlation id that was given, and refuses other system labels and keys given twice', async () => {
    const b = bench();
    b.save(flowSource('f'));
    const label = (key: string, value = 'x'): { key: string; value: string } => ({ key, value });
    const { execution } = await b.intake.prepare({ ...request('f'), labels: [label('system.correlationId', 'root')] });
    expect(execution.labels).toEqual([label('system.correlationId', 'root')]);
    expect(await refusal(b.intake.prepare({ ...request('f'), labels: [label('system.app')] }))).toMatchObject({
      code: 'system-label',
      message: 'System labels can only be set by Kestra itself, offending label: system.app=x',
    });
    expect(await refusal(b.intake.prepare({ ...request('f'), labels: [label('a'), label('a')] }))).toMatchObject({
      code: 'duplicate-label',
    });
  });

  it('refuses unknown, invalid and disabled flows', async () => {
    const b = bench();
    b.save(flowSource('off', 'disabled: true'));
    b.save('id: broken\nnamespace: company.team\ntasks: 1');
    expect(await refusal(b.intake.prepare(request('nope')))).toMatchObject({
      code: 'flow-not-found',
      message: 'Requested Flow is not found.',
    });
    expect(await refusal(b.intake.prepare(request('off')))).toMatchObject({
      code: 'flow-disabled',
      message: 'Requested Flow is disabled.',
    });
    expect(await refusal(b.intake.prepare(request('broken')))).toMatchObject({ code: 'flow-invalid' });
    expect(await refusal(b.intake.prepare(request('off', { revision: 9 })))).toMatchObject({ code: 'flow-not-found' });
  });

  it('takes the revision that was asked for', async () => {
    const b = bench();
    b.save(flowSource('f'));
    b.save(flowSource('f', 'description: new'));
    expect((await b.intake.prepare(request('f'))).execution.flowRevision).toBe(2);
    expect((await b.intake.prepare(request('f', { revision: 1 }))).execution.flowRevision).toBe(1);
  });

  it('delays the start until a date in the future, and only then', async () => {
    const b = bench();
    b.save(flowSource('f'));
    const later = await b.intake.prepare({ ...request('f'), scheduleDate: NOW + 1000 });
    const past = await b.intake.prepare({ ...request('f'), scheduleDate: NOW - 1000 });
    expect([later.startAt, later.execution.scheduleDate]).toEqual([NOW + 1000, NOW + 1000]);
    expect([past.startAt, past.execution.scheduleDate]).toEqual([undefined, NOW - 1000]);
  });
});

describe('inputs', () => {
  const ALL = `  - {id: s, type: STRING}
  - {id: i, type: INT}
  - {id: f, type: FLOAT}
  - {id: b, type: BOOLEAN}
  - {id: j, type: JSON}
  - {id: opt, type: STRING, required: false}
  - {id: def, type: INT, defaults: 7}
  - {id: a.b.c, type: STRING, defaults: deep}
  - {id: a.d, type: INT, required: false}
`;

  it('are typed; defaults fill in; dots nest; unknown ones are ignored', async () => {
    const b = withInputs(ALL);
    const given = { s: 'x', i: '42', f: '42.42', b: 'True', j: '{"a": [1]}', unknown: 'y' };
    const { execution } = await b.intake.prepare({ ...request('f'), inputs: given });
    expect(execution.inputs).toEqual({
      s: 'x',
      i: 42,
      f: 42.42,
      b: true,
      j: { a: [1] },
      opt: null,
      def: 7,
      a: { b: { c: 'deep' }, d: null },
    });
  });

  it('may be given as values, and nested', async () => {
    const b = withInputs(ALL);
    const given = { s: 5, i: 42, f: 0.1, b: false, j: [1, null], a: { b: { c: 'mine' }, d: 3 } };
    const { execution } = await b.intake.prepare({ ...request('f'), inputs: given });
    expect(execution.inputs).toMatchObject({
      s: '5',
      i: 42,
      f: 0.1,
      b: false,
      j: [1, null],
      a: { b: { c: 'mine' }, d: 3 },
    });
  });

  it('a flow without inputs has none', async () => {
    const b = bench();
    b.save(flowSource('f'));
    expect((await b.intake.prepare({ ...request('f'), inputs: { a: 1 } })).execution.inputs).toBeUndefined();
  });

  it.each([
    ['{id: x, type: INT}', 'abc', 'Invalid input for `x`, For input string: "abc", but received `abc`'],
    ['{id: x, type: INT}', '4.2', 'Invalid input for `x`, For input string: "4.2", but received `4.2`'],
    [
      '{id: x, type: INT}',
      '3000000000',
      'Invalid input for `x`, For input string: "3000000000", but received `3000000000`',
    ],
    ['{id: x, type: INT}', 4.2, 'For input string: "4.2"'],
    ['{id: x, type: INT}', '', 'For input string: ""'],
    ['{id: x, type: INT, min: 10}', '9', 'Invalid input for `x`, it must be more than `10`, but received `9`'],
    ['{id: x, type: INT, max: 10}', '11', 'Invalid input for `x`, it must be less than `10`, but received `11`'],
    ['{id: x, type: FLOAT}', '1e60', 'For input string: "1e60"'],
    ['{id: x, type: FLOAT, max: 0.5}', '0.51', 'it must be less than `0.5`'],
    ['{id: x, type: STRING}', null, 'Invalid input for `x`, missing required input, but received `null`'],
    [
      '{id: x, type: STRING, validator: "[A-Z]+"}',
      'ABCd',
      'Invalid input for `x`, it must match the pattern `[A-Z]+`, but received `ABCd`',
    ],
    ['{id: x, type: JSON}', '{"a": ', 'Expected `JSON` but received `{"a": ` with errors:'],
    ['{id: x, type: JSON}', '['.repeat(5000), 'Invalid input for `x`, its JSON is nested deeper than 200 levels'],
    ['{id: x, type: FILE}', '/etc/passwd', 'Expected `FILE` but received `/etc/passwd`'],
    ['{id: x, type: FILE}', 'kestra:///../x', 'Expected `FILE`'],
  ])('%s refuses %j', async (input, value, message) => {
    const b = withInputs(`  - ${input}`);
    const error = await refusal(b.intake.prepare({ ...request('f'), inputs: { x: value } }));
    expect(error.code).toBe('invalid-inputs');
    expect(error.message).toContain(message);
    expect(error.violations).toEqual([{ path: 'x', message: expect.stringContaining(message) }]);
  });

  it.each([
    ['INT', '+5', 5],
    ['INT', '-2147483648', -2147483648],
    ['INT, min: 5, max: 5', '5', 5],
    ['FLOAT', '0.1', 0.1],
    ['FLOAT', '16777217', 16777216],
    ['BOOLEAN', 'yes', false],
    ['BOOLEAN', 'TRUE', true],
    ['STRING', '', ''],
    ['STRING, validator: "A\\d+"', 'A12', 'A12'],
    ['JSON', '"text"', 'text'],
    ['JSON', 'null', null],
    ['FILE', 'kestra:///a/b.txt', 'kestra:///a/b.txt'],
  ])('%s takes %j', async (type, value, expected) => {
    const b = withInputs(`  - {id: x, type: ${type.replaceAll('\\', '\\\\')}}`);
    expect((await b.intake.prepare({ ...request('f'), inputs: { x: value } })).execution.inputs).toEqual({
      x: expected,
    });
  });

  it('a request stops at the first violation, validation tells all', async () => {
    const b = withInputs('  - {id: x, type: INT}\n  - {id: y, type: INT}\n  - {id: z, type: INT, defaults: 1}');
    const given = { inputs: { x: 'a', y: 'b' } };
    expect((await refusal(b.intake.prepare({ ...request('f'), ...given }))).violations).toHaveLength(1);
    const report = await b.intake.validateInputs({ ...request('f'), ...given });
    expect(report.map(({ input, value, error }) => [input.id, value, error !== undefined])).toEqual([
      ['x', 'a', true],
      ['y', 'b', true],
      ['z', 1, false],
    ]);
  });
});

describe('upload sessions', () => {
  const FILES =
    '  - {id: doc, type: FILE}\n  - {id: csv, type: FILE, extension: .csv, required: false}\n  - {id: n, type: INT, defaults: 1}\n';
  const stream = (text: string): Readable => Readable.from([Buffer.from(text)]);

  it('stores files under both forms of part, and ignores parts that are no input', async () => {
    const b = withInputs(FILES);
    const session = await b.intake.begin(request('f'));
    session.field('n', '5');
    session.field('unknown', 'x');
    await session.file('files', 'csv', stream('a,b'));
    await session.file('doc', 'my report.pdf', stream('PDF'));
    await session.file('files', 'nobody', stream('ignored'));
    const { row } = await session.commit();
    const root = `main/company/team/f/executions/${session.executionId}/inputs`;
    expect(row.execution.id).toBe(session.executionId);
    expect([...b.files.keys()]).toEqual([
      expect.stringMatching(new RegExp(`^${root}/csv/\\w{22}\\.csv$`)),
      `${root}/doc/my_report.pdf`,
    ]);
    expect(row.execution.inputs).toMatchObject({ n: 5, doc: `kestra://${root.slice(4)}/doc/my_report.pdf` });
    expect(b.rows).toHaveLength(1);
    expect(b.hinted).toEqual([row.execution]);
  });

  it('an empty file is a file; an empty text where a file belongs is none', async () => {
    const b = withInputs(FILES);
    const session = await b.intake.begin(request('f'));
    session.field('csv', '');
    await session.file('files', 'doc', stream(''));
    const { execution } = await session.finish();
    expect(execution.inputs?.['csv']).toBeNull();
    expect([...b.files.values()]).toEqual(['']);
  });

  it('removes what was stored when the inputs are refused', async () => {
    const b = withInputs(FILES);
    const session = await b.intake.begin(request('f'));
    await session.file('files', 'doc', stream('x'));
    session.field('n', 'none');
    expect((await refusal(session.commit())).code).toBe('invalid-inputs');
    expect(b.files.size).toBe(0);
    expect(b.rows).toEqual([]);
  });

  it('refuses another value for an input whose file came, and leaves no file behind', async () => {
    const second = async (give: (session: UploadSession) => Promise<void>): Promise<void> => {
      const b = withInputs(FILES);
      const session = await b.intake.begin(request('f'));
      await session.file('files', 'doc', stream('first'));
      expect(await refusal(give(session))).toMatchObject({
        code: 'invalid-inputs',
        violations: [{ path: 'doc', message: 'Invalid input for `doc`, a file was given already' }],
      });
      await session.abort();
      expect(b.files.size).toBe(0);
    };
    await second((session) => session.file('files', 'doc', stream('second')));
    await second((session) => session.file('doc', 'second.txt', stream('second')));
    await second(async (session) => session.field('doc', 'kestra:///elsewhere'));
  });

  it('removes what was stored when the upload breaks or is given up', async () => {
    const b = withInputs(FILES);
    const session = await b.intake.begin(request('f'));
    await session.file('files', 'csv', stream('x'));
    const broken = new Readable({ read: () => undefined });
    const upload = session.file('files', 'doc', broken);
    broken.destroy(new Error('connection lost'));
    await expect(upload).rejects.toThrow('connection lost');
    await session.abort();
    expect(b.files.size).toBe(0);
  });

  it('ends uploads that are under way when it is given up', async () => {
    const b = withInputs(FILES);
    const session = await b.intake.begin(request('f'));
    const endless = new Readable({ read: () => undefined });
    const upload = session.file('files', 'doc', endless).catch(() => 'ended');
    await session.abort();
    expect(await upload).toBe('ended');
    expect(b.files.size).toBe(0);
  });

  it('removes what was stored when the store refuses the row, and keeps it when nobody knows', async () => {
    const b = withInputs(FILES);
    const attempt = async (...codes: string[]): Promise<unknown> => {
      b.failures.push(...codes.map((code) => Object.assign(new Error(code), { code })));
      const session = await b.intake.begin(request('f'));
      await session.file('files', 'doc', stream('x'));
      return session.commit().then(
        () => 'created',
        (error: Error) => error.message,
      );
    };
    expect(await attempt('bad-data')).toBe('bad-data');
    expect(b.files.size).toBe(0);
    expect(await attempt('unavailable', 'unavailable')).toBe('unavailable');
    expect(b.files.size).toBe(1);
    expect(await attempt('unavailable')).toBe('created');
  });

  it('bounds the fields of a request', async () => {
    const b = bench({ limits: { maxFieldCharacters: 10 } });
    b.save(flowSource('f', 'inputs: [{id: s, type: STRING}]'));
    const session = await b.intake.begin(request('f'));
    session.field('s', '12345');
    expect(() => session.field('s', '12345')).toThrow(IntakeError);
  });

  it('a validation stores no file, and a disabled flow will do', async () => {
    const b = withInputs(`${FILES}disabled: true`);
    const session = await b.intake.begin({ ...request('f'), validateOnly: true });
    await session.file('files', 'doc', stream('x'));
    session.field('n', 'x');
    const report = await session.report();
    expect(b.files.size).toBe(0);
    expect(report.map(({ value, error }) => error ?? value)).toEqual([
      expect.stringMatching(/^kestra:.*\/inputs\/doc\/doc\.upl$/),
      null,
      expect.stringContaining('Invalid input for `n`'),
    ]);
  });
});

describe('submitting rows', () => {
  it('hints what was created and is to start now; a failing hint harms nobody', async () => {
    const b = bench({
      hint: () => {
        throw new Error('no queue');
      },
    });
    b.save(flowSource('f'));
    const row = await b.intake.prepare(request('f'));
    expect(await b.intake.submit([row])).toEqual([{ kind: 'created' }]);
    expect(b.errors).toEqual([expect.stringContaining('no queue')]);
  });

  it('does not hint what starts later or was there before', async () => {
    const b = bench();
    b.save(flowSource('f'));
    const now = await b.intake.prepare(request('f'));
    const later = await b.intake.prepare({ ...request('f'), scheduleDate: NOW + 5 });
    await b.intake.submit([now, later]);
    expect(await b.intake.submit([now])).toEqual([{ kind: 'exists', executionId: now.execution.id }]);
    expect(b.hinted.map(({ id }) => id)).toEqual([now.execution.id]);
  });
});
