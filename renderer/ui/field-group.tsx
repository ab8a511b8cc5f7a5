// A label for what is not one control: a value with its button, or several controls.
import type { ReactNode } from 'react';
import styles from './field-group.module.css';

export interface FieldGroupProps {
  readonly label: string;
  /** The label is only heard: what is inside shows itself. */
  readonly quiet?: boolean;
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

export function FieldGroup({ label, quiet = false, hint, children }: FieldGroupProps) {
  return (
    <fieldset className={styles.group} aria-label={quiet ? label : undefined}>
      {!quiet && <legend className={styles.label}>{label}</legend>}
      {children}
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
    </fieldset>
  );
}
