// The exact address to register at the provider, known before anything is saved.
import type { ProviderJson } from '../../../api/wire.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import { ExternalLink } from '../../ui/external-link.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import styles from './form.module.css';

export interface RedirectFieldProps {
  /** Undefined until there is a short name, which is part of it. */
  readonly uri: string | undefined;
  readonly rule: ProviderJson['redirect'];
  /** What the provider makes of it; only a preset knows. */
  readonly note: string | undefined;
  readonly registrationUrl: string | undefined;
}

function howOf(rule: ProviderJson['redirect'], note: string | undefined): string {
  if ('scheme' in rule)
    return 'Register it at the provider exactly like this. Only the tray is called for such a link; elsewhere, paste it.';
  if (rule.port === 'fixed') return 'Register it at the provider exactly like this, with its port.';
  return (
    note ??
    'Register it at the provider exactly like this. The port is chosen at each consent; a desktop client may do that.'
  );
}

export function RedirectField({ uri, rule, note, registrationUrl }: RedirectFieldProps) {
  const how = howOf(rule, note);
  const link = registrationUrl !== undefined && (
    <ExternalLink href={registrationUrl}>Open the registration page</ExternalLink>
  );
  return (
    <FieldGroup
      label="Redirect URI to register"
      hint={
        <>
          {uri === undefined ? 'It appears with the short name, which is part of it.' : how} {link}
        </>
      }
    >
      {uri === undefined ? <div className={styles.later} /> : <CopyField what="redirect URI" value={uri} />}
    </FieldGroup>
  );
}
