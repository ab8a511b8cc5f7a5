// Chooses a preset: a search over a short list, folded to one line once there is a choice. Arrows go from the search
// into the list and back.
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useRef, useState } from 'react';
import type { PresetJson } from '../../../api/wire.ts';
import { sentenceOf } from '../../problem.ts';
import { queries } from '../../queries.ts';
import { FIELD_LABELS } from '../../text/provider-words.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { Tile } from '../../ui/tile.tsx';
import styles from './preset-choice.module.css';

export interface PresetChoiceProps {
  readonly chosen: string;
  readonly onChoose: (preset: PresetJson | undefined) => void;
  readonly error: string | undefined;
}

export function PresetChoice({ chosen, onChoose, error }: PresetChoiceProps) {
  const { data: presets, error: failure } = useQuery(queries.presets);
  const [query, setQuery] = useState('');
  // The focus goes along when somebody chooses or changes; opening the form does not move it.
  const [touched, setTouched] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const preset = presets?.find(({ id }) => id === chosen);
  const choose = (next: PresetJson | undefined): void => {
    setTouched(true);
    onChoose(next);
  };

  if (preset !== undefined) {
    return (
      <FieldGroup label={FIELD_LABELS.preset}>
        <div className={styles.chosen}>
          <Tile name={preset.name} />
          <span className={styles.name}>{preset.name}</span>
          <code className={styles.id}>{preset.id}</code>
          <Button variant="quiet" autoFocus={touched} onClick={() => choose(undefined)}>
            Change
          </Button>
        </div>
      </FieldGroup>
    );
  }

  const found = (presets ?? []).filter((one) => fits(one, query));
  return (
    <div>
      <Field
        label={FIELD_LABELS.preset}
        hint="Its addresses and habits are known here; you bring the client ID."
        error={error ?? (failure === null ? undefined : sentenceOf(failure))}
      >
        {(control) => (
          <TextInput
            {...control}
            type="search"
            placeholder="Find a provider"
            value={query}
            autoFocus={touched}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') focusRow(event, list.current, 0);
              if (event.key !== 'Enter') return;
              event.preventDefault();
              if (found[0] !== undefined) choose(found[0]);
            }}
          />
        )}
      </Field>
      <ul ref={list} className={styles.list} aria-label="Presets">
        {found.map((one, place) => (
          <li key={one.id}>
            <button
              type="button"
              className={styles.row}
              onClick={() => choose(one)}
              onKeyDown={(event) => {
                if (event.key === 'ArrowDown') focusRow(event, list.current, place + 1);
                if (event.key === 'ArrowUp') focusRow(event, list.current, place - 1);
              }}
            >
              <Tile name={one.name} />
              <span className={styles.name}>{one.name}</span>
              <code className={styles.id}>{one.id}</code>
            </button>
          </li>
        ))}
      </ul>
      {presets !== undefined && found.length === 0 && (
        <p className={styles.none} role="status">
          No preset is called that. Enter its issuer URL, or add it by hand.
        </p>
      )}
    </div>
  );
}

function fits({ id, name }: PresetJson, query: string): boolean {
  const wanted = query.trim().toLowerCase();
  return id.includes(wanted) || name.toLowerCase().includes(wanted);
}

function focusRow(event: KeyboardEvent, list: HTMLElement | null, place: number): void {
  event.preventDefault();
  const row =
    place < 0
      ? list?.parentElement?.querySelector('input')
      : list?.querySelectorAll<HTMLElement>('button')[place];
  row?.focus();
}
