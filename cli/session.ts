// What every command is given: a way to print and a way to reach the host.
import type { HostClient } from './client.ts';
import type { Output } from './output.ts';

export interface Session {
  readonly out: Output;
  readonly host: HostClient;
}
