// Theme, ports, and the ways to open the vault.
import { Page } from '../ui/page.tsx';

export function Settings() {
  return <Page title="Settings">{null}</Page>;
}
