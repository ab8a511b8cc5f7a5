// Looks whether the provider answers as its entry says, and lists what was found.
import { useMutation } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { sentenceOf } from '../../problem.ts';
import { Button } from '../../ui/button.tsx';
import { Dot } from '../../ui/dot.tsx';
import styles from './check-report.module.css';

const NAMES: Readonly<Record<string, string>> = {
  client_secret: 'Client secret',
  discovery: 'Discovery',
  token_endpoint: 'Token endpoint',
};

export function CheckReport({ id }: { readonly id: string }) {
  const check = useMutation({ mutationFn: () => api.checkProvider(id) });
  // Warnings stand above the form at all times.
  const findings = check.data?.checks.filter(({ name }) => name !== 'warning');
  return (
    <div className={styles.report}>
      <div className={styles.ask}>
        <Button busy={check.isPending} onClick={() => check.mutate()}>
          {check.isPending ? 'Checking' : 'Check'}
        </Button>
        <span className={styles.about}>Asks the provider with what is saved, without any secret.</span>
      </div>
      <div role="status">
        {check.error !== null && <p className={styles.failed}>{sentenceOf(check.error)}</p>}
        {findings !== undefined && (
          <ul className={styles.list} aria-label="Findings">
            {findings.map(({ name, ok, detail }) => (
              <li key={name + detail} className={styles.finding}>
                <Dot tone={ok ? 'fresh' : 'bad'} />
                <span>
                  <b className={styles.name}>
                    {NAMES[name] ?? name}
                    {ok ? '' : ', to mend'}
                  </b>{' '}
                  {detail}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
