import { expect, it } from 'vitest';
import { ApiError, errorBody, loggedUrl } from './errors.ts';

const URL = '/api/v1/executions/webhook/company.team/f/s3cret?a=1&inputs=pw:topsecret99&inputs=%7B%7D&b=inputs';

it('the address in an answer has no inputs', () => {
  expect(errorBody(new ApiError('notFound'), URL)._links.self.href).toBe(
    '/api/v1/executions/webhook/company.team/f/s3cret?a=1&inputs=******&inputs=******&b=inputs',
  );
});

it('the address in the log of the server has no key of a webhook either', () => {
  expect(loggedUrl(URL)).toBe(
    '/api/v1/executions/webhook/company.team/f/******?a=1&inputs=******&inputs=******&b=inputs',
  );
  expect(loggedUrl('/api/v1/executions/search?namespace=a')).toBe('/api/v1/executions/search?namespace=a');
});
