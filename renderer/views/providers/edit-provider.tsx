// Changes a provider: the same form, filled in. Sends only what differs; the secret is replaced or left alone.
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { ProviderJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { connect } from '../../consents.ts';
import { queries } from '../../queries.ts';
import { navigate } from '../../router.ts';
import { useStore } from '../../store.ts';
import { Button } from '../../ui/button.tsx';
import { ButtonLink } from '../../ui/button-link.tsx';
import { Page } from '../../ui/page.tsx';
import { AdvancedFields } from './advanced-fields.tsx';
import { CheckReport } from './check-report.tsx';
import { changedFields, type Draft, draftOf, redirectRule, redirectUri, sameRule } from './draft.ts';
import { DraftTextField } from './draft-field.tsx';
import { EndpointFields } from './endpoint-fields.tsx';
import { Facts } from './facts.tsx';
import styles from './form.module.css';
import { useProviderForm } from './form.ts';
import { FormMistake } from './form-mistake.tsx';
import { keepProvider } from './keep-provider.ts';
import { RedirectField } from './redirect-field.tsx';
import { RemoveProvider } from './remove-provider.tsx';
import { savedNote } from './saved-note.ts';
import { SecretField, type SecretFieldProps, withSecret } from './secret-field.tsx';

export interface EditProviderProps {
  readonly provider: ProviderJson;
  readonly redirectPort: number;
}

function secretState(provider: ProviderJson, { token_endpoint }: Draft): SecretFieldProps['state'] {
  if (provider.client_secret === 'unset') return 'none';
  return token_endpoint.trim() === provider.token_endpoint ? 'kept' : 'lost';
}

export function EditProvider({ provider, redirectPort }: EditProviderProps) {
  const form = useProviderForm(draftOf(provider), redirectPort);
  const secret = useRef<HTMLInputElement>(null);
  // Counts what was saved, so that the secret's field is a new one each time.
  const [version, setVersion] = useState(0);
  const note = useStore(savedNote);
  useEffect(() => () => savedNote.set(undefined), []);
  const { draft } = form;
  const { data: presets = [] } = useQuery(queries.presets);
  const preset = presets.find(({ id }) => id === provider.preset);
  const rule = redirectRule(draft, preset);
  const unchanged = sameRule(rule, provider.redirect);

  const save = useMutation({
    // No variables: the cache of mutations would keep them.
    mutationFn: () =>
      withSecret(secret, async (extra) => {
        const changes = { ...changedFields(draft, provider), ...extra };
        return Object.keys(changes).length === 0 ? provider : api.changeProvider(provider.id, changes);
      }),
    onSuccess: (saved) => {
      keepProvider(saved);
      form.replace(draftOf(saved));
      setVersion((before) => before + 1);
    },
    onError: form.refused,
  });

  const submit = async (andConnect: boolean): Promise<void> => {
    if (save.isPending || !form.ready()) return;
    const saved = await save.mutateAsync().catch(() => undefined);
    if (saved === undefined) return;
    if (!andConnect) {
      const sentence = saved === provider ? 'There was nothing to save.' : `${saved.name} is saved.`;
      savedNote.set({ provider: saved.id, sentence });
      return;
    }
    if ((await connect({ provider: saved.id })) !== undefined) navigate('/');
  };

  return (
    <Page title={provider.name} width="form" actions={<RemoveProvider provider={provider} />}>
      <form
        ref={form.form}
        className={styles.form}
        noValidate
        autoComplete="off"
        onInput={() => savedNote.set(undefined)}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void submit(true);
        }}
      >
        <Facts provider={provider} />
        <CheckReport id={provider.id} />
        <RedirectField
          // The host's own word, until another rule is chosen here.
          uri={unchanged ? provider.redirect_uri : redirectUri(provider.id, rule, redirectPort)}
          rule={rule}
          note={preset?.redirect_note}
          registrationUrl={provider.registration_url}
        />
        <DraftTextField form={form} field="client_id" />
        <SecretField
          key={version}
          input={secret}
          state={secretState(provider, draft)}
          error={form.mistakes.client_secret}
        />
        <DraftTextField
          form={form}
          field="scopes"
          optional
          rows={2}
          hint="With spaces between them. New consents ask for these; connections keep what they were granted."
        />
        <EndpointFields form={form} all />
        <AdvancedFields form={form} fresh={false} />
        <FormMistake mistakes={form.mistakes} />
        <div className={styles.footer}>
          <p className={styles.note} role="status">
            {note?.provider === provider.id && note.sentence}
          </p>
          <ButtonLink variant="quiet" to="/providers">
            Back
          </ButtonLink>
          <Button busy={save.isPending} onClick={() => void submit(false)}>
            Save
          </Button>
          <Button variant="primary" type="submit" busy={save.isPending}>
            Save and connect
          </Button>
        </div>
      </form>
    </Page>
  );
}
