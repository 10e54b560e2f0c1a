import { expect, it } from 'vitest';
import { ExpressionError, renderText } from '@tiercel/expressions';
import { describeFailure } from './failure.ts';

const env = { now: () => 0, random: () => 0 };

function errorOf(template: string): ExpressionError {
  try {
    renderText(template, { flow: { namespace: 'a' } }, env);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${template} renders`);
}

it('a failed task logs message, place, caret and nearest name of its expression, also as a cause', () => {
  const error = errorOf('{{ flow.namespac }}');
  const text = [
    'Unable to find `namespac` used in the expression `{{ flow.namespac }}` at line 1',
    'line 1, column 9:',
    '{{ flow.namespac }}',
    '        ^',
    'Did you mean `namespace`?',
  ].join('\n');
  expect(describeFailure(error)).toBe(text);
  expect(describeFailure(new Error('the task failed', { cause: error }))).toBe(`the task failed\nCaused by: ${text}`);
});
