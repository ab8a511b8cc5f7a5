// One of a few, side by side. Radio buttons of the browser: Tab reaches the group, arrows choose.
import { useId } from 'react';
import { classNames } from './class-names.ts';
import { FieldGroup } from './field-group.tsx';
import styles from './segments.module.css';
import type { Option } from './select.tsx';

export interface SegmentsProps<Value extends string> {
  readonly legend: string;
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly onChoose: (value: Value) => void;
  /** Smaller, and the legend is only heard. */
  readonly quiet?: boolean;
}

export function Segments<Value extends string>({
  legend,
  value,
  options,
  onChoose,
  quiet = false,
}: SegmentsProps<Value>) {
  const name = useId();
  return (
    <FieldGroup label={legend} quiet={quiet}>
      <div className={classNames(styles.row, quiet && styles.quiet)}>
        {options.map((option) => (
          <label key={option.value} className={styles.segment}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </FieldGroup>
  );
}
