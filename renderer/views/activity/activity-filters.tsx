// Narrows what is shown: one connection, one caller, one kind of thing. A connection is typed, since there may be many.
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { queries } from '../../queries.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { type Option, Select } from '../../ui/select.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import styles from './activity-filters.module.css';

export interface Filters {
  /** Full name of a connection that exists, or empty. */
  readonly connection: string;
  readonly caller: string;
  readonly kind: string;
}

export const EMPTY_FILTERS: Filters = { connection: '', caller: '', kind: '' };

export function isFiltered({ connection, caller, kind }: Filters): boolean {
  return connection !== '' || caller !== '' || kind !== '';
}

const KINDS: readonly Option<string>[] = [
  { value: '', label: 'Everything' },
  { value: 'hand_out', label: 'Tokens handed out' },
  { value: 'connection', label: 'Connections' },
  { value: 'consent', label: 'Consents' },
  { value: 'provider', label: 'Providers' },
  { value: 'key', label: 'Keys' },
  { value: 'vault', label: 'Vault' },
];

/** Names offered while typing: as many as a person reads. */
const OFFERED = 12;

export interface ActivityFiltersProps {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

export function ActivityFilters({ filters, onChange }: ActivityFiltersProps) {
  const { data: connections = [] } = useQuery(queries.connections);
  const { data: keys = [] } = useQuery(queries.keys);
  const [typed, setTyped] = useState(filters.connection);
  const offers = useId();
  const words = typed.trim().toLowerCase();
  const isName = connections.some(({ name }) => name === words);
  const offered = isName ? [] : connections.filter(({ name }) => name.includes(words)).slice(0, OFFERED);
  const callers: readonly Option<string>[] = [
    { value: '', label: 'Everybody' },
    { value: 'owner', label: 'You' },
    ...keys.map(({ name }) => ({ value: name, label: name })),
  ];
  return (
    <search className={styles.filters} aria-label="Filter">
      <Field label="Connection">
        {(control) => (
          <>
            <TextInput
              {...control}
              type="search"
              list={offers}
              placeholder="Every connection"
              value={typed}
              onChange={(event) => {
                const next = event.target.value.trim().toLowerCase();
                setTyped(event.target.value);
                const exists = connections.some(({ name }) => name === next);
                const connection = exists ? next : '';
                if (connection !== filters.connection) onChange({ ...filters, connection });
              }}
            />
            <datalist id={offers}>
              {offered.map(({ id, name }) => (
                <option key={id} value={name} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Who">
        {(control) => (
          <Select
            {...control}
            value={filters.caller}
            options={callers}
            onChoose={(caller) => onChange({ ...filters, caller })}
          />
        )}
      </Field>
      <Field label="What">
        {(control) => (
          <Select
            {...control}
            value={filters.kind}
            options={KINDS}
            onChoose={(kind) => onChange({ ...filters, kind })}
          />
        )}
      </Field>
      <Button
        variant="quiet"
        disabled={!isFiltered(filters) && typed === ''}
        onClick={() => {
          setTyped('');
          onChange(EMPTY_FILTERS);
        }}
      >
        Clear
      </Button>
      <p className={styles.said} role="status">
        {words !== '' && !isName && offered.length === 0 && 'No connection has that name.'}
      </p>
    </search>
  );
}
