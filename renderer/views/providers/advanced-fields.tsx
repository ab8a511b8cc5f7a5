// What most providers do not need to be told, folded away; it unfolds by itself when a mistake is inside.
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { FormField } from '../../text/provider-words.ts';
import { SECONDS } from './draft.ts';
import { DraftChoice, DraftTextField } from './draft-field.tsx';
import styles from './form.module.css';
import type { ProviderFormState } from './form.ts';

const INSIDE: readonly FormField[] = [
  'name',
  'token_endpoint_auth_method',
  'pkce',
  'redirect_host',
  'redirect_port',
  'authorization_parameters',
  'profile_url',
  'profile_subject',
  'profile_label',
  'api_base_url',
  ...SECONDS,
];

export interface AdvancedFieldsProps {
  readonly form: ProviderFormState;
  /** Nothing is saved yet: what is not chosen is left to preset, discovery and defaults. */
  readonly fresh: boolean;
}

export function AdvancedFields({ form, fresh }: AdvancedFieldsProps) {
  const [open, setOpen] = useState(false);
  const wrong = INSIDE.some((field) => form.mistakes[field] !== undefined);
  const usual = fresh ? ([{ value: '', label: 'As usual for this provider' }] as const) : [];
  return (
    <details
      className={styles.fold}
      open={open || wrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <ChevronRight size={14} aria-hidden="true" />
        More settings
      </summary>
      <div className={styles.folded}>
        <DraftTextField form={form} field="name" optional={fresh} hint="How lists call it." />
        <DraftChoice
          form={form}
          field="token_endpoint_auth_method"
          hint="How the token endpoint wants the client secret."
          options={[
            ...usual,
            { value: 'none', label: 'Not at all: a public client' },
            { value: 'client_secret_basic', label: 'Secret in the header (client_secret_basic)' },
            { value: 'client_secret_post', label: 'Secret in the body (client_secret_post)' },
          ]}
        />
        <DraftChoice
          form={form}
          field="pkce"
          options={[...usual, { value: 'S256', label: 'On (S256)' }, { value: 'off', label: 'Off' }]}
          hint={
            form.draft.pkce === 'off' ? (
              <span className={styles.warning}>
                Without PKCE a stolen authorization code can be used by others. Switch it off only for a
                provider that rejects it.
              </span>
            ) : (
              'Protects the code on its way back. Leave it on.'
            )
          }
        />
        <div className={styles.pair}>
          <DraftChoice
            form={form}
            field="redirect_host"
            options={[
              ...usual,
              { value: '127.0.0.1', label: '127.0.0.1' },
              { value: '[::1]', label: '[::1]' },
              { value: 'localhost', label: 'localhost' },
              { value: 'tokentray', label: 'Link: tokentray://' },
            ]}
          />
          <DraftChoice
            form={form}
            field="redirect_port"
            options={[
              ...usual,
              { value: 'any', label: 'Any free one' },
              { value: 'fixed', label: `Always ${form.redirectPort}` },
            ]}
          />
        </div>
        <DraftTextField
          form={form}
          field="authorization_parameters"
          optional
          rows={3}
          placeholder="access_type=offline"
          hint="Sent with each request for consent: name=value, one a line."
        />
        <DraftTextField
          form={form}
          field="profile_url"
          optional
          placeholder="https://api.example.com/me"
          hint="For a provider without ID tokens: where its API says whose token it is."
        />
        <div className={styles.pair}>
          <DraftTextField form={form} field="profile_subject" optional placeholder="id" />
          <DraftTextField form={form} field="profile_label" optional placeholder="login" />
        </div>
        <DraftTextField
          form={form}
          field="api_base_url"
          optional
          placeholder="https://api.example.com/"
          hint="Where the proxy sends calls of scripts to."
        />
        <DraftTextField
          form={form}
          field="access_token_seconds"
          optional
          placeholder="3600"
          hint="Only for a provider whose answers do not say how long a token lives."
        />
        <DraftTextField
          form={form}
          field="refresh_idle_seconds"
          optional
          placeholder="7776000"
          hint="A refresh token that is not used for so long is over. Tokentray uses it before."
        />
        <DraftTextField
          form={form}
          field="refresh_absolute_seconds"
          optional
          placeholder="604800"
          hint="So long after your consent the provider asks for it again. You are warned 7 days and 1 day before."
        />
      </div>
    </details>
  );
}
