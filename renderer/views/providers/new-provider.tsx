// Adds a provider: from a preset, from its issuer, or by hand. Three ways, one form.
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import type { DiscoveryJson, PresetJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { connect } from '../../consents.ts';
import { queries } from '../../queries.ts';
import { navigate, paths } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { ButtonLink } from '../../ui/button-link.tsx';
import { Page } from '../../ui/page.tsx';
import { Segments } from '../../ui/segments.tsx';
import { AdvancedFields } from './advanced-fields.tsx';
import { type Draft, EMPTY_DRAFT, newFields, redirectRule, redirectUri, type Way } from './draft.ts';
import { DraftTextField } from './draft-field.tsx';
import { EndpointFields } from './endpoint-fields.tsx';
import styles from './form.module.css';
import { useProviderForm } from './form.ts';
import { FormMistake } from './form-mistake.tsx';
import { IssuerField } from './issuer-field.tsx';
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
  // So do the scopes that preset or issuer ask for by default.
  const [usual, setUsual] = useState('');
  const suggestScopes = (scopes: readonly string[] = []): { scopes?: string } => {
    if (draft.scopes !== usual) return {};
    const wanted = scopes.join(' ');
    setUsual(wanted);
    return { scopes: wanted };
  };
  const [answer, setAnswer] = useState<DiscoveryJson>();
  // What another issuer said is nothing to this one.
  const found = answer?.issuer === draft.issuer.trim() ? answer : undefined;
  const presetOf = (wanted: string): PresetJson | undefined => presets.find(({ id }) => id === wanted);
  const preset = draft.way === 'preset' ? presetOf(draft.preset) : undefined;
  const rule = redirectRule(draft, preset);
  const shownUri = draft.id.trim() === '' ? undefined : redirectUri(draft.id, rule, redirectPort);
  const usualOf: Record<Way, () => readonly string[] | undefined> = {
    preset: () => presetOf(draft.preset)?.scopes,
    issuer: () => found?.scopes,
    hand: () => undefined,
  };

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
          onChoose={(way) =>
            form.merge({ way, ...suggest(nameFor(way, draft)), ...suggestScopes(usualOf[way]()) })
          }
        />
        {draft.way === 'preset' && (
          <PresetChoice
            chosen={draft.preset}
            error={form.mistakes.preset}
            onChoose={(chosen: PresetJson | undefined) =>
              form.merge({
                preset: chosen?.id ?? '',
                ...suggest(chosen?.id ?? ''),
                ...suggestScopes(chosen?.scopes),
              })
            }
          />
        )}
        {draft.way === 'issuer' && (
          <IssuerField
            form={form}
            found={found}
            onType={(issuer) => form.merge({ issuer, ...suggest(nameOfIssuer(issuer.trim())) })}
            onFound={(next) => {
              setAnswer(next);
              form.merge(suggestScopes(next.scopes));
            }}
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
          rule={rule}
          note={preset?.redirect_note}
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
