// A menu behind a button. What ends or deletes something stands last, behind a line.
import { Menu as Base } from '@base-ui/react/menu';
import type { ReactNode } from 'react';
import buttons from './button.module.css';
import { classNames } from './class-names.ts';
import { layer } from './layer.ts';
import styles from './menu.module.css';

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  readonly tone?: 'bad';
  readonly disabled?: boolean;
}

export interface MenuProps {
  readonly label: ReactNode;
  readonly variant?: 'primary' | 'plain' | 'quiet';
  /** For a label that is a picture. */
  readonly name?: string;
  readonly items: readonly (MenuItem | 'line')[];
}

export function Menu({ label, variant = 'quiet', name, items }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger
        className={classNames(buttons.button, buttons[variant], name !== undefined && buttons.icon)}
        aria-label={name}
      >
        {label}
      </Base.Trigger>
      <Base.Portal container={layer}>
        <Base.Positioner className={styles.place} sideOffset={4} align="end">
          <Base.Popup className={styles.popup}>
            {items.map((item, place) =>
              item === 'line' ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing but its place
                <Base.Separator key={place} className={styles.line} />
              ) : (
                <Base.Item
                  key={item.label}
                  className={classNames(styles.item, item.tone === 'bad' && styles.bad)}
                  disabled={item.disabled ?? false}
                  onClick={item.onSelect}
                >
                  {item.label}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
