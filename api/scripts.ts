// Every route of the endpoint. The type says that each row of api/rights.ts under /v1 has its route, and no other exists.
import { activityRoutes } from './activity.ts';
import { connectionRoutes } from './connections.ts';
import { consentRoutes } from './consents.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { hostRoutes } from './host.ts';
import { keyRoutes } from './keys.ts';
import { providerRoutes } from './providers.ts';
import type { RouteName } from './rights.ts';
import type { Route } from './route.ts';
import { settingsRoutes } from './settings.ts';
import { tokenRoutes } from './tokens.ts';
import { vaultRoutes } from './vault.ts';
import { windowCodeRoutes } from './window-code.ts';

export const SCRIPT_ROUTES: Readonly<Record<RouteName, Route>> = {
  ...hostRoutes,
  ...eventRoutes,
  ...tokenRoutes,
  ...connectionRoutes,
  ...consentRoutes,
  ...providerRoutes,
  ...keyRoutes,
  ...vaultRoutes,
  ...fileRoutes,
  ...activityRoutes,
  ...settingsRoutes,
  ...windowCodeRoutes,
};
