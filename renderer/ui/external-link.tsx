// A link out of the window: opens beside it, and tells the other site neither who sent nor which window to reach into.
import type { ReactNode } from 'react';

export interface ExternalLinkProps {
  readonly href: string;
  readonly children: ReactNode;
}

/** Nothing but http and https becomes a link; an address that is something else stays text. */
export function ExternalLink({ href, children }: ExternalLinkProps) {
  if (!/^https?:\/\//i.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
