// What a provider is, in a line, and what it gives up, in a sentence each.
import type { ProviderJson } from '../../../api/wire.ts';
import { Dot } from '../../ui/dot.tsx';
import styles from './facts.module.css';

export function Facts({ provider }: { readonly provider: ProviderJson }) {
  return (
    <div className={styles.facts}>
      <p className={styles.line}>
        <code>{provider.id}</code>, {originOf(provider)}, {connectionsOf(provider)}
      </p>
      {provider.warnings.map((warning) => (
        <p key={warning} className={styles.warning}>
          <Dot tone="warn" />
          {warning}
        </p>
      ))}
    </div>
  );
}

function originOf({ preset, issuer, discovery }: ProviderJson): string {
  if (preset !== undefined) return `from the preset ${preset}`;
  return discovery === 'none' || issuer === undefined ? 'added by hand' : `filled in by ${issuer}`;
}

export function connectionsOf({ connections }: ProviderJson): string {
  if (connections === 0) return 'no connections';
  return connections === 1 ? '1 connection' : `${connections} connections`;
}
