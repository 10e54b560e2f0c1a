import { Option, type Command } from 'commander';
import { createApi, type Api } from '../client/api.ts';

export interface ServerOptions {
  readonly server: string;
  readonly user?: string;
}

/** The options of every command that talks to a server. */
export const withServer = (command: Command): Command =>
  command
    .addOption(
      new Option('--server <url>', 'address of the server').default('http://localhost:8080').env('TIERCEL_SERVER'),
    )
    .addOption(new Option('--user <name:password>', 'sign-in, when the server wants one').env('TIERCEL_USER'));

export const apiOf = ({ server, user }: ServerOptions): Api =>
  createApi({ server, ...(user !== undefined && { user }) });
