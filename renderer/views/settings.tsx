// Theme, ports, the ways to open the vault, who has a window open, the sandbox, and what this is.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../queries.ts';
import { Page } from '../ui/page.tsx';
import { About } from './settings/about.tsx';
import { Appearance } from './settings/appearance.tsx';
import { Ports } from './settings/ports.tsx';
import { Sandbox } from './settings/sandbox.tsx';
import { Sessions } from './settings/sessions.tsx';
import { Vault } from './settings/vault.tsx';

export function Settings() {
  // A section that grows with its answer would push away those below it: all are there, or none.
  const answers = [
    useQuery(queries.settings),
    useQuery(queries.slots),
    useQuery(queries.sessions),
    useQuery(queries.sandbox),
  ];
  return (
    <Page title="Settings" width="form">
      {answers.every(({ isPending }) => !isPending) && (
        <>
          <Appearance />
          <Ports />
          <Vault />
          <Sessions />
          <Sandbox />
          <About />
        </>
      )}
    </Page>
  );
}
