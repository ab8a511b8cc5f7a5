// What can be done about a consent that is open: go to it again, when its tab was blocked or closed, or cancel it.
import { useMutation } from '@tanstack/react-query';
import { ExternalLink, X } from 'lucide-react';
import { cancelConsent, reopenConsent } from '../../consents.ts';
import { inTray } from '../../session.ts';
import buttons from '../../ui/button.module.css';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';

export interface PendingActionsProps {
  readonly id: string;
  /** Where to give it; undefined until the host has said. */
  readonly url: string | undefined;
  /** Of the connection or the provider, for the names of the buttons. */
  readonly name: string;
  readonly className?: string | undefined;
  readonly tabIndex?: number;
}

export function PendingActions({ id, url, name, className, tabIndex }: PendingActionsProps) {
  const cancel = useMutation({ mutationFn: cancelConsent });
  const reopen = useMutation({ mutationFn: reopenConsent });
  const label = `Open the consent of ${name}`;
  return (
    <>
      {inTray() ? (
        <Button
          className={className}
          variant="plain"
          busy={reopen.isPending}
          aria-label={label}
          tabIndex={tabIndex}
          onClick={() => reopen.mutate(id)}
        >
          <ExternalLink size={16} aria-hidden="true" /> <span>Open</span>
        </Button>
      ) : (
        url !== undefined && (
          <a
            className={classNames(buttons.button, buttons.plain, className)}
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            aria-label={label}
            tabIndex={tabIndex}
          >
            <ExternalLink size={16} aria-hidden="true" /> <span>Open</span>
          </a>
        )
      )}
      <Button
        className={className}
        variant="quiet"
        busy={cancel.isPending}
        aria-label={`Cancel the consent of ${name}`}
        tabIndex={tabIndex}
        onClick={() => cancel.mutate(id)}
      >
        <X size={16} aria-hidden="true" /> <span>Cancel</span>
      </Button>
    </>
  );
}
