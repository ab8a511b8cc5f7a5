// What a new key is asked for: a name, what it may do, for which connections, and until when.
import type { FormEvent, ReactNode } from 'react';
import type { KeyJson } from '../../../api/wire.ts';
import { LIVES, type Life, RIGHTS } from '../../text/key-words.ts';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Field } from '../../ui/field.tsx';
import { Select } from '../../ui/select.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { ConnectionChoice } from './connection-choice.tsx';
import styles from './key-form.module.css';

export interface Draft {
  readonly name: string;
  readonly right: KeyJson['rights'][number];
  /** Ids of connections, ids of providers, or `*`. */
  readonly chosen: readonly string[];
  readonly life: Life;
}

export const EMPTY_DRAFT: Draft = { name: '', right: 'token', chosen: [], life: 'never' };

const ORDER = ['token', 'proxy', 'admin'] as const;

export interface KeyFormProps {
  readonly id: string;
  readonly draft: Draft;
  readonly onChange: (changes: Partial<Draft>) => void;
  readonly onSubmit: (event: FormEvent) => void;
  readonly atName: string | undefined;
  readonly atConnections: string | undefined;
  /** A mistake that belongs to no field. */
  readonly problem: string | undefined;
  /** Asked for besides. */
  readonly children: ReactNode;
}

export function KeyForm(props: KeyFormProps) {
  const { id, draft, onChange, onSubmit, atName, atConnections, problem, children } = props;
  return (
    <form id={id} className={styles.form} onSubmit={onSubmit} noValidate>
      <Field label="Name" error={atName}>
        {(control) => (
          <TextInput
            {...control}
            value={draft.name}
            placeholder="backup.sh"
            required
            maxLength={64}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <fieldset className={styles.group}>
        <legend className={styles.legend}>It may</legend>
        {ORDER.map((right) => (
          <Checkbox
            key={right}
            type="radio"
            name={`${id}-right`}
            label={RIGHTS[right].label}
            hint={RIGHTS[right].about}
            checked={draft.right === right}
            onChange={() => onChange({ right })}
          />
        ))}
      </fieldset>
      {draft.right !== 'admin' && (
        <ConnectionChoice
          chosen={draft.chosen}
          error={atConnections}
          onChange={(chosen) => onChange({ chosen })}
        />
      )}
      <Field label="It expires">
        {(control) => (
          <Select {...control} value={draft.life} options={LIVES} onChoose={(life) => onChange({ life })} />
        )}
      </Field>
      {children}
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
