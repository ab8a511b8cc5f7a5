// Every route of the scripts' doors. The type says that each row of api/rights.ts has its route, and no other exists.
import { connectionRoutes } from './connections.ts';
import { consentRoutes } from './consents.ts';
import { eventRoutes } from './events.ts';
import { hostRoutes } from './host.ts';
import { keyRoutes } from './keys.ts';
import { providerRoutes } from './providers.ts';
import type { RouteName } from './rights.ts';
import type { Route } from './route.ts';
import { tokenRoutes } from './tokens.ts';
import { vaultRoutes } from './vault.ts';

export const SCRIPT_ROUTES: Readonly<Record<RouteName, Route>> = {
  ...hostRoutes,
  ...eventRoutes,
  ...tokenRoutes,
  ...connectionRoutes,
  ...consentRoutes,
  ...providerRoutes,
  ...keyRoutes,
  ...vaultRoutes,
};
