import { type RunContext, TaskFailure } from '@tiercel/plugin-kit';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { defaultOptions, type HttpProperties } from './properties.ts';

/** What one call goes through: connections of its own, directly or by a proxy. Close it afterwards. */
export async function createDispatcher(context: RunContext, properties: HttpProperties): Promise<Dispatcher> {
  const options = properties.options ?? defaultOptions;
  const connectTimeout = await context.duration(options.connectTimeout);
  const connect = {
    ...(connectTimeout === undefined ? {} : { timeout: connectTimeout }),
    ...(properties.sslOptions?.insecureTrustAllCertificates === true ? { rejectUnauthorized: false } : {}),
  };
  if (options.proxyType === 'DIRECT') return new Agent({ connect });
  const host = await context.text(options.proxyAddress);
  if (host === undefined || options.proxyPort === undefined) {
    throw new TaskFailure(
      '`options.proxyAddress` and `options.proxyPort` are required when `options.proxyType` is set',
    );
  }
  const uri = new URL(`${options.proxyType === 'SOCKS' ? 'socks5' : 'http'}://${host}:${options.proxyPort}`);
  const user = await context.text(options.proxyUsername);
  if (user !== undefined) {
    uri.username = encodeURIComponent(user);
    uri.password = encodeURIComponent((await context.text(options.proxyPassword)) ?? '');
  }
  // Plain requests go through the proxy as such; only TLS needs a tunnel, and many proxies allow it for nothing else.
  return new ProxyAgent({ uri: uri.href, requestTls: connect, proxyTunnel: false });
}
