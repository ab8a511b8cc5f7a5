// What the tray knows beyond other hosts: preferences and facts of its desktop. Asked for in its own window only.
import { type UseMutationResult, useMutation, useQuery } from '@tanstack/react-query';
import type { DesktopJson } from '../api/wire.ts';
import { api } from './api.ts';
import { sentenceOf } from './problem.ts';
import { queries, queryClient } from './queries.ts';
import { inTray } from './session.ts';
import { notify } from './ui/toast.tsx';

export type Preferences = DesktopJson['preferences'];

/** Undefined outside the tray. */
export function useDesktop(): DesktopJson | undefined {
  return useQuery({ ...queries.desktop, enabled: inTray() }).data;
}

export function useDesktopChange(): UseMutationResult<DesktopJson, Error, Partial<Preferences>> {
  return useMutation({
    mutationFn: api.changeDesktop,
    onSuccess: (after) => queryClient.setQueryData(queries.desktop.queryKey, after),
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
}
