// One line, or with `rows` several, of text. Never corrected, filled in or spell-checked: what is typed here are names and keys.
import type { ComponentProps } from 'react';
import { classNames } from './class-names.ts';
import styles from './field.module.css';

const EXACT = { autoComplete: 'off', autoCapitalize: 'none', autoCorrect: 'off', spellCheck: false } as const;

export interface TextInputProps extends ComponentProps<'input'> {
  /** For what is copied to or from elsewhere. */
  readonly mono?: boolean;
}

export function TextInput({ mono = false, className, ...rest }: TextInputProps) {
  return (
    <input {...EXACT} {...rest} className={classNames(styles.control, mono && styles.mono, className)} />
  );
}

export interface TextAreaProps extends ComponentProps<'textarea'> {
  readonly mono?: boolean;
}

export function TextArea({ mono = false, className, ...rest }: TextAreaProps) {
  return (
    <textarea
      {...EXACT}
      {...rest}
      className={classNames(styles.control, styles.area, mono && styles.mono, className)}
    />
  );
}
