// Something to be copied exactly, with the button that does it. Not for tokens: those go through the host's ticket.
import { useState } from 'react';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import styles from './copy-field.module.css';
import { notify } from './toast.tsx';

export interface CopyFieldProps {
  readonly value: string;
  /** What it is, for the button's name: "Copy redirect URI". */
  readonly what: string;
  /** Several lines keep their breaks. */
  readonly block?: boolean;
}

export function CopyField({ value, what, block = false }: CopyFieldProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      notify({ title: 'The browser did not allow copying. Select the text and copy it.' });
    }
  };
  return (
    <div className={classNames(styles.field, block && styles.block)}>
      <code className={styles.value}>{value}</code>
      <Button
        variant="quiet"
        className={styles.copy}
        aria-label={copied ? `Copied ${what}` : `Copy ${what}`}
        onClick={copy}
        onBlur={() => setCopied(false)}
      >
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  );
}
