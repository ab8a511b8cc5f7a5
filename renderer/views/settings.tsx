// Theme, ports, the ways to open the vault, who has a window open, the sandbox, and what this is.
import { Page } from '../ui/page.tsx';
import { About } from './settings/about.tsx';
import { Appearance } from './settings/appearance.tsx';
import { Ports } from './settings/ports.tsx';
import { Sandbox } from './settings/sandbox.tsx';
import { Sessions } from './settings/sessions.tsx';
import { Vault } from './settings/vault.tsx';

export function Settings() {
  return (
    <Page title="Settings" width="form">
      <Appearance />
      <Ports />
      <Vault />
      <Sessions />
      <Sandbox />
      <About />
    </Page>
  );
}
