// The exact address to register at the provider, known before anything is saved.
import { CopyField } from '../../ui/copy-field.tsx';
import { ExternalLink } from '../../ui/external-link.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import styles from './form.module.css';

export interface RedirectFieldProps {
  /** Undefined until there is a short name, which is part of it. */
  readonly uri: string | undefined;
  readonly anyPort: boolean;
  /** What the provider makes of it; only a preset knows. */
  readonly note: string | undefined;
  readonly registrationUrl: string | undefined;
}

export function RedirectField({ uri, anyPort, note, registrationUrl }: RedirectFieldProps) {
  const how = anyPort
    ? (note ??
      'Register it at the provider exactly like this. The port is chosen at each consent; a desktop client may do that.')
    : 'Register it at the provider exactly like this, with its port.';
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
