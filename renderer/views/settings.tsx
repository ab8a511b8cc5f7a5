// Theme, the desktop, ports, the ways to open the vault, who has a window open, the sandbox, and what this is.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../queries.ts';
import { inTray } from '../session.ts';
import { Page } from '../ui/page.tsx';
import { About } from './settings/about.tsx';
import { Appearance } from './settings/appearance.tsx';
import { Desktop } from './settings/desktop.tsx';
import { Ports } from './settings/ports.tsx';
import { Sandbox } from './settings/sandbox.tsx';
import { Sessions } from './settings/sessions.tsx';
import { Vault } from './settings/vault.tsx';

export function Settings() {
  const tray = inTray();
  // A section that grows with its answer would push away those below it: all are there, or none.
  const answers = [
    useQuery(queries.settings),
    useQuery(queries.slots),
    useQuery({ ...queries.sessions, enabled: !tray }),
    useQuery({ ...queries.desktop, enabled: tray }),
    useQuery(queries.sandbox),
  ];
  return (
    <Page title="Settings" width="form">
      {answers.every(({ isLoading }) => !isLoading) && (
        <>
          <Appearance />
          {tray && <Desktop />}
          <Ports />
          <Vault />
          {!tray && <Sessions />}
          <Sandbox />
          <About />
        </>
      )}
    </Page>
  );
}
