// The practice server as a utility process: in a package Electron cannot be run as Node, so a child process of ours would
// be a second tray. It ends with us by itself.
import { utilityProcess } from 'electron';
import type { LaunchSandbox } from '../host/sandbox-child.ts';

export const launchUtility: LaunchSandbox = (script, args) => {
  const child = utilityProcess.fork(script, [...args], {
    // The usual environment would be ours, which may name files with keys.
    env: only(['PATH', 'HOME', 'TZ', 'SystemRoot']),
    stdio: 'ignore',
    serviceName: 'Tokentray sandbox',
  });
  // Without a listener a fatal error in there would be one in here; the exit that follows says enough.
  child.on('error', () => {});
  return {
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', () => listener()),
    send: (message) => child.postMessage(message),
    kill: () => void child.kill(),
  };
};

function only(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
