// Which connections a key is for: one by one, all of a provider, or all there are. Ten thousand are searched, not scrolled.
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { queries } from '../../queries.ts';
import { connectionWords } from '../../text/key-words.ts';
import { Checkbox } from '../../ui/checkbox.tsx';
import { classNames } from '../../ui/class-names.ts';
import { TextInput } from '../../ui/text-input.tsx';
import styles from './key-form.module.css';

export interface ConnectionChoiceProps {
  readonly chosen: readonly string[];
  readonly error: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** As many as can be looked through; typing finds the others. */
const SHOWN = 50;
/** From here on a search helps. */
const SEARCH_FROM = 8;

export function ConnectionChoice({ chosen, error, onChange }: ConnectionChoiceProps) {
  const { data: connections = [] } = useQuery(queries.connections);
  const { data: providers = [] } = useQuery(queries.providers);
  const [wanted, setWanted] = useState('');
  const about = useId();
  const choices = [
    { value: '*', label: 'Every connection, also later ones' },
    ...providers.map(({ id }) => ({ value: id, label: `All of ${id}, also later ones` })),
    ...connections.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const words = wanted.trim().toLowerCase();
  const found = choices.filter(({ label }) => label.toLowerCase().includes(words));
  const names = chosen.map(
    (value) => connections.find(({ id }) => id === value)?.name ?? connectionWords(value),
  );
  return (
    <fieldset className={styles.group} aria-describedby={about}>
      <legend className={styles.legend}>For these connections</legend>
      {choices.length > SEARCH_FROM && (
        <TextInput
          type="search"
          aria-label="Find a connection or provider"
          placeholder="Find a connection or provider"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
          // Enter here looks further; it does not make the key.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
      )}
      <div className={styles.choices}>
        {found.slice(0, SHOWN).map(({ value, label }) => (
          <Checkbox
            key={value}
            label={label}
            checked={chosen.includes(value)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
          />
        ))}
        {found.length === 0 && <p className={styles.none}>No connection or provider has that in its name.</p>}
        {found.length > SHOWN && (
          <p className={styles.none}>{found.length - SHOWN} more. Type a part of the name to find one.</p>
        )}
      </div>
      <p id={about} className={classNames(styles.said, error !== undefined && styles.wrong)} role="status">
        {error ?? (names.length === 0 ? 'None chosen yet.' : `Chosen: ${names.join(', ')}`)}
      </p>
    </fieldset>
  );
}
