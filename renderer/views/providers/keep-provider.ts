// Puts a saved provider into the list at once; the host's event brings the same a moment later.
import type { ProviderJson } from '../../../api/wire.ts';
import { queries, queryClient } from '../../queries.ts';

export function keepProvider(saved: ProviderJson): void {
  queryClient.setQueryData(queries.providers.queryKey, (list) => {
    if (list === undefined) return undefined;
    return [...list.filter(({ id }) => id !== saved.id), saved].sort((a, b) => a.id.localeCompare(b.id));
  });
}
