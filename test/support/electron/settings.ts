// What the test decided for this process, and the process as Electron presents it: argv, versions, a program that is not
// Node. Loaded before everything else of the stand-in.
import { join } from 'node:path';

export interface Settings {
  /** Built main file, absolute. */
  readonly main: string;
  readonly args: readonly string[];
  /** Of package.json. */
  readonly version: string;
  /** Folder whose package.json names the main file. */
  readonly appPath: string;
  /** Version of Electron that the stand-in was typed against. */
  readonly electron: string;
  /** As if started from a package: no path of the app in argv, `isPackaged`. */
  readonly packaged?: boolean;
  /** Another instance has the lock: its message goes into this file. */
  readonly second?: string;
  /** Folder that is the clipboard of the system. */
  readonly clipboard: string;
  /** Who opens `tokentray:` links before the app asks for them: nobody, or a program of that name. Default: whoever asks. */
  readonly links?: string;
  /** Answer of `session.resolveProxy`. */
  readonly proxy?: string;
}

function read(): Settings {
  const text = process.env.STAND_IN;
  if (text === undefined) throw new Error('The stand-in is started by launch.ts.');
  delete process.env.STAND_IN;
  return JSON.parse(text) as Settings;
}

export const settings = read();

/** The Node that runs the stand-in, for its own children. */
export const NODE = process.execPath;

// A program that starts the app again whatever it is given, as Electron without RunAsNode is: starting a script with it fails here.
process.execPath = '/opt/electron-stand-in/electron';
process.argv = [process.execPath, ...(settings.packaged ? [] : [settings.appPath]), ...settings.args];
process.execArgv = [];
Object.defineProperty(process, 'versions', {
  value: { ...process.versions, electron: settings.electron, chrome: '150.0.0.0' },
});
Object.assign(process, {
  type: 'browser',
  resourcesPath: join(settings.appPath, 'resources'),
  ...(settings.packaged ? {} : { defaultApp: true }),
});
