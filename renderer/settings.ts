// Settings of the host that are changed one at a time, kept the moment they are chosen.
import { type UseMutationResult, useMutation } from '@tanstack/react-query';
import type { SettingsJson } from '../api/wire.ts';
import { api, type SettingsChanges } from './api.ts';
import { sentenceOf } from './problem.ts';
import { queries, queryClient } from './queries.ts';
import { notify } from './ui/toast.tsx';

export function useSettingsChange(): UseMutationResult<SettingsJson, Error, SettingsChanges> {
  return useMutation({
    mutationFn: api.changeSettings,
    onSuccess: (saved) => queryClient.setQueryData(queries.settings.queryKey, saved),
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
}
