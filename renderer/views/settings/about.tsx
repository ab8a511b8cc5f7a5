// Which version runs, since when, and where its files are.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../queries.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './section.module.css';
import { Section } from './section.tsx';

export function About() {
  const { data: status, error } = useQuery(queries.status);
  const { data: slots = [] } = useQuery(queries.slots);
  const keyFiles = slots.flatMap(({ path }) => (path === undefined ? [] : [path]));
  return (
    <Section title="About" failure={error}>
      {status !== undefined && (
        <>
          <dl className={styles.facts}>
            <dt>Version</dt>
            <dd>Tokentray {status.version}</dd>
            <dt>Host</dt>
            <dd>
              process {status.pid}, started <Time at={status.started_at} />
            </dd>
          </dl>
          {status.home !== undefined && (
            <FieldGroup label="Folder of its files">
              <CopyField what="path of the folder" value={status.home} />
            </FieldGroup>
          )}
          {keyFiles.map((path) => (
            <FieldGroup key={path} label="Key file">
              <CopyField what="path of the key file" value={path} />
            </FieldGroup>
          ))}
        </>
      )}
    </Section>
  );
}
