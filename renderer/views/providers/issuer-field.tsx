// The issuer of a new provider, and what it says about itself: asked for at once, kept only when the form is saved.
import { useMutation } from '@tanstack/react-query';
import type { DiscoveryJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { FIELD_LABELS } from '../../text/provider-words.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import type { FormControl } from './form.ts';
import styles from './issuer-field.module.css';

const SHOWN = [
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
] as const;

export interface IssuerFieldProps {
  readonly form: FormControl;
  /** What the issuer that stands in the field has said. */
  readonly found: DiscoveryJson | undefined;
  readonly onType: (issuer: string) => void;
  readonly onFound: (found: DiscoveryJson) => void;
}

export function IssuerField({ form, found, onType, onFound }: IssuerFieldProps) {
  const issuer = form.draft.issuer.trim();
  const look = useMutation({
    mutationFn: api.discover,
    // Another one may have been typed since.
    onSuccess: (next) => next.issuer === issuer && onFound(next),
    onError: form.refused,
  });
  const ask = (): void => {
    if (issuer === '') form.say({ issuer: 'Enter the address of the issuer.' });
    else if (!look.isPending) look.mutate(issuer);
  };
  return (
    <div className={styles.issuer}>
      <Field
        label={FIELD_LABELS.issuer}
        hint="Tokentray asks it for its addresses. Nothing is saved by that."
        error={form.mistakes.issuer}
      >
        {(control) => (
          <div className={styles.line}>
            <TextInput
              {...control}
              mono
              placeholder="https://login.example.com"
              value={form.draft.issuer}
              onChange={(event) => onType(event.target.value)}
              onKeyDown={(event) => {
                // Enter asks; it does not save the rest yet.
                if (event.key !== 'Enter') return;
                event.preventDefault();
                ask();
              }}
            />
            <Button busy={look.isPending} onClick={ask}>
              Fill in
            </Button>
          </div>
        )}
      </Field>
      <div role="status">
        {found !== undefined && (
          <dl className={styles.found} aria-label="Found at the issuer">
            {SHOWN.filter((field) => found[field] !== undefined).map((field) => (
              <div key={field}>
                <dt>{FIELD_LABELS[field]}</dt>
                <dd>{found[field]}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </div>
  );
}
