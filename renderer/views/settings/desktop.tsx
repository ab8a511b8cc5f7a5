// The tray's preferences, kept the moment they are chosen, and what this desktop can do.
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { DesktopJson } from '../../../api/wire.ts';
import { type Preferences, useDesktopChange } from '../../desktop.ts';
import { problemAt } from '../../problem.ts';
import { queries } from '../../queries.ts';
import { desktopFacts } from '../../text/desktop-words.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Dot } from '../../ui/dot.tsx';
import { DurationSelect } from '../../ui/duration-select.tsx';
import { Field } from '../../ui/field.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import styles from './section.module.css';
import { Section } from './section.tsx';

type Switch = {
  [Name in keyof Preferences]: Preferences[Name] extends boolean ? Name : never;
}[keyof Preferences];

const START: readonly (readonly [Switch, string])[] = [
  ['autostart', 'When you log in'],
  ['start_hidden', 'In the tray, without the window'],
];
const NOTICES: readonly (readonly [Switch, string])[] = [
  ['notify_consent', 'A connection needs your consent'],
  ['notify_failing', 'A refresh has failed for a day'],
  ['notify_expiring', 'A consent ends in a week, or in a day'],
];

const CLIPBOARD_SECONDS = [10, 30, 60, 300, 0];

export function Desktop() {
  const { data: desktop, error } = useQuery({ ...queries.desktop, refetchOnMount: 'always' });
  return (
    <Section title="Desktop" failure={error}>
      {desktop !== undefined && <Choices desktop={desktop} />}
    </Section>
  );
}

function Choices({ desktop: { preferences, facts } }: { readonly desktop: DesktopJson }) {
  const change = useDesktopChange();
  const switches = (of: readonly (readonly [Switch, string])[]) =>
    of.map(([name, label]) => (
      <Checkbox
        key={name}
        label={label}
        checked={preferences[name]}
        onChange={(event) => change.mutate({ [name]: event.target.checked })}
      />
    ));
  return (
    <>
      {facts.warnings.map((warning) => (
        <p key={warning} className={styles.note}>
          {warning}
        </p>
      ))}
      <FieldGroup label="Start">{switches(START)}</FieldGroup>
      <FieldGroup label="Notify me when">{switches(NOTICES)}</FieldGroup>
      <Shortcut
        key={preferences.shortcut}
        kept={preferences.shortcut}
        wayland={facts.session_type === 'wayland'}
      />
      <DurationSelect
        label="Clear a copied token after"
        hint="Also when the vault is locked and when you quit; never what you copied since."
        value={preferences.clipboard_seconds}
        usual={CLIPBOARD_SECONDS}
        onChoose={(clipboard_seconds) => change.mutate({ clipboard_seconds })}
      />
      <FieldGroup label="New versions">{switches([['updates', 'Look for them and fetch them']])}</FieldGroup>
      <dl className={styles.facts}>
        {desktopFacts(facts).map(({ label, tone, sentence }) => (
          <div key={label} className={styles.fact}>
            <dt>{label}</dt>
            <dd>
              <Dot tone={tone} /> {sentence}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Shortcut({ kept, wayland }: { readonly kept: string; readonly wayland: boolean }) {
  const [text, setText] = useState(kept);
  const change = useDesktopChange();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate({ shortcut: text.trim() });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field
        label="Shortcut of the quick picker"
        optional
        hint={`Such as Control+Alt+T. From everywhere it opens a list: type, Enter copies.${wayland ? ' Your desktop may ask you first.' : ''}`}
        error={problemAt(change.error, 'shortcut')}
      >
        {(control) => (
          <TextInput {...control} value={text} onChange={(event) => setText(event.target.value)} />
        )}
      </Field>
      <div className={styles.actions}>
        <Button type="submit" disabled={text.trim() === kept} busy={change.isPending}>
          Save shortcut
        </Button>
      </div>
    </form>
  );
}
