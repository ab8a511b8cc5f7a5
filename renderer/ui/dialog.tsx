// A dialog over the page. Focus goes in, stays in, and comes back to where it was; Escape closes. A press beside it does
// not: what was typed would be lost.
import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import styles from './modal.module.css';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children?: ReactNode;
  /** Its buttons: the quiet way out first. */
  readonly footer: ReactNode;
  /** What it shows is gone for good afterwards: only its own buttons close it. */
  readonly stays?: boolean;
}

export function Dialog({ open, onClose, title, description, children, footer, stays = false }: DialogProps) {
  return (
    <Base.Root open={open} disablePointerDismissal onOpenChange={(next) => !next && !stays && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.popup}>
          <Base.Title className={styles.title}>{title}</Base.Title>
          {description !== undefined && (
            <Base.Description className={styles.description}>{description}</Base.Description>
          )}
          {children}
          <div className={styles.footer}>{footer}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
