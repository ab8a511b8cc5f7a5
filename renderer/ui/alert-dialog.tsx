// Asks before something that cannot be undone. The button says what it does; a mistake stays in the dialog.
import { AlertDialog as Base } from '@base-ui/react/alert-dialog';
import { type ReactNode, useRef } from 'react';
import { Button } from './button.tsx';
import styles from './modal.module.css';

export interface AlertDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description: ReactNode;
  /** The verb. */
  readonly confirm: string;
  readonly onConfirm: () => void;
  readonly busy?: boolean;
  readonly error?: string | undefined;
  /** Asked for before. */
  readonly children?: ReactNode;
}

export function AlertDialog(props: AlertDialogProps) {
  const { open, onClose, title, description, confirm, onConfirm, busy = false, error, children } = props;
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.popup} initialFocus={cancel}>
          <Base.Title className={styles.title}>{title}</Base.Title>
          <Base.Description className={styles.description}>{description}</Base.Description>
          {children}
          {error !== undefined && (
            <p className={styles.error} role="alert">
              {error}
            </p>
          )}
          <div className={styles.footer}>
            <Button ref={cancel} variant="quiet" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="danger" busy={busy} onClick={onConfirm}>
              {confirm}
            </Button>
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
