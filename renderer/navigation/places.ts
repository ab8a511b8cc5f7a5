// The places of the window, in order, and which of them a route belongs to.
import {
  Activity,
  CalendarDays,
  KeyRound,
  type LucideIcon,
  Plug,
  ScanText,
  Settings,
  SquareTerminal,
} from 'lucide-react';
import type { Route } from '../router.ts';

export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  readonly views: readonly Route['view'][];
}

export const PLACES = {
  connections: { path: '/', name: 'Connections', icon: KeyRound, views: ['connections'] },
  providers: {
    path: '/providers',
    name: 'Providers',
    icon: Plug,
    views: ['providers', 'provider', 'new-provider'],
  },
  calendar: { path: '/calendar', name: 'Calendar', icon: CalendarDays, views: ['calendar'] },
  activity: { path: '/activity', name: 'Activity', icon: Activity, views: ['activity'] },
  scripts: { path: '/scripts', name: 'Scripts', icon: SquareTerminal, views: ['scripts'] },
  decode: { path: '/decode', name: 'Read a token', icon: ScanText, views: ['decode'] },
  settings: { path: '/settings', name: 'Settings', icon: Settings, views: ['settings'] },
} as const satisfies Record<string, Place>;

export function isHere(place: Place, route: Route): boolean {
  return place.views.includes(route.view);
}
