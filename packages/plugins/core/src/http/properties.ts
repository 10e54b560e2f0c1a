import { duration, dynamicMap, dynamicText, fixedBoolean } from '@tiercel/plugin-kit';
import { z } from 'zod';

export const DEFAULT_MAX_CONTENT_LENGTH = 10 * 1024 * 1024;

const options = z.strictObject({
  connectTimeout: duration('Time in which the connection must be made; default is 10 s.').optional(),
  readTimeout: duration('Longest wait for data of the server.').prefault('PT10S'),
  readIdleTimeout: duration('Longest time without any data on the connection.').prefault('PT5M'),
  connectionPoolIdleTimeout: duration('Accepted and without effect: a connection is closed after the task.').optional(),
  maxContentLength: z.int().min(0).optional().meta({
    title: 'Largest body of an answer, in bytes.',
    description: 'Default for Request is 10485760 (10 MiB). Download streams, and is limited only when this is set.',
    default: DEFAULT_MAX_CONTENT_LENGTH,
    $dynamic: false,
  }),
  proxyType: z.enum(['DIRECT', 'HTTP', 'SOCKS']).default('DIRECT').meta({ title: 'Kind of proxy.', $dynamic: false }),
  proxyAddress: dynamicText('Host of the proxy.').optional(),
  proxyPort: z.int().min(1).max(65_535).optional().meta({ title: 'Port of the proxy.', $dynamic: false }),
  proxyUsername: dynamicText('User name for the proxy.').optional(),
  proxyPassword: dynamicText('Password for the proxy.').optional(),
  defaultCharset: z
    .string()
    .default('UTF-8')
    .meta({ title: 'Character set of an answer that does not name its own.', $dynamic: false }),
  followRedirects: fixedBoolean(true, 'Whether redirects are followed, at most 20 of them.'),
  logLevel: z.string().optional().meta({ title: 'Accepted and without effect.', $dynamic: false }),
  basicAuthUser: dynamicText('User name for basic authentication.').optional(),
  basicAuthPassword: dynamicText('Password for basic authentication.').optional(),
});

/** Properties of Request and Download (execution-semantics.md §14.1). */
export const httpProperties = {
  uri: dynamicText('Address to call: http:// or https://.'),
  method: z
    .enum(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'PATCH', 'CUSTOM'])
    .default('GET')
    .meta({ title: 'Method of the request.', $dynamic: false }),
  body: dynamicText('Body of the request, as text.').optional(),
  formData: dynamicMap(
    'Form to send; it wins over `body`.',
    'With `contentType: multipart/form-data`, a text that begins with `kestra://` is sent as that file, and a map ' +
      '`{name, content}` as a file of that name. Otherwise it is URL-encoded.',
  ).optional(),
  contentType: dynamicText('Content type of the request; default for a body is `application/json`.').optional(),
  headers: dynamicMap('Headers of the request.').optional(),
  allowFailed: fixedBoolean(false, 'Whether an answer with a status of 400 or more is a success.'),
  options: options.optional().meta({ title: 'Options of the call.', $dynamic: false }),
  sslOptions: z
    .strictObject({
      insecureTrustAllCertificates: z
        .boolean()
        .optional()
        .meta({ title: 'Whether the certificate of the server goes unchecked.' }),
    })
    .optional()
    .meta({ title: 'Options of TLS.', $dynamic: false }),
};

const schema = z.object(httpProperties);
export type HttpProperties = z.output<typeof schema>;
export const defaultOptions: NonNullable<HttpProperties['options']> = options.parse({});
