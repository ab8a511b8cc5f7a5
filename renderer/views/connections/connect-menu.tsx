// The strong button of the list: another account of a provider that is here, or a provider that is not.
import { useQuery } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { connect } from '../../consents.ts';
import { queries } from '../../queries.ts';
import { navigate } from '../../router.ts';
import { Menu } from '../../ui/menu.tsx';

export function ConnectMenu() {
  const { data: providers } = useQuery(queries.providers);
  const known = (providers ?? []).map(({ id, name }) => ({
    label: `Connect ${name}`,
    onSelect: () => void connect({ provider: id }),
  }));
  return (
    <Menu
      variant="primary"
      label={
        <>
          Connect <ChevronDown size={14} aria-hidden="true" />
        </>
      }
      items={[
        ...known,
        ...(known.length > 0 ? (['line'] as const) : []),
        { label: 'Add a provider', onSelect: () => navigate('/providers/new') },
      ]}
    />
  );
}
