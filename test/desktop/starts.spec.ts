// Starting, starting again, closing the windows, quitting.
import { expect, test } from './start.ts';

test('the first start opens the window', async ({ desktop }) => {
  await desktop.window();
  expect((await desktop.states()).filter(({ visible }) => visible)).toHaveLength(1);
});
