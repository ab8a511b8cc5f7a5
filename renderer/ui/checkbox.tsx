// Yes or no, or with `type="radio"` one of several; with its label and an optional line about it.
import { type ComponentProps, useId } from 'react';
import styles from './field.module.css';

export interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type'> {
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'checkbox' | 'radio';
}

export function Checkbox({ label, hint, type = 'checkbox', ...rest }: CheckboxProps) {
  const id = useId();
  const about = hint === undefined ? undefined : `${id}-about`;
  return (
    <div className={styles.choice}>
      <input {...rest} id={id} type={type} aria-describedby={about} />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p id={about} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
