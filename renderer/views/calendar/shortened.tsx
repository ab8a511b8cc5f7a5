// A list that shows its beginning, and all of it on request: one day may have thousands.
import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import styles from './entries.module.css';

export interface ShortenedProps {
  readonly items: readonly ReactNode[];
  /** What the hidden ones are: "more that day". */
  readonly of: string;
}

/** About a screen. */
const SHOWN = 12;

export function Shortened({ items, of }: ShortenedProps) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : items.length - SHOWN;
  return (
    <>
      <ul>{hidden > 0 ? items.slice(0, SHOWN) : items}</ul>
      {hidden > 0 && (
        <Button variant="quiet" className={styles.more} onClick={() => setAll(true)}>
          Show {hidden} {of}
        </Button>
      )}
    </>
  );
}
