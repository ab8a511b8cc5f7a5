// A preset: a read-only template of a provider, with where its facts come from and when they were last looked at.
import type { Provider } from '../../model/provider.ts';

export interface Preset {
  readonly id: string;
  readonly name: string;
  /** The day its facts were last compared with the provider's documentation. */
  readonly verified_on: string;
  readonly documentation_url: string;
  /** Where a client is registered. */
  readonly registration_url: string;
  /** How the redirect address is to be registered, in a sentence or two. */
  readonly redirect_note: string;
  readonly entry: Readonly<Partial<Omit<Provider, 'schema' | 'id' | 'client_id' | 'preset'>>> &
    Pick<Provider, 'redirect' | 'scopes'>;
}
