// How long, of a few; what is set already is among them, whatever it is.
import { durationWords } from '../text/desktop-words.ts';
import { Field } from './field.tsx';
import { Select } from './select.tsx';

export interface DurationSelectProps {
  readonly label: string;
  readonly hint?: string;
  /** Seconds; 0 is never. */
  readonly value: number;
  readonly usual: readonly number[];
  readonly onChoose: (seconds: number) => void;
}

export function DurationSelect({ label, hint, value, usual, onChoose }: DurationSelectProps) {
  const all = [...new Set([...usual, value])].sort((one, other) => (one || Infinity) - (other || Infinity));
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <Select
          {...control}
          value={String(value)}
          options={all.map((seconds) => ({ value: String(seconds), label: durationWords(seconds) }))}
          onChoose={(chosen) => onChoose(Number(chosen))}
        />
      )}
    </Field>
  );
}
