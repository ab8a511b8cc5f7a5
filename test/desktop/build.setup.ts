// Runs before the specs of the desktop, once.
import { test } from '@playwright/test';
import { buildApp } from './build.ts';

test('builds what users run', async () => {
  await buildApp();
});
