// Short notices at the edge of the window: what was done, and how to take it back. F6 jumps to them.
// They hold names and sentences, never a token; a lock closes them all.
import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import buttons from './button.module.css';
import { classNames } from './class-names.ts';
import styles from './toast.module.css';

const manager = Toast.createToastManager();

/** Long enough to read a few words; or a sentence, and to reach its button. */
const SHOWN_MS = 4_000;
const SHOWN_LONG_MS = 10_000;

export interface Notice {
  readonly title: string;
  /** What to do: a second sentence, or a command to type. */
  readonly detail?: string;
  readonly tone?: 'bad';
  readonly action?: { readonly label: string; readonly run: () => void };
}

export function notify({ title, detail, tone, action }: Notice): void {
  const id = manager.add({
    title,
    description: detail,
    ...(tone === undefined ? {} : { type: tone }),
    priority: tone === 'bad' ? 'high' : 'low',
    timeout: tone === 'bad' || detail !== undefined || action !== undefined ? SHOWN_LONG_MS : SHOWN_MS,
    ...(action === undefined
      ? {}
      : {
          actionProps: {
            children: action.label,
            onClick: () => {
              manager.close(id);
              action.run();
            },
          },
        }),
  });
}

export function closeNotices(): void {
  manager.close();
}

export function Notices() {
  return (
    <Toast.Provider toastManager={manager} limit={2}>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <NoticeList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function NoticeList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={styles.toast}
      swipeDirection={['right', 'down']}
      // What Tab reaches is not hidden from those who hear it.
      aria-hidden={false}
    >
      <Toast.Content className={styles.content}>
        <div className={styles.text}>
          <Toast.Title className={styles.title} render={<p />} />
          <Toast.Description className={styles.detail} />
        </div>
        {toast.actionProps !== undefined && (
          <Toast.Action className={classNames(buttons.button, buttons.plain)} aria-hidden={false} />
        )}
        <Toast.Close
          className={classNames(buttons.button, buttons.icon)}
          aria-label="Dismiss"
          aria-hidden={false}
          title="Dismiss"
        >
          <X size={14} aria-hidden />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
