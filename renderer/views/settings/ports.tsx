// Where the host listens, and the ports that can be chosen. A port that is in use now changes at the next start.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../queries.ts';
import { useSettingsChange } from '../../settings.ts';
import { Checkbox } from '../../ui/checkbox.tsx';
import { CopyField } from '../../ui/copy-field.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { PortForm } from './port-form.tsx';
import { Section } from './section.tsx';

export function Ports() {
  const { data: status } = useQuery(queries.status);
  // No event tells of a setting that was changed elsewhere.
  const { data: settings, error } = useQuery({ ...queries.settings, refetchOnMount: 'always' });
  const change = useSettingsChange();
  return (
    <Section title="Addresses" about="Where scripts and this window find the host." failure={error}>
      {status !== undefined && (
        <>
          {status.url !== null && (
            <FieldGroup label="Endpoint for scripts">
              <CopyField what="address of the endpoint" value={status.url} />
            </FieldGroup>
          )}
          {status.socket !== null && (
            <FieldGroup label="Socket, for scripts of this user">
              <CopyField what="path of the socket" value={status.socket} />
            </FieldGroup>
          )}
        </>
      )}
      {settings !== undefined && (
        <>
          <Checkbox
            label="Answer scripts on TCP"
            hint="The socket answers in any case. From the next start."
            checked={settings.endpoint_enabled}
            onChange={(event) => change.mutate({ endpoint_enabled: event.target.checked })}
          />
          <PortForm key={JSON.stringify(settings)} settings={settings} />
        </>
      )}
    </Section>
  );
}
