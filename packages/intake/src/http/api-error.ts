import { ApiError, invalidEntity } from '@tiercel/contracts';
import { IntakeError } from '../errors.ts';

/** A refusal of intake as the API says it (rest-api.md §2, §7.1). */
export function apiErrorOf(error: IntakeError): ApiError {
  const options = { cause: error };
  switch (error.code) {
    case 'flow-not-found':
    case 'webhook-not-found':
      return new ApiError('notFound', error.message, options);
    case 'flow-disabled':
    case 'flow-invalid':
    case 'duplicate-label':
      return new ApiError('illegalState', error.message, options);
    case 'invalid-inputs':
      return invalidEntity(error.violations);
    case 'invalid-request':
    case 'system-label':
      return new ApiError('illegalArgument', error.message, options);
    case 'too-large':
      // What the client still sends is not read: the connection cannot be used again.
      return new ApiError('tooLarge', error.message, { ...options, headers: { Connection: 'close' } });
  }
}

/** Runs something of intake's, its refusals as the API says them. */
export async function asApi<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof IntakeError ? apiErrorOf(error) : error;
  }
}
