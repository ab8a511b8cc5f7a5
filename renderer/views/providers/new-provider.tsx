// Adds a provider: from a preset, from its issuer, or by hand. Three ways, one form.
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import type { PresetJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { connect } from '../../consents.ts';
import { queries } from '../../queries.ts';
import { navigate, paths } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { ButtonLink } from '../../ui/button-link.tsx';
import { Page } from '../../ui/page.tsx';
import { Segments } from '../../ui/segments.tsx';
import { AdvancedFields } from './advanced-fields.tsx';
import { type Draft, EMPTY_DRAFT, newFields, redirectUri, type Way } from './draft.ts';
import { DraftTextField } from './draft-field.tsx';
import { EndpointFields } from './endpoint-fields.tsx';
import styles from './form.module.css';
import { useProviderForm } from './form.ts';
import { FormMistake } from './form-mistake.tsx';
import { keepProvider } from './keep-provider.ts';
import { PresetChoice } from './preset-choice.tsx';
import { RedirectField } from './redirect-field.tsx';
import { savedNote } from './saved-note.ts';
import { SecretField, withSecret } from './secret-field.tsx';
import { freeName, nameOfIssuer } from './short-name.ts';

const WAYS: readonly { readonly value: Way; readonly label: string }[] = [
  { value: 'preset', label: 'Preset' },
  { value: 'issuer', label: 'Issuer URL' },
  { value: 'hand', label: 'By hand' },
];

const SCOPES: Readonly<Record<Way, string>> = {
  preset: 'With spaces between them. Left empty: what the preset asks for.',
  issuer:
    'With spaces between them. Left empty: who you are, and access that lasts, where the issuer offers it.',
  hand: 'What to ask for, with spaces between them.',
};

function nameFor(way: Way, { preset, issuer }: Draft): string {
  if (way === 'hand') return '';
  return way === 'preset' ? preset : nameOfIssuer(issuer.trim());
}

export function NewProvider({ redirectPort }: { readonly redirectPort: number }) {
  const { data: providers = [] } = useQuery(queries.providers);
  const { data: presets = [] } = useQuery(queries.presets);
  const form = useProviderForm(EMPTY_DRAFT, redirectPort);
  const { draft } = form;
  const secret = useRef<HTMLInputElement>(null);
  // A suggested short name follows preset and issuer until somebody types another.
  const [suggested, setSuggested] = useState('');
  const suggest = (wanted: string): { id?: string } => {
    if (draft.id !== suggested) return {};
    const id = freeName(
      wanted,
      providers.map((one) => one.id),
    );
    setSuggested(id);
    return { id };
  };
  const preset = draft.way === 'preset' ? presets.find(({ id }) => id === draft.preset) : undefined;
  const shownUri = draft.id.trim() === '' ? undefined : redirectUri(draft, redirectPort);

  const save = useMutation({
    // No variables: the cache of mutations would keep them.
    mutationFn: () => withSecret(secret, (extra) => api.addProvider({ ...newFields(draft), ...extra })),
    onSuccess: keepProvider,
    onError: form.refused,
  });

  const submit = async (andConnect: boolean): Promise<void> => {
    if (save.isPending || !form.ready()) return;
    const saved = await save.mutateAsync().catch(() => undefined);
    if (saved === undefined) return;
    const another =
      saved.redirect_uri === shownUri ? '' : ' Register the redirect URI shown here, not the one before.';
    savedNote.set({ provider: saved.id, sentence: `${saved.name} is saved.${another}` });
    const consent = andConnect ? await connect({ provider: saved.id }) : undefined;
    navigate(consent === undefined ? paths.provider(saved.id) : '/', { replace: true });
  };

  return (
    <Page title="Add provider" width="form">
      <form
        ref={form.form}
        className={styles.form}
        noValidate
        autoComplete="off"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void submit(true);
        }}
      >
        <Segments
          legend="Start from"
          value={draft.way}
          options={WAYS}
          onChoose={(way) => form.merge({ way, ...suggest(nameFor(way, draft)) })}
        />
        {draft.way === 'preset' && (
          <PresetChoice
            chosen={draft.preset}
            error={form.mistakes.preset}
            onChoose={(chosen: PresetJson | undefined) =>
              form.merge({ preset: chosen?.id ?? '', ...suggest(chosen?.id ?? '') })
            }
          />
        )}
        {draft.way === 'issuer' && (
          <DraftTextField
            form={{
              ...form,
              set: (field, value) =>
                form.merge({ [field]: value, ...suggest(nameOfIssuer(String(value).trim())) }),
            }}
            field="issuer"
            placeholder="https://login.example.com"
            hint="When you save, Tokentray asks it for its addresses. You see them then, and can change them."
          />
        )}
        <DraftTextField
          form={form}
          field="id"
          placeholder="example"
          hint={`Its connections are called ${draft.id.trim() || 'example'}/you.`}
        />
        {draft.way === 'hand' && <EndpointFields form={form} all={false} />}
        <RedirectField
          uri={shownUri}
          anyPort={draft.redirect_port !== 'fixed'}
          registrationUrl={preset?.registration_url}
        />
        <DraftTextField
          form={form}
          field="client_id"
          hint="The provider shows it when you register a client there."
        />
        <SecretField input={secret} state="none" error={form.mistakes.client_secret} />
        <DraftTextField
          form={form}
          field="scopes"
          optional
          rows={2}
          placeholder="contacts.read profile"
          hint={SCOPES[draft.way]}
        />
        <AdvancedFields form={form} fresh />
        <FormMistake mistakes={form.mistakes} />
        <div className={styles.footer}>
          <ButtonLink variant="quiet" to="/providers">
            Cancel
          </ButtonLink>
          <Button busy={save.isPending} onClick={() => void submit(false)}>
            {draft.way === 'issuer' ? 'Fill in from the provider' : 'Save'}
          </Button>
          <Button variant="primary" type="submit" busy={save.isPending}>
            Save and connect
          </Button>
        </div>
      </form>
    </Page>
  );
}
