import { expect, it } from 'vitest';
import { createAppLoad } from '../../activities/app-load.ts';

it('takes the app for busy from a share on, and for idle without news', () => {
  let now = 0;
  const appLoad = createAppLoad(() => now);
  expect(appLoad.isBusy()).toBe(false);
  appLoad.heard(0.3);
  expect(appLoad.isBusy()).toBe(false);
  appLoad.heard(0.8);
  expect(appLoad.isBusy()).toBe(true);
  now = 99;
  expect(appLoad.isBusy()).toBe(true);
  now = 101;
  expect(appLoad.isBusy()).toBe(false);
});
