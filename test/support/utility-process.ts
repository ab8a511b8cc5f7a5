// Loaded in front of a program that shall believe it is an Electron utility process: no input, and a port to its parent on
// `process`, here over Node's own channel. Nothing of it is imported.
const port = {
  on: (_event: 'message', listener: (message: { data: unknown }) => void): void => {
    process.on('message', (data) => listener({ data }));
  },
  postMessage: (message: object): void => void process.send?.(message),
};
Object.assign(process, { parentPort: port });
