// Which version runs, since when, and where its files are.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../queries.ts';
import { Time } from '../../ui/time.tsx';
import { DEFAULT_HOME, homeOf } from './files-of.ts';
import styles from './section.module.css';
import { Section } from './section.tsx';

export function About() {
  const { data: status, error } = useQuery(queries.status);
  const { data: slots = [] } = useQuery(queries.slots);
  const home = homeOf(status?.socket ?? null);
  const keyFiles = slots.flatMap(({ path }) => (path === undefined ? [] : [path]));
  return (
    <Section title="About" failure={error}>
      {status !== undefined && (
        <dl className={styles.facts}>
          <dt>Version</dt>
          <dd>Tokentray {status.version}</dd>
          <dt>Host</dt>
          <dd>
            process {status.pid}, started <Time at={status.started_at} />
          </dd>
          <dt>Files</dt>
          <dd>{home === undefined ? DEFAULT_HOME : <code>{home}</code>}</dd>
          {keyFiles.map((path) => (
            <Fact key={path} name="Key file" value={path} />
          ))}
        </dl>
      )}
    </Section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  );
}
